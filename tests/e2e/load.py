"""Writers that remember what was acknowledged, so that a test can ask for it afterwards."""

import threading
import time

import client
import grpc
import records
from google.protobuf import json_format
from patience import PATIENCE
from sockel.catalog.v1 import order_pb2
from sockel.efile.v1 import document_pb2, dossier_pb2
from sockel.identity.v1 import user_pb2
from sockel.notification.v1 import message_pb2, template_pb2
from suite import wait_until


REPEATABLE = {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "ABORTED"}


class Load:
    """Keeps one kind of write going on several threads, as a context manager.

    `write(request_id)` makes one change and returns the answer; `every()` lists the names of all
    resources of that kind. A call that fails is repeated with the same request_id, as the
    documentation tells clients to.
    """

    def __init__(self, write, every, threads=4, gap=0.002):
        self._write, self._every, self._gap = write, every, gap
        self._before = every()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.acknowledged = {}  # request_id → first answer
        self.repeated = []  # request_ids that needed more than one call
        self._unexpected = []
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join(70 * PATIENCE)

    def _run(self):
        while not self._stopping.is_set():
            self._one(client.request_id())
            self._stopping.wait(self._gap)

    def _one(self, request_id):
        deadline = time.monotonic() + 60 * PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = self._write(request_id)
            except grpc.RpcError as error:
                if error.code().name not in REPEATABLE:
                    self._note(self._unexpected, client.Details(error))
                    return
                self._note(self.repeated, request_id)
                time.sleep(0.05)
                continue
            with self._lock:
                self.acknowledged[request_id] = answer
            return
        self._note(self._unexpected, f"{request_id} never got an answer")

    def _note(self, where, what):
        with self._lock:
            where.append(what)

    def count(self):
        with self._lock:
            return len(self.acknowledged)

    def goes_on(self, more=30):
        """Waits until so many more writes were acknowledged."""
        reached = self.count() + more
        wait_until(lambda: self.count() >= reached or self._unexpected, 60, "progress of the writers")
        assert not self._unexpected, self._unexpected[:3]

    def finish(self):
        """Stops, and checks: each write was made, and once; each repeat gets the first answer."""
        self.__exit__()
        assert not self._unexpected, self._unexpected[:3]
        made = [answer.name for answer in self.acknowledged.values()]
        assert len(set(made)) == len(made)
        assert set(made) == self._every() - self._before
        for request_id in [*dict.fromkeys(self.repeated), *list(self.acknowledged)[-30:]][:100]:
            again = self._write(request_id)
            assert again.SerializeToString(deterministic=True) == \
                self.acknowledged[request_id].SerializeToString(deterministic=True)
        return self.acknowledged


def dossiers(who, tenant):
    return lambda request_id: records.create_dossier(who, tenant, "Last", request_id)


def documents(who, dossier):
    """The request_id is the content, so that each can be told from the others."""
    return lambda request_id: records.file_inline(who, dossier, request_id.encode(), "Last",
                                                  request_id)


def users(who, tenant):
    def create(request_id):
        login = "u" + request_id.replace("-", "")[:20]
        return who.users.CreateUser(user_pb2.CreateUserRequest(
            parent=f"tenants/{tenant}", request_id=request_id,
            user=user_pb2.User(login=login, display_name="Last", email_address=f"{login}@smi.example")))
    return create


def messages(who, tenant, recipient):
    def send(request_id):
        return who.messages.SendMessage(message_pb2.SendMessageRequest(
            parent=f"tenants/{tenant}", request_id=request_id, message=message_pb2.Message(
                content=template_pb2.Content(subject=f"Last {request_id}", text_body="Text"),
                recipients=[message_pb2.Recipient(email_address=recipient)])))
    return send


def orders(who, tenant):
    def create(request_id):
        return who.orders.CreateOrder(order_pb2.CreateOrderRequest(
            parent=f"tenants/{tenant}", request_id=request_id,
            order=json_format.ParseDict({"plan": "offerings/efile/plans/standard",
                                         "parameters": {"tenant_code": tenant}}, order_pb2.Order())))
    return create


def pages(method, request, field):
    """All resources a List method has, over all its pages."""
    request.page_size = 1000
    while True:
        page = method(request)
        yield from getattr(page, field)
        request.page_token = page.next_page_token
        if not request.page_token:
            return


def every_dossier(who, tenant):
    return {dossier.name for dossier in pages(who.dossiers.ListDossiers,
            dossier_pb2.ListDossiersRequest(parent=f"tenants/{tenant}"), "dossiers")}


def every_document(who, dossier):
    return {document.name for document in pages(who.documents.ListDocuments,
            document_pb2.ListDocumentsRequest(parent=dossier), "documents")}


def every_user(who, tenant):
    return {user.name for user in pages(who.users.ListUsers,
            user_pb2.ListUsersRequest(parent=f"tenants/{tenant}"), "users")}


def every_message(who, tenant):
    return {message.name for message in pages(who.messages.ListMessages,
            message_pb2.ListMessagesRequest(parent=f"tenants/{tenant}"), "messages")}


def every_order(who, tenant):
    return {order.name for order in pages(who.orders.ListOrders,
            order_pb2.ListOrdersRequest(parent=f"tenants/{tenant}"), "orders")}
