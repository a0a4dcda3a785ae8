"""Two ministries try everything against each other, over every RPC."""

import api
import client
import grpc
import pytest
from sockel.audit.v1 import audit_pb2
from sockel.efile.v1 import document_pb2, dossier_pb2, upload_pb2
from sockel.notification.v1 import message_pb2, template_pb2

REFUSALS = {"PERMISSION_DENIED", "NOT_FOUND"}
RPCS = sorted(api.every_rpc(), key=str)


@pytest.fixture(scope="module")
def names(smf):
    """Things that really are there, in the other ministry, by resource type."""
    dossier = smf.application.dossiers.CreateDossier(dossier_pb2.CreateDossierRequest(
        parent="tenants/smf", request_id=client.request_id(),
        dossier=dossier_pb2.Dossier(file_plan_entry="tenants/smf/filePlanEntries/51",
                                    subject="Geheim")))
    document = smf.application.documents.CreateDocument(document_pb2.CreateDocumentRequest(
        parent=dossier.name, request_id=client.request_id(), inline_content=b"secret",
        document=document_pb2.Document(subject="Geheim")))
    upload = smf.application.uploads.CreateUpload(upload_pb2.CreateUploadRequest(
        parent="tenants/smf", request_id=client.request_id(),
        upload=upload_pb2.Upload(dossier=dossier.name, size=10, sha256=b"x" * 32)))
    message = smf.application.messages.SendMessage(message_pb2.SendMessageRequest(
        parent="tenants/smf", request_id=client.request_id(),
        message=message_pb2.Message(
            content=template_pb2.Content(subject="s", text_body="t"),
            recipients=[message_pb2.Recipient(user=smf.admin_name)],
            channels=[message_pb2.Message.INBOX])))
    return {"identity.sockel/Tenant": "tenants/smf", "identity.sockel/User": smf.admin_name,
            "identity.sockel/ServiceAccount": smf.application_name,
            "efile.sockel/Dossier": dossier.name, "efile.sockel/Document": document.name,
            "efile.sockel/FilePlanEntry": "tenants/smf/filePlanEntries/51",
            "efile.sockel/Upload": upload.name, "notification.sockel/Message": message.name,
            "notification.sockel/Sender": "tenants/smf/senders/default"}


def _names_a_tenant(request):
    return "tenants/" in str(request)


def _outcome(rpc, caller, request):
    try:
        return rpc.call(caller, [request])
    except grpc.RpcError as error:
        return client.Details(error)


@pytest.mark.parametrize("rpc", RPCS, ids=str)
def test_what_is_anothers_is_refused_and_does_not_reveal_itself(rpc, smi, names):
    if rpc.access == 1:
        pytest.skip("public: works before anybody is signed in")
    real = api.plausible(rpc.request_class(), "smf", names)
    if not _names_a_tenant(real):
        pytest.skip("names no tenant")
    absent = api.plausible(rpc.request_class(), "smf")
    for caller in (smi.admin, smi.application):
        outcomes = [_outcome(rpc, caller, request) for request in (real, absent)]
        for outcome in outcomes:
            assert isinstance(outcome, client.Details), f"was answered: {outcome}"
            assert outcome.code.name in REFUSALS, outcome
        assert outcomes[0].code == outcomes[1].code
        assert outcomes[0].reason == outcomes[1].reason


@pytest.mark.parametrize("rpc", RPCS, ids=str)
def test_anothers_thing_cannot_be_pulled_into_the_own_tenant(rpc, smi, names):
    """The request is the own one, but what it refers to is the other ministry's."""
    tried = 0
    for path, field in _secondary_references(rpc.method.input_type):
        if not names.get(api.reference(field), "").startswith("tenants/smf"):
            continue
        request = api.plausible(rpc.request_class(), "smi")
        target = request
        for step in path:
            target = getattr(target, step)
        if api.is_repeated(field):
            getattr(target, field.name).append(names[api.reference(field)])
        else:
            setattr(target, field.name, names[api.reference(field)])
        tried += 1
        for caller in (smi.admin, smi.application):
            outcome = _outcome(rpc, caller, request)
            assert isinstance(outcome, client.Details), f"{field.full_name} was accepted: {outcome}"
            assert outcome.code.name in REFUSALS | {"INVALID_ARGUMENT", "FAILED_PRECONDITION"}
    if not tried:
        pytest.skip("refers to nothing else")


def _secondary_references(message, path=()):
    for field in message.fields:
        if api.reference(field) and not (not path and field.name in ("name", "parent")):
            yield path, field
        if field.message_type and not path and not api.is_repeated(field) \
                and field.message_type.full_name.startswith("sockel."):
            yield from _secondary_references(field.message_type, (field.name,))


def test_the_providers_operator_sees_no_content(suite, smf, names):
    operator = suite.operator()
    for call, request in (
            (operator.dossiers.GetDossier,
             dossier_pb2.GetDossierRequest(name=names["efile.sockel/Dossier"])),
            (operator.documents.GetDocument,
             document_pb2.GetDocumentRequest(name=names["efile.sockel/Document"])),
            (operator.documents.DownloadContent,
             document_pb2.DownloadContentRequest(name=names["efile.sockel/Document"])),
            (operator.messages.GetMessage,
             message_pb2.GetMessageRequest(name=names["notification.sockel/Message"])),
            (operator.audit("efile").ListEntries,
             audit_pb2.ListEntriesRequest(parent="tenants/smf"))):
        assert client.refused(call, request).code.name in REFUSALS
