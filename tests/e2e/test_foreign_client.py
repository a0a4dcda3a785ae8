"""What a ministry's developer does with grpcio and the protos, and nothing else."""

import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import client
import grpc
import pytest
import records
from sockel.audit.v1 import audit_pb2
from sockel.catalog.v1 import offering_pb2
from sockel.efile.v1 import document_pb2, dossier_pb2, upload_pb2
from sockel.events.v1 import events_pb2
from sockel.identity.v1 import access_pb2, authentication_pb2
from sockel.notification.v1 import inbox_pb2
from suite import PASSWORD, SERVICES, Key, wait_until


class Busy(grpc.GenericRpcHandler):
    """A server that refuses the first call of each method, and answers the next with nothing."""

    def __init__(self):
        self.calls = []  # methods and requests, as they came

    def service(self, handler_call_details):
        method = handler_call_details.method.rpartition("/")[2]

        def take(request, context):
            self.calls.append((method, request))
            if [called for called, _ in self.calls].count(method) == 1:
                context.abort(grpc.StatusCode.UNAVAILABLE, "busy")
            return b""
        return grpc.unary_unary_rpc_method_handler(take)


@pytest.fixture
def busy():
    """Busy, and a client of it."""
    handler = Busy()
    server = grpc.server(ThreadPoolExecutor(1), handlers=(handler,))
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    caller = client.Client({service: address for service in SERVICES})
    yield handler, caller
    caller.close()
    server.stop(None).wait()


def test_a_change_is_repeated_as_the_same_one(busy):
    server, caller = busy
    records.create_dossier(caller, "smi")
    (_, first), (_, again) = server.calls
    assert first == again and dossier_pb2.CreateDossierRequest.FromString(first).request_id


def test_what_may_not_be_repeated_is_not(busy):
    server, caller = busy
    request = authentication_pb2.IssueServiceTokenRequest(client_assertion="once")
    assert client.refused(caller.authentication.IssueServiceToken, request).message == "busy"
    assert len(server.calls) == 1


def test_an_application_signs_in_with_its_key(smi):
    me = smi.application.access.WhoAmI(access_pb2.WhoAmIRequest())
    assert me.principal == smi.application_name
    assert "application" in me.roles


def test_an_assertion_works_once(suite, smi):
    anonymous = client.Client(suite.targets)
    request = authentication_pb2.IssueServiceTokenRequest(client_assertion=client.assertion(
        smi.application_name, smi.key.private, smi.key.id))
    anonymous.authentication.IssueServiceToken(request)
    assert client.refused(anonymous.authentication.IssueServiceToken, request).code.name == \
        "UNAUTHENTICATED"


def test_an_assertion_of_another_key_audience_or_lifetime_is_refused(suite, smi):
    anonymous = client.Client(suite.targets)
    other = Key()
    for assertion in (client.assertion(smi.application_name, other.private, smi.key.id),
                      client.assertion(smi.application_name, other.private, other.id),
                      client.assertion(smi.application_name, smi.key.private, smi.key.id,
                                       audience="elsewhere"),
                      client.assertion(smi.application_name, smi.key.private, smi.key.id,
                                       lifetime=3600),
                      client.assertion(smi.application_name, smi.key.private, smi.key.id,
                                       lifetime=-3600)):
        details = client.refused(
            anonymous.authentication.IssueServiceToken,
            authentication_pb2.IssueServiceTokenRequest(client_assertion=assertion))
        assert details.code.name == "UNAUTHENTICATED", details


def test_without_a_token_nothing_but_signing_in_works(suite):
    anonymous = client.Client(suite.targets)
    details = client.refused(anonymous.access.WhoAmI, access_pb2.WhoAmIRequest())
    assert (details.code.name, details.reason, details.domain) == \
        ("UNAUTHENTICATED", "TOKEN_MISSING", "identity.sockel")


def test_an_error_names_the_field_and_what_would_be_right(smi):
    details = client.refused(smi.application.dossiers.CreateDossier,
                             dossier_pb2.CreateDossierRequest(parent="tenants/smi/x"))
    assert details.code.name == "INVALID_ARGUMENT"
    assert (details.reason, details.domain, details.infos) == ("FIELD_INVALID", "efile.sockel", 1)
    assert "parent" in details.fields and "tenants/{tenant}" in details.fields["parent"]
    assert "dossier" in details.fields


