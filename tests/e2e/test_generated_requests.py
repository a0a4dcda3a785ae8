"""Every RPC is hit with requests that are wrong in every field, derived from the descriptors.

Each starts from a right request about things that are there, by a caller who may, and spoils one
field, so that it gets as far into the service as it can. Whatever comes in, the answer is a clear
refusal or a real answer: never a crash, never UNKNOWN or INTERNAL, never silence.
"""

import functools
import json
import random
import re

import api
import client
import grpc
import pytest
import things
from google.protobuf import descriptor as d
from google.protobuf import struct_pb2
from patience import PATIENCE
from sockel.audit.v1 import audit_pb2
from sockel.identity.v1 import access_pb2, tenant_pb2
from sockel.options.v1 import options_pb2
from suite import SERVICES, wait_until

# These change what the others need.
LAST = ("Approve", "Cancel", "Close", "Delete", "Deprovision", "Lock", "Logout", "Publish", "Reject",
        "Remove", "Retire", "Revoke", "Suspend")
# Others may call them too, but see less.
OF_THE_PROVIDER = ("TenantService", "OfferingService", "SubscriptionService")
RPCS = sorted(api.every_rpc(), key=lambda rpc: (rpc.method.name.startswith(LAST), str(rpc)))
REFUSALS = {"INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
            "UNAUTHENTICATED"}
# gRPC's own refusal of a message over the limit carries no details.
BARE = {"RESOURCE_EXHAUSTED"}

TEXTS = ["", "\x00", "a\x00b", " ", "../../../etc/passwd", "tenants/-", "tenants/noise/../smf", "*",
         "'; --", "\\", "\u202eevil\u202c", "\u200b", "e\u0301" * 300, "🏛" * 300, "\U0010ffff",
         "x" * 200_000, "tenants/noise/users/" + "9" * 4000, "%s%n", "{{x}}", "\r\nBcc: x@example.org",
         "\x1b[31m", "٣", "a" * 65, "{}", "[" * 5000, "NaN", "1e999", "-1", "9" * 30]
DEPTH = 4  # of messages within messages


def _values(field):
    if field.type == d.FieldDescriptor.TYPE_STRING:
        return TEXTS + _odd_names(field)
    if field.type == d.FieldDescriptor.TYPE_BYTES:
        return [b"", b"\xff" * 31, b"\x00" * (2 << 20)]
    if field.type == d.FieldDescriptor.TYPE_ENUM:
        return [9999, -1]
    if field.type == d.FieldDescriptor.TYPE_BOOL:
        return [True]
    if field.cpp_type == d.FieldDescriptor.CPPTYPE_INT32:
        return [-1, -(2 ** 31), 2 ** 31 - 1]
    if field.cpp_type == d.FieldDescriptor.CPPTYPE_INT64:
        return [-1, -(2 ** 63), 2 ** 63 - 1, 2 ** 53 + 1]
    return [float("nan"), float("inf"), -1e308]


def _odd_names(field):
    """Well-formed names of things that are not there: ids that are no UUIDs."""
    pattern = api.PATTERNS.get(api.referenced_type(field), "{id}").split("/")
    tenant = "noise" if len(pattern) > 2 else None  # else the tenant itself is meant
    return ["/".join(tenant if tenant and segment == "{tenant}" else odd if segment[0] == "{"
                     else segment for segment in pattern)
            for odd in ("1", "latest", "Z.z_z-z", "0190A6B2-0000-7000-8000-000000000000", "9" * 19)]


def _is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _nested(depth):
    value = struct_pb2.Struct()
    for _ in range(depth):
        outer = struct_pb2.Struct()
        outer.fields["x"].struct_value.CopyFrom(value)
        value = outer
    return value


