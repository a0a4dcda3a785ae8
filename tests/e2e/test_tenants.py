"""Two ministries try everything against each other, over every RPC."""

import api
import client
import grpc
import load
import pytest
import records
from google.protobuf import json_format
from sockel.audit.v1 import audit_pb2
from sockel.catalog.v1 import order_pb2
from sockel.efile.v1 import dossier_pb2
from sockel.events.v1 import events_pb2
from sockel.options.v1 import options_pb2
from suite import SERVICES, wait_until

REFUSALS = {"PERMISSION_DENIED", "NOT_FOUND"}
GUARDED = sorted((rpc for rpc in api.every_rpc() if rpc.access != options_pb2.ACCESS_PUBLIC), key=str)
IN_A_TENANT = [rpc for rpc in GUARDED
               if "tenants/" in str(api.plausible(rpc.request_class(), "any"))]
REFERENCES = [(rpc, path) for rpc in GUARDED
              for path in api.secondary_references(rpc.method.input_type)
              if api.referenced_type(path[-1]) != "catalog.sockel/Plan"]  # belongs to all
# These answer, but with no or with nothing: their fields only ask.
QUESTIONS = {"Check", "ListRoleBindings", "ListEntries"}


def _outcome(rpc, caller, request):
    try:
        return rpc.call(caller, [request])
    except grpc.RpcError as error:
        return client.Details(error)


def _refused(outcome, codes=frozenset(REFUSALS)):
    assert isinstance(outcome, client.Details), f"was answered: {outcome}"
    assert outcome.code.name in codes, outcome
    return outcome


def test_there_is_one_of_everything_to_try(foreign):
    in_tenants = {type_name for type_name, pattern in api.PATTERNS.items()
                  if pattern.startswith("tenants/")}
    assert in_tenants <= set(foreign.names)


@pytest.mark.parametrize("rpc", IN_A_TENANT, ids=str)
def test_what_is_anothers_is_refused_and_does_not_reveal_itself(rpc, own, foreign):
    there, not_there = (_refused(_outcome(rpc, own.person, request))
                        for request in (foreign.request(rpc), foreign.absent(rpc)))
    assert (there.code, there.reason) == (not_there.code, not_there.reason)
    assert set(there.metadata) == set(not_there.metadata)


@pytest.mark.parametrize("rpc", IN_A_TENANT, ids=str)
def test_an_application_is_refused_what_is_anothers(rpc, own, foreign):
    _refused(_outcome(rpc, own.ministry.application, foreign.request(rpc)))


@pytest.mark.parametrize("rpc", [r for r in IN_A_TENANT if r.server in ("efile", "notification")
                                 or ".audit." in r.method.full_name], ids=str)
def test_the_providers_operator_sees_no_content(rpc, suite, foreign):
    _refused(_outcome(rpc, suite.operator(), foreign.request(rpc)))


@pytest.mark.parametrize("rpc, path", REFERENCES, ids=lambda value: str(value) if isinstance(
    value, api.Rpc) else ".".join(field.name for field in value))
def test_anothers_thing_cannot_be_pulled_into_the_own_tenant(rpc, path, own, foreign):
    """The request is the own one and right, but for a reference to what is the other's."""
    type_name = api.referenced_type(path[-1])
    mine = own.names[type_name]
    if type_name == "efile.sockel/Upload":
        upload = records.create_upload(own.person, own.names["efile.sockel/Dossier"], b"whole")
        own.person.uploads.AppendUpload(records.chunks(upload.name, b"whole"))
        mine = upload.name
    outcomes = []
    for name in (mine, foreign.names[type_name]):
        request = own.request(rpc)
        api.set_at(request, path, name)
        outcomes.append(_outcome(rpc, own.person, request))
    right, wrong = outcomes
    assert not isinstance(right, client.Details), f"the test itself is wrong: {right}"
    if rpc.method.name in QUESTIONS and not isinstance(wrong, client.Details):
        assert {field.name for field, _ in wrong.ListFields()} <= {"reason"}, wrong
    else:
        _refused(wrong, REFUSALS | {"INVALID_ARGUMENT"})


def test_a_ministry_orders_for_itself_only(own):
    order = json_format.ParseDict({"plan": own.names["catalog.sockel/Plan"],
                                   "parameters": {"tenant_code": "smf"}}, order_pb2.Order())
    details = client.refused(own.person.orders.CreateOrder, order_pb2.CreateOrderRequest(
        parent="tenants/smi", order=order))
    assert details.code.name == "INVALID_ARGUMENT"
    assert "order.parameters.tenant_code" in details.fields


def test_a_request_id_of_the_other_ministry_is_a_new_one_here(own, foreign):
    request_id = client.request_id()
    theirs = records.create_dossier(foreign.person, "smf", "Geheim", request_id)
    mine = records.create_dossier(own.person, "smi", "Antrag", request_id)
    assert (mine.name.split("/")[1], mine.subject) == ("smi", "Antrag")
    assert mine.name != theirs.name


def test_a_page_token_of_the_other_ministry_is_refused(own, foreign):
    records.create_dossier(foreign.person, "smf")
    page = foreign.person.dossiers.ListDossiers(dossier_pb2.ListDossiersRequest(
        parent="tenants/smf", page_size=1))
    details = client.refused(own.person.dossiers.ListDossiers, dossier_pb2.ListDossiersRequest(
        parent="tenants/smi", page_size=1, page_token=page.next_page_token))
    assert (details.code.name, details.reason) == ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")


def test_a_watch_tells_nothing_of_the_other_ministry(own, foreign):
    """Nor takes it the other's cursor."""
    watch = foreign.person.events("efile").WatchEvents(
        events_pb2.WatchEventsRequest(parent="tenants/smf"))
    cursor = next(watch).cursor
    watch.cancel()
    records.create_dossier(foreign.person, "smf", "Geheim")
    last = records.create_dossier(own.person, "smi").name
    request = events_pb2.WatchEventsRequest(parent="tenants/smi")
    watch = own.person.events("efile").WatchEvents(request)
    for answer in watch:
        assert "tenants/smf" not in str(answer)
        if answer.event.resource == last:
            break
    watch.cancel()
    request.cursor = cursor
    assert client.refused(own.person.events("efile").WatchEvents, request).reason == "CURSOR_INVALID"


@pytest.mark.parametrize("service", SERVICES)
def test_the_log_of_a_ministry_tells_nothing_of_the_other(service, own, foreign):
    wait_until(lambda: _log(foreign, service), 10, "anything that could be told")
    entries = wait_until(lambda: _log(own, service), 10, "the own entries")
    assert not [entry for entry in entries if "tenants/smf" in str(entry)]


def _log(ministry, service):
    """All entries of the ministry's log at a service."""
    request = audit_pb2.ListEntriesRequest(parent=f"tenants/{ministry.code}")
    return list(load.pages(ministry.person.audit(service).ListEntries, request, "entries"))