def test_small_content_travels_inline(smi):
    dossier = records.create_dossier(smi.application, "smi")
    content = b"Sehr geehrte Damen und Herren"
    document = records.file_inline(smi.application, dossier.name, content)
    assert document.content.sha256 == hashlib.sha256(content).digest()
    assert document.content.media_type == "text/plain"
    assert records.download(smi.application, document.name)[1] == content


def test_large_content_is_uploaded_in_parts_resumed_and_read_by_range(smi):
    dossier = records.create_dossier(smi.application, "smi")
    content = os.urandom(5_000_001)
    upload = records.create_upload(smi.application, dossier.name, content)
    half = smi.application.uploads.AppendUpload(
        records.chunks(upload.name, content, 0, 10 * records.CHUNK))
    assert 0 < half.received_size <= 10 * records.CHUNK
    whole = smi.application.uploads.AppendUpload(
        records.chunks(upload.name, content, half.received_size))
    assert whole.state == upload_pb2.Upload.COMPLETE
    document = records.file_upload(smi.application, dossier.name, upload.name)
    about, received = records.download(smi.application, document.name)
    assert received == content and about.size == len(content)
    assert records.download(smi.application, document.name, 1_000_000, 77)[1] == \
        content[1_000_000:1_000_077]
    assert records.download(smi.application, document.name, len(content) - 5)[1] == content[-5:]


def test_an_upload_with_a_wrong_hash_or_offset_is_refused(smi):
    dossier = records.create_dossier(smi.application, "smi")
    content = os.urandom(300_000)
    upload = records.create_upload(smi.application, dossier.name, content, sha256=b"\x01" * 32)
    details = client.refused(smi.application.uploads.AppendUpload,
                             records.chunks(upload.name, content))
    assert (details.code.name, details.reason) == ("INVALID_ARGUMENT", "UPLOAD_HASH_MISMATCH")
    other = records.create_upload(smi.application, dossier.name, content)
    details = client.refused(smi.application.uploads.AppendUpload,
                             records.chunks(other.name, content, records.CHUNK))
    assert (details.code.name, details.reason) == ("OUT_OF_RANGE", "UPLOAD_OFFSET_MISMATCH")
    assert details.metadata["received_size"] == "0"


def test_a_retry_with_the_same_request_id_gets_the_first_answer(smi):
    request_id = client.request_id()
    first = records.create_dossier(smi.application, "smi", request_id=request_id)
    again = records.create_dossier(smi.application, "smi", request_id=request_id)
    assert first.SerializeToString(deterministic=True) == again.SerializeToString(deterministic=True)
    details = client.refused(records.create_dossier, smi.application, "smi", "Anderer", request_id)
    assert (details.code.name, details.reason) == ("INVALID_ARGUMENT", "REQUEST_ID_REUSED")


def test_lists_come_in_pages_without_gap_or_repeat(smi):
    dossier = records.create_dossier(smi.application, "smi")
    made = {records.file_inline(smi.application, dossier.name, b"%d" % i).name for i in range(7)}
    seen, token = [], ""
    while True:
        page = smi.application.documents.ListDocuments(document_pb2.ListDocumentsRequest(
            parent=dossier.name, page_size=3, page_token=token))
        assert len(page.documents) <= 3
        seen += [document.name for document in page.documents]
        token = page.next_page_token
        if not token:
            break
    assert len(seen) == 7 and set(seen) == made
    details = client.refused(smi.application.documents.ListDocuments,
                             document_pb2.ListDocumentsRequest(parent=dossier.name, page_token="x"))
    assert details.reason == "PAGE_TOKEN_INVALID"