def _spoilt(make, message, path=()):
    """Pairs of where and a request that is right but for that place."""
    for field in message.fields:
        at = functools.partial(_spoil, make, (*path, field))
        where = ".".join(step.name for step in (*path, field))
        inner = field.message_type
        if _is_map(field):
            yield where, at(_fill_map)
        elif inner and inner.full_name == "google.protobuf.Struct":
            yield where, at(lambda parent, name: getattr(parent, name).CopyFrom(_nested(30)))
            yield where, at(lambda parent, name: getattr(parent, name).fields["x"].__setattr__(
                "number_value", float("nan")))
            yield where, at(lambda parent, name: getattr(parent, name).fields["\x00"].__setattr__(
                "string_value", "a\x00b"))
        elif api.is_repeated(field):
            yield where, at(_fill_list)
            if not inner:
                for value in _values(field):
                    yield where, at(lambda parent, name, v=value: getattr(parent, name).append(v))
        elif not inner:
            for value in _values(field):
                yield where, at(lambda parent, name, v=value: setattr(parent, name, v))
        if inner and not _is_map(field):
            yield where, at(lambda parent, name: parent.ClearField(name))
            if len(path) + 1 < DEPTH and inner.full_name != "google.protobuf.Struct":
                yield from _spoilt(make, inner, (*path, field))


def _spoil(make, path, change):
    request = parent = make()
    for field in path[:-1]:
        parent = getattr(parent, field.name)
        if api.is_repeated(field):
            parent = parent[0] if parent else parent.add()
    change(parent, path[-1].name)
    return request


def _fill_map(parent, name):
    entries = getattr(parent, name)
    value = parent.DESCRIPTOR.fields_by_name[name].message_type.fields_by_name["value"]
    assert value.type == d.FieldDescriptor.TYPE_STRING, f"teach this test maps such as {name}"
    for index in range(5000):
        entries[f"k{index}\u202e"] = "v" * 50


def _fill_list(parent, name):
    field, elements = parent.DESCRIPTOR.fields_by_name[name], getattr(parent, name)
    for _ in range(20_000):
        if field.message_type:
            elements.add()
        else:
            elements.append("x" if field.type == d.FieldDescriptor.TYPE_STRING else 1)


class Callers:
    """Who may call what. None of them repeats a refused call: each answer counts."""

    def __init__(self, suite):
        ministry = suite.onboard("noise")
        self._suite = suite
        self.things = things.Things(suite, ministry)
        self.anonymous = client.Client(suite.targets, service_config="{}")
        self.person, self.operator, self.provisioner = (
            client.Client(suite.targets, who.token, service_config="{}")
            for who in (self.things.person, suite.operator(), things.provider(suite)))
        # May be suspended without harm to anybody.
        self.operator.tenants.CreateTenant(tenant_pb2.CreateTenantRequest(
            tenant_id="spare", tenant=tenant_pb2.Tenant(display_name="Spare",
                                                        kind=tenant_pb2.Tenant.AUTHORITY)))

    def of(self, rpc):
        if rpc.access == options_pb2.ACCESS_PUBLIC:
            return self.anonymous
        if rpc.method.name == "Logout":
            who = self._suite.sign_in("noise", "alles")
            return client.Client(self._suite.targets, who.token, service_config="{}")
        if rpc.access == options_pb2.ACCESS_AUTHENTICATED:
            return self.person
        candidates = [self.person, self.operator, self.provisioner]
        if rpc.method.containing_service.name in OF_THE_PROVIDER:
            candidates.remove(self.person)
        in_tenant = "tenants/noise" in str(self.things.request(rpc))
        for who in candidates:
            for tenant in ("noise",) if in_tenant else ("noise", "provider"):
                if who.access.Check(access_pb2.CheckRequest(
                        permission=rpc.permission, resource=f"tenants/{tenant}")).allowed:
                    return who
        raise AssertionError(f"no role holds {rpc.permission}")

    def request(self, rpc):
        if rpc.method.containing_service.name == "TenantService":
            return self.things.request(rpc, **{"identity.sockel/Tenant": "tenants/spare"})
        return self.things.request(rpc)


@pytest.fixture(scope="module")
def callers(suite):
    made = Callers(suite)
    newest = audit_pb2.GetCheckpointRequest(parent="tenants/noise")
    for service in SERVICES:  # the sequencers have had their turn
        wait_until(lambda: _answers(made.things.person.audit(service).GetCheckpoint, newest), 10)
    return made


def _answers(call, request):
    try:
        return call(request)
    except grpc.RpcError:
        return None


