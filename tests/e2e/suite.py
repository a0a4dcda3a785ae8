"""The built suite as its operator runs it: started with tools/dev, in a folder of its own."""

import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import client
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import json_format, struct_pb2
from patience import PATIENCE, PRESET
from sockel.catalog.v1 import offering_pb2, order_pb2
from sockel.identity.v1 import role_binding_pb2, user_pb2

REPO = Path(__file__).resolve().parents[2]
SERVICES = ("identity", "efile", "notification", "catalog")
PASSWORD = "correct horse battery staple"


def wait_until(condition, seconds=30, what="the condition"):
    """The first true answer of condition(); fails the test when there is none in time."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what} did not come about within {seconds * PATIENCE} s"
        time.sleep(0.05)


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _is_gone(pid):
    """Also when nobody has asked how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


class Key:
    """An ES256 key pair of an application, with its public half as JWK."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        thumbprint = {"crv": "P-256", "kty": "EC", "x": _base64url(numbers.x.to_bytes(32, "big")),
                      "y": _base64url(numbers.y.to_bytes(32, "big"))}
        text = json.dumps(thumbprint, separators=(",", ":"), sort_keys=True)
        self.id = _base64url(hashlib.sha256(text.encode()).digest())
        self.jwk = json.dumps({**thumbprint, "kid": self.id, "alg": "ES256", "use": "sig"})


def parameters(code, key):
    """Of an order that brings a new ministry in."""
    return {"tenant_code": code, "tenant_display_name": f"Ministerium {code}",
            "admin_login": "admin", "admin_email": f"admin@{code}.example",
            "admin_display_name": "Admin", "application_name": "fachverfahren",
            "application_public_key": key.jwk, "sender_address": f"poststelle@{code}.example",
            "file_plan": [{"code": "51", "title": "Bescheide", "retention_years": 10,
                           "disposition": "APPRAISE"}]}


@dataclass
class Tenant:
    """An onboarded ministry."""

    code: str
    admin: client.Client  # signed in, role tenant-admin
    admin_name: str
    application: client.Client  # signed in with its key
    application_name: str
    key: Key
    order: order_pb2.Order
    invitation: dict

    @property
    def name(self):
        return f"tenants/{self.code}"


class Suite:
    """One instance. Ports are free ones, the folder is temporary (SOCKEL_E2E_KEEP=1 keeps it)."""

    def __init__(self, *flags):
        self.state = Path(tempfile.mkdtemp(prefix="sockel-e2e-"))
        self._flags = list(flags)
        self._operators = {}
        try:
            self.up()
        except BaseException:
            self._remove()
            raise

    def dev(self, command, *args, check=True):
        run = subprocess.run([REPO / "tools/dev", command, "--state", self.state, *map(str, args)],
                             cwd=REPO, text=True, capture_output=True, check=False)
        assert not check or run.returncode == 0, f"tools/dev {command}: {run.stdout}\n{run.stderr}"
        return run

    def up(self):
        self.dev("up", "--no-build", "--no-fsync", "--preset", PRESET, *self._flags)
        self.settings = json.loads((self.state / "instance.json").read_text())["settings"]

    def close(self):
        for operator in self._operators.values():
            operator.close()
        run = self.dev("down")
        stopped, defects = run.stdout + run.stderr, self.defects()  # leaks are told at the end
        self._remove()
        assert "was killed" not in stopped, f"not everything stops when told to: {stopped}"
        assert not defects, defects[:3]

    def _remove(self):
        self.dev("down")
        if not os.environ.get("SOCKEL_E2E_KEEP"):
            # Thousands of files: a slow disk takes many seconds, which no test needs to wait.
            subprocess.Popen(["rm", "-rf", str(self.state)], start_new_session=True)

    # Where it listens.

    def port(self, service, replica=0):
        return self.settings["base_port"] + 1 + SERVICES.index(service) + 10 * replica

    def metrics_port(self, service, replica=0):
        return self.port(service, replica) + 100

    @property
    def targets(self):
        def target(service):
            addresses = [f"127.0.0.1:{self.port(service, replica)}"
                         for replica in range(self.settings["replicas"])]
            return addresses[0] if len(addresses) == 1 else "ipv4:" + ",".join(addresses)
        return {service: target(service) for service in SERVICES}

    # Faults.

    def pid(self, process):
        """Of a process this instance started: `efile`, `efile-1`, `postgres`, `mail`."""
        return json.loads((self.state / "run" / f"{process}.pid").read_text())["pid"]

    def kill(self, process, number=signal.SIGKILL):
        """Signals a process and returns when it is gone."""
        pid = self.pid(process)
        os.kill(pid, number)
        wait_until(lambda: _is_gone(pid), 30, f"the end of {process}")

    def lives(self, process):
        """Whether what was started last is still there: nobody else starts it again."""
        return not _is_gone(self.pid(process))

    def defects(self):
        """Calls that ended as no call may, whatever clients and faults do, and what a sanitizer
        has found; from all logs."""
        wrong = re.compile(r'"code":"(INTERNAL|UNKNOWN|DATA_LOSS|UNIMPLEMENTED)"'
                           r"|(ERROR|WARNING|SUMMARY): \w+Sanitizer|runtime error: ")
        logs = [log for process in (*SERVICES, "standalone")
                for log in (self.state / "log").glob(f"{process}*.log")]
        return [line for log in logs
                for line in log.read_text(errors="replace").splitlines() if wrong.search(line)]

    # People.

    def operator(self, login="operator"):
        """A signed-in operator; others than the first are made on first use."""
        if login not in self._operators:
            if login == "operator":
                password = (self.state / "secrets" / "operator.password").read_text().strip()
            else:
                self.user(self.operator(), "provider", login, "operator")
                password = PASSWORD
            self._operators[login] = client.login(self.targets, "provider", login, password)[0]
        return self._operators[login]

    def user(self, admin, tenant, login, *roles):
        """Makes a person who can sign in with PASSWORD; returns the resource name."""
        user = admin.users.CreateUser(user_pb2.CreateUserRequest(
            parent=f"tenants/{tenant}",
            user=user_pb2.User(login=login, display_name=login.title(),
                               email_address=f"{login}@{tenant}.example")))
        for role in roles:
            self.bind(admin, user.name, role)
        code = admin.users.IssueActivationCode(
            user_pb2.IssueActivationCodeRequest(name=user.name)).code
        self.activate(tenant, login, code)
        return user.name

    def bind(self, admin, principal, role):
        """Gives a role; returns the name of the binding."""
        return admin.role_bindings.CreateRoleBinding(role_binding_pb2.CreateRoleBindingRequest(
            parent="/".join(principal.split("/")[:2]),
            role_binding=role_binding_pb2.RoleBinding(principal=principal, role=role))).name

    def activate(self, tenant, login, code):
        anonymous = client.Client(self.targets)
        anonymous.users.ActivateUser(user_pb2.ActivateUserRequest(
            tenant=f"tenants/{tenant}", login=login, code=code, new_password=PASSWORD))
        anonymous.close()

    def sign_in(self, tenant, login):
        return client.login(self.targets, tenant, login, PASSWORD)[0]

    def mails(self, to=None):
        found = json.loads(self.dev("mail", "--json").stdout or "[]")
        return [mail for mail in found if to is None or to in mail["to"]]

    # The way every ministry comes in.

    def publish_offering(self):
        """`offerings/efile` with plan `standard`, published; once."""
        operator = self.operator()
        existing = operator.offerings.ListOfferings(offering_pb2.ListOfferingsRequest()).offerings
        if any(offering.name == "offerings/efile" for offering in existing):
            return
        operator.offerings.CreateOffering(offering_pb2.CreateOfferingRequest(
            offering_id="efile", offering=offering_pb2.Offering(title="E-Akte")))
        schema = struct_pb2.Struct()
        json_format.ParseDict({"type": "object", "required": ["tenant_code"]}, schema)
        operator.offerings.CreatePlan(offering_pb2.CreatePlanRequest(
            parent="offerings/efile", plan_id="standard",
            plan=offering_pb2.Plan(title="Standard", parameters_schema=schema, steps=[
                offering_pb2.ProvisioningStep(service=service)
                for service in ("identity", "efile", "notification")])))
        operator.offerings.PublishOffering(
            offering_pb2.PublishOfferingRequest(name="offerings/efile"))

    def order(self, code, key):
        """An order for a new ministry, not yet approved."""
        wanted = struct_pb2.Struct()
        json_format.ParseDict(parameters(code, key), wanted)
        return self.operator().orders.CreateOrder(order_pb2.CreateOrderRequest(
            parent="tenants/provider",
            order=order_pb2.Order(plan="offerings/efile/plans/standard", parameters=wanted)))

    def finished(self, name, seconds=60):
        """The order, when provisioning is over."""
        def over():
            order = self.operator().orders.GetOrder(order_pb2.GetOrderRequest(name=name))
            return order if order.state != order_pb2.Order.PROVISIONING else None
        return wait_until(over, seconds, f"the end of {name}")

    def onboard(self, code):
        self.publish_offering()
        key = Key()
        order = self.order(code, key)
        self.operator("approver").orders.ApproveOrder(
            order_pb2.ApproveOrderRequest(name=order.name, reason="test"))
        order = self.finished(order.name)
        assert order.state == order_pb2.Order.COMPLETED, order
        outputs = {role: name for step in order.steps for role, name in step.outputs.items()}
        invitation = wait_until(lambda: self.mails(to=f"admin@{code}.example"), 30, "the invitation")
        activation = re.search(r"Aktivierungscode:\s*(\S+)", invitation[-1]["text"]).group(1)
        self.activate(code, "admin", activation)
        return Tenant(code=code, admin=self.sign_in(code, "admin"), admin_name=outputs["admin"],
                      application=client.application(self.targets, outputs["service_account"],
                                                     key.private, key.id),
                      application_name=outputs["service_account"], key=key, order=order,
                      invitation=invitation[-1])
