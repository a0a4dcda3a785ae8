"""Every RPC is hit with requests that are wrong in every field, derived from the descriptors.

Whatever comes in, the answer is a clear refusal (or a real answer): never a crash, never
UNKNOWN or INTERNAL, never silence.
"""

import random

import api
import client
import grpc
import pytest

RPCS = sorted(api.every_rpc(), key=str)
DEFECTS = {"UNKNOWN", "INTERNAL", "DEADLINE_EXCEEDED", "DATA_LOSS"}

TEXTS = ["\x00", "a\x00b", "../../../etc/passwd", "tenants/smi/../smf", "tenants/-", "*", "'; --",
         "\u202eevil\u202c", "\u200b", "🏛" * 300, "x" * 200_000, "tenants/smi/users/" + "9" * 4000,
         "%s%n", "${jndi}", "\r\nBcc: x@example.org", "-" * 36, "٣", "a" * 65]
NUMBERS = [-1, -(2 ** 31), 2 ** 31 - 1]
LARGE_NUMBERS = [-(2 ** 63), 2 ** 63 - 1]


def _values(field):
    if field.type == field.TYPE_STRING:
        return TEXTS
    if field.type == field.TYPE_BYTES:
        return [b"", b"\xff" * 31, b"\x00" * (2 << 20)]
    if field.type == field.TYPE_ENUM:
        return [9999, -1]
    if field.type == field.TYPE_BOOL:
        return [True]
    if field.cpp_type == field.CPPTYPE_INT32:
        return NUMBERS
    if field.cpp_type == field.CPPTYPE_INT64:
        return NUMBERS + LARGE_NUMBERS
    if field.cpp_type in (field.CPPTYPE_UINT32, field.CPPTYPE_UINT64):
        return [0, 2 ** 31]
    if field.cpp_type in (field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT):
        return [float("nan"), float("inf")]
    return []


def _is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _spoilt(make, message, path=()):
    """Requests that are plausible but for one field; two levels deep."""
    for field in message.fields:
        where = ".".join((*path, field.name))

        def target(request):
            for step in path:
                request = getattr(request, step)
            return request
        if _is_map(field):
            if field.message_type.fields_by_name["value"].type == field.TYPE_STRING \
                    and field.message_type.fields_by_name["key"].type == field.TYPE_STRING:
                request = make()
                for index in range(5000):
                    getattr(target(request), field.name)[f"k{index}\u202e"] = "v" * 50
                yield where, request
        elif api.is_repeated(field):
            request = make()
            elements = getattr(target(request), field.name)
            for _ in range(20_000):
                if field.message_type:
                    elements.add()
                else:
                    elements.append(_values(field)[-1] if field.type != field.TYPE_STRING else "x")
            yield where, request
        elif field.message_type:
            request = make()
            target(request).ClearField(field.name)
            yield where, request
            if not path and field.message_type.full_name.startswith(("sockel.", "google.protobuf.")):
                yield from _spoilt(make, field.message_type, (field.name,))
        else:
            for value in _values(field):
                request = make()
                setattr(target(request), field.name, value)
                yield where, request


def _code(rpc, caller, request):
    try:
        rpc.call(caller, [request], timeout=10)
        return None
    except grpc.RpcError as error:
        return client.Details(error)


@pytest.fixture(scope="module")
def processes(suite):
    return {service: suite.pid(service) for service in ("identity", "efile", "notification", "catalog")}


@pytest.mark.parametrize("rpc", RPCS, ids=str)
def test_wrong_fields_are_refused_clearly(rpc, suite, smi, processes):
    def make():
        return api.plausible(rpc.request_class(), "smi")
    caller = suite.operator() if rpc.permission.startswith("identity.tenants") else smi.admin
    for where, request in [("", rpc.request_class()), *_spoilt(make, rpc.method.input_type)]:
        # A watch that is well-formed answers nothing by itself.
        if rpc.method.server_streaming and where.endswith("types"):
            continue
        for who in (caller, smi.application):
            details = _code(rpc, who, request)
            if details is None or _is_idle_watch(rpc, details):
                continue
            assert details.code.name not in DEFECTS, f"{where}: {details}"
            if details.code.name == "INVALID_ARGUMENT" and details.infos:
                assert details.infos == 1 and details.domain == f"{rpc.server}.sockel", details
    assert suite.pid(rpc.server) == processes[rpc.server], f"{rpc.server} was restarted"


def _is_idle_watch(rpc, details):
    return rpc.method.name.startswith("Watch") and details.code.name == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("rpc", RPCS, ids=str)
def test_noise_on_the_wire_is_refused(rpc, smi):
    chance = random.Random(str(rpc))
    whole = api.plausible(rpc.request_class(), "smi").SerializeToString()
    noises = [bytes(chance.getrandbits(8) for _ in range(200)), whole[:-1] or b"\x0a", b"\x0a\x02\xff\xfe",
              b"\x0a\xff\xff\xff\xff\x0f", b"\x0a" * 5000]
    for noise in noises:
        details = _code(rpc, smi.admin, noise)
        if details is not None and not _is_idle_watch(rpc, details):
            assert details.code.name not in DEFECTS, details


@pytest.mark.parametrize("rpc", RPCS, ids=str)
def test_an_oversized_message_is_refused(rpc, smi):
    details = _code(rpc, smi.admin, b"\x0a\x80\x80\x80\x04" + b"x" * (8 << 20))
    assert details is not None and details.code.name == "RESOURCE_EXHAUSTED", details


def test_all_services_still_answer(suite, smi, processes):
    for service, pid in processes.items():
        assert suite.pid(service) == pid
        assert (suite.state / "log" / f"{service}.log").read_text().count('"INTERNAL"') == 0