def _call(rpc, caller, request):
    """The Details of a refusal, None for an answer. A watch may have nothing to tell."""
    watch = rpc.method.name.startswith("Watch")
    try:
        rpc.call(caller, [request], timeout=0.1 if watch else 10 * PATIENCE)
        return None
    except grpc.RpcError as error:
        details = client.Details(error)
        return None if watch and details.code.name == "DEADLINE_EXCEEDED" else details


def _check(rpc, details, where):
    """A refusal is one that a program and a person can act on."""
    assert details.code.name in REFUSALS, f"{where}: {details}"
    if details.code.name in BARE and not details.infos:
        return
    assert details.infos == 1 and details.reason, f"{where}: {details}"
    assert details.domain == f"{rpc.server}.sockel", f"{where}: {details.domain}"
    assert 0 < len(details.message) <= 1000, f"{where}: {details.message}"
    if details.reason == "FIELD_INVALID":
        assert details.fields or where == "bytes", f"{where}: names no field: {details}"


@pytest.mark.parametrize("server", SERVICES)
def test_every_service_that_is_served_is_hit(suite, server):
    with grpc.insecure_channel(suite.targets[server]) as channel:
        reflect = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        answer = next(reflect(iter([b"\x3a\x00"]), timeout=10 * PATIENCE))  # list_services
    served = set(re.findall(r"\bsockel\.[\w.]+", answer.decode("latin-1")))
    assert served == {rpc.method.containing_service.full_name for rpc in RPCS if rpc.server == server}


@pytest.mark.parametrize("rpc", RPCS, ids=str)
def test_the_request_that_is_spoilt_is_right(rpc, callers):
    """Else the tests below would only ever see the first check of the service."""
    details = _call(rpc, callers.of(rpc), callers.request(rpc))
    expected = {"ALREADY_EXISTS", "FAILED_PRECONDITION"}
    if rpc.access == options_pb2.ACCESS_PUBLIC:
        expected = {"UNAUTHENTICATED"}  # the credentials are made up
    elif rpc.method.name == "GetOperation":
        expected = {"NOT_FOUND"}
    assert details is None or details.code.name in expected, details


@pytest.mark.parametrize("rpc", RPCS, ids=str)
def test_wrong_fields_are_refused_clearly(rpc, suite, callers):
    caller = callers.of(rpc)
    spoilt = _spoilt(lambda: callers.request(rpc), rpc.method.input_type)
    for where, request in [("", rpc.request_class()), *spoilt]:
        details = _call(rpc, caller, request)
        if details is not None:
            _check(rpc, details, where)
    assert suite.lives(rpc.server)


@pytest.mark.parametrize("rpc", RPCS, ids=str)
def test_noise_on_the_wire_is_refused(rpc, suite, callers):
    chance = random.Random(str(rpc))
    caller = callers.of(rpc)
    whole = callers.request(rpc).SerializeToString()
    broken = [b"\x0a", b"\x0a\x02\xff\xfe", b"\x0a\xff\xff\xff\xff\x0f", b"\x0a" * 5000,
              b"\x0b" * 5000, b"\x07", b"\xff" * 20]
    for bytes_ in [*broken, whole[:-1], *(_flipped(whole, chance) for _ in range(25))]:
        details = _call(rpc, caller, bytes_)
        if details is not None:
            _check(rpc, details, "bytes")
    assert suite.lives(rpc.server)


def _flipped(whole, chance):
    spoilt = bytearray(whole or b"\x00")
    for _ in range(3):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


@pytest.mark.parametrize("rpc", RPCS, ids=str)
def test_an_oversized_message_is_refused(rpc, callers):
    details = _call(rpc, callers.anonymous, b"\x0a\x80\x80\x80\x02" + b"x" * (4 << 20))
    assert details is not None and details.code.name == "RESOURCE_EXHAUSTED", details


def test_an_unknown_method_is_unimplemented(callers):
    for service in SERVICES:
        unknown = callers.person.channel(service).unary_unary("/sockel.audit.v1.AuditService/Rewrite")
        assert client.refused(unknown, b"").code.name == "UNIMPLEMENTED"


def test_the_log_knows_of_no_defect(suite, callers):
    assert suite.defects() == []
    for service in SERVICES:
        assert suite.lives(service)
        for line in (suite.state / "log" / f"{service}.log").read_text().splitlines():
            assert json.loads(line)["level"] in ("debug", "info", "warning"), line
