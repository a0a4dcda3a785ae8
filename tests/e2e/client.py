"""A foreign client of the suite: grpcio and PyJWT, nothing of ours but the protos."""

import json
import threading
import time
import uuid

import api
import grpc
import jwt
import stubs  # noqa: F401  (generates the modules imported below)
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from patience import PATIENCE
from sockel.audit.v1 import audit_pb2_grpc
from sockel.catalog.v1 import offering_pb2_grpc, order_pb2_grpc
from sockel.efile.v1 import document_pb2_grpc, dossier_pb2_grpc, file_plan_pb2_grpc, upload_pb2_grpc
from sockel.events.v1 import events_pb2_grpc
from sockel.identity.v1 import (access_pb2_grpc, authentication_pb2, authentication_pb2_grpc,
                                role_binding_pb2_grpc, service_account_pb2_grpc, tenant_pb2_grpc,
                                user_pb2_grpc)
from sockel.notification.v1 import inbox_pb2_grpc, message_pb2_grpc, sender_pb2_grpc, template_pb2_grpc

READS = ("Get", "List", "BatchGet", "Check", "WhoAmI", "Preview", "Download", "Search")


def _is_safe_to_repeat(method):
    """May a call be sent again when nobody knows what became of it? Reads, and changes whose
    request carries a request_id (protos/README.md, "Retries"). The others each need another
    way: a new assertion, a look at what has arrived of an upload, the cursor of a watch."""
    if method.client_streaming:
        return False
    return method.name.startswith(READS) or "request_id" in method.input_type.fields_by_name


# As a ministry's developer would set it: what may be repeated, is.
_CONFIG = {"methodConfig": [{
    "name": [{"service": service.full_name, "method": method.name}
             for file in api.FILES for service in file.services_by_name.values()
             for method in service.methods if _is_safe_to_repeat(method)],
    "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.2s", "maxBackoff": "2s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"]}}]}
RETRIES = json.dumps(_CONFIG)
BALANCED = json.dumps({**_CONFIG, "loadBalancingConfig": [{"round_robin": {}}],
                       "healthCheckConfig": {"serviceName": ""}})


class Details:
    """What google.rpc says about an error."""

    def __init__(self, error):
        self.code = error.code()
        self.message = error.details()
        self.reason = self.domain = ""
        self.metadata, self.fields, self.retry_after = {}, {}, None
        status = status_pb2.Status()
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                status.ParseFromString(value)
        self.infos = 0
        for detail in status.details:
            self._add(detail)

    def _add(self, detail):
        info = error_details_pb2.ErrorInfo()
        bad = error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            self.infos += 1
            self.reason, self.domain, self.metadata = info.reason, info.domain, dict(info.metadata)
        elif detail.Unpack(bad):
            self.fields = {v.field: v.description for v in bad.field_violations}
        elif detail.Unpack(retry):
            self.retry_after = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9

    def __repr__(self):
        return f"{self.code.name} {self.reason}: {self.message} {self.fields}"


def refused(call, *args, **kwargs):
    """The Details of a call that must fail."""
    try:
        answer = call(*args, **kwargs)
        if hasattr(answer, "__next__"):
            list(answer)
    except grpc.RpcError as error:
        return Details(error)
    raise AssertionError(f"was not refused: {answer}")


def request_id():
    return str(uuid.uuid4())


def _with_request_id(request):
    """The request, and of a change that does not say which one it is, a copy that does: gRPC
    repeats it as it is, and the server answers a repeat as it did the first time."""
    if not isinstance(request, Message) or "request_id" not in request.DESCRIPTOR.fields_by_name \
            or request.request_id:
        return request
    filled = type(request)()
    filled.CopyFrom(request)
    filled.request_id = request_id()
    return filled


class _Completed(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor,
                 grpc.StreamUnaryClientInterceptor):
    """Puts the token and a time limit on every call, and a request_id into every change.
    Plaintext to loopback carries no call credentials."""

    def __init__(self, token):
        self._token = token

    def _go(self, continuation, details, request):
        metadata = list(details.metadata or ())
        token = self._token() if callable(self._token) else self._token
        if token:
            metadata.append(("authorization", f"Bearer {token}"))
        timeout = 20 * PATIENCE if details.timeout is None else details.timeout
        return continuation(details._replace(metadata=metadata, timeout=timeout),
                            _with_request_id(request))

    intercept_unary_unary = intercept_unary_stream = intercept_stream_unary = _go