def test_a_watch_tells_what_happens_and_goes_on_where_it_was_left(smi):
    events = smi.application.events("efile")

    def dossiers_created(cursor, count):
        """The next `count` dossiers a new watch hears of, and the cursor after the last."""
        stream = events.WatchEvents(events_pb2.WatchEventsRequest(
            parent="tenants/smi", cursor=cursor, types=["efile.dossier.created"]), timeout=20)
        found = []
        for answer in stream:
            cursor = answer.cursor
            if answer.HasField("event"):
                found.append(answer.event.resource)
            if len(found) >= count:
                break
        stream.cancel()
        return found, cursor

    before = {dossier.name for dossier in smi.application.dossiers.ListDossiers(
        dossier_pb2.ListDossiersRequest(parent="tenants/smi", page_size=1000)).dossiers}
    _, cursor = dossiers_created("", len(before)) if before else ([], "")
    result = {}
    watcher = threading.Thread(target=lambda: result.update(live=dossiers_created(cursor, 1)))
    watcher.start()
    first = records.create_dossier(smi.application, "smi")
    watcher.join(25)
    assert result["live"][0] == [first.name]
    missed = [records.create_dossier(smi.application, "smi").name for _ in range(3)]
    assert dossiers_created(result["live"][1], 3)[0] == missed


def test_what_was_done_is_in_the_verifiable_log(smi):
    dossier = records.create_dossier(smi.application, "smi")
    audit = smi.admin.audit("efile")

    def entry():
        found = audit.ListEntries(audit_pb2.ListEntriesRequest(
            parent="tenants/smi", resource_prefix=dossier.name)).entries
        return found[0] if found else None
    logged = wait_until(entry, 10, "integration of the entry")
    assert logged.entry.action == "efile.dossiers.create"
    assert logged.entry.actor == smi.application_name
    checkpoint = audit.GetCheckpoint(audit_pb2.GetCheckpointRequest(parent="tenants/smi"))
    proof = audit.GetInclusionProof(audit_pb2.GetInclusionProofRequest(
        parent="tenants/smi", index=logged.index, tree_size=checkpoint.tree_size))
    assert _root(logged.leaf, logged.index, checkpoint.tree_size, proof.hashes) == \
        checkpoint.root_hash


def _root(leaf, index, size, hashes):
    """RFC 9162, section 2.1.3.2, written down once more, by somebody else."""
    node = hashlib.sha256(b"\x00" + leaf).digest()
    last = size - 1
    for sibling in hashes:
        if index & 1 or index == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    assert last == 0
    return node


def test_health_reflection_and_channelz_answer(suite):
    for service, target in suite.targets.items():
        with grpc.insecure_channel(target) as channel:
            check = channel.unary_unary("/grpc.health.v1.Health/Check")
            assert check(b"", timeout=5) == b"\x08\x01", service  # SERVING
            reflect = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
            assert b"sockel." in next(reflect(iter([b"\x3a\x00"]), timeout=5))  # list_services
            channelz = channel.unary_unary("/grpc.channelz.v1.Channelz/GetServers")
            assert channelz(b"", timeout=5)


def test_a_revoked_session_stops_within_five_seconds_everywhere(suite, smi):
    name = suite.user(smi.admin, "smi", "fleeting", "caseworker")
    person, _ = client.login(suite.targets, "smi", "fleeting", PASSWORD)
    calls = {
        "identity": lambda: person.access.WhoAmI(access_pb2.WhoAmIRequest()),
        "efile": lambda: person.dossiers.ListDossiers(
            dossier_pb2.ListDossiersRequest(parent="tenants/smi")),
        "notification": lambda: person.inbox.ListInboxItems(
            inbox_pb2.ListInboxItemsRequest(parent=name)),
        "catalog": lambda: person.offerings.ListOfferings(offering_pb2.ListOfferingsRequest())}
    assert set(calls) == set(SERVICES)
    for call in calls.values():
        call()
    person.authentication.Logout(authentication_pb2.LogoutRequest())
    left = time.monotonic()
    assert [service for service in calls if _works_until(calls[service], left + 5)] == []


def _works_until(call, time_limit):
    """Whether it is still answered after that."""
    while True:
        asked = time.monotonic()
        if _is_revoked(call):
            return False
        if asked > time_limit:
            return True
        time.sleep(0.05)


def _is_revoked(call):
    try:
        call()
        return False
    except grpc.RpcError as error:
        assert client.Details(error).reason == "TOKEN_REVOKED"
        return True