class Renewed:
    """A token that is got anew long before its ten minutes are over."""

    def __init__(self, get):
        self._get, self._token, self._until = get, "", 0
        self._lock = threading.Lock()

    def __call__(self):
        with self._lock:
            if time.monotonic() > self._until:
                self._token, self._until = self._get(), time.monotonic() + 300
            return self._token


class Client:
    """All stubs of the suite for one caller; `token` may be a function that has it."""

    def __init__(self, targets, token="", service_config=RETRIES):
        self.targets, self.token = targets, token
        self._service_config = service_config
        self._channels = {}
        identity, efile = self.channel("identity"), self.channel("efile")
        notification, catalog = self.channel("notification"), self.channel("catalog")
        self.authentication = authentication_pb2_grpc.AuthenticationServiceStub(identity)
        self.access = access_pb2_grpc.AccessServiceStub(identity)
        self.tenants = tenant_pb2_grpc.TenantServiceStub(identity)
        self.users = user_pb2_grpc.UserServiceStub(identity)
        self.service_accounts = service_account_pb2_grpc.ServiceAccountServiceStub(identity)
        self.role_bindings = role_binding_pb2_grpc.RoleBindingServiceStub(identity)
        self.file_plan = file_plan_pb2_grpc.FilePlanServiceStub(efile)
        self.dossiers = dossier_pb2_grpc.DossierServiceStub(efile)
        self.documents = document_pb2_grpc.DocumentServiceStub(efile)
        self.uploads = upload_pb2_grpc.UploadServiceStub(efile)
        self.templates = template_pb2_grpc.TemplateServiceStub(notification)
        self.senders = sender_pb2_grpc.SenderServiceStub(notification)
        self.messages = message_pb2_grpc.MessageServiceStub(notification)
        self.inbox = inbox_pb2_grpc.InboxServiceStub(notification)
        self.offerings = offering_pb2_grpc.OfferingServiceStub(catalog)
        self.orders = order_pb2_grpc.OrderServiceStub(catalog)
        self.subscriptions = order_pb2_grpc.SubscriptionServiceStub(catalog)

    def channel(self, service):
        if service not in self._channels:
            options = [("grpc.service_config", self._service_config), ("grpc.enable_retries", 1)]
            bare = grpc.insecure_channel(self.targets[service], options)
            self._channels[service] = grpc.intercept_channel(bare, _Completed(self.token))
        return self._channels[service]

    def audit(self, service):
        return audit_pb2_grpc.AuditServiceStub(self.channel(service))

    def events(self, service):
        return events_pb2_grpc.EventServiceStub(self.channel(service))

    def close(self):
        for channel in self._channels.values():
            channel.close()


# Signing in is not repeated, so it waits for a connection: one to a server that was just started
# again may have failed a moment ago.
def login(targets, tenant, user, password):
    """A client of a signed-in person, and the answer of the first Login."""
    answers = []

    def sign_in():
        anonymous = Client(targets)
        answers.append(anonymous.authentication.Login(authentication_pb2.LoginRequest(
            tenant=f"tenants/{tenant}", login=user, password=password), wait_for_ready=True))
        anonymous.close()
        return answers[-1].access_token
    token = Renewed(sign_in)
    token()
    return Client(targets, token), answers[0]


def assertion(name, key, key_id, audience="sockel-identity", lifetime=120, **claims):
    """private_key_jwt (RFC 7523) of a service account."""
    now = int(time.time())
    payload = {"iss": name, "sub": name, "aud": audience, "iat": now, "exp": now + lifetime,
               "jti": str(uuid.uuid4()), **claims}
    return jwt.encode(payload, key, algorithm="ES256", headers={"kid": key_id})


def application(targets, name, key, key_id):
    """A client of a ministry's application that signs in with its key."""
    def sign_in():
        anonymous = Client(targets)
        answer = anonymous.authentication.IssueServiceToken(
            authentication_pb2.IssueServiceTokenRequest(
                client_assertion=assertion(name, key, key_id)), wait_for_ready=True)
        anonymous.close()
        return answer.access_token
    token = Renewed(sign_in)
    token()
    return Client(targets, token)
