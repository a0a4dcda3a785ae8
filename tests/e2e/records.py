"""Short ways to the e-file for tests: dossiers, documents, uploads.

Where no request_id is given, the client puts one in: client.Client does so for every change.
"""

import hashlib

from sockel.efile.v1 import document_pb2, dossier_pb2, upload_pb2

CHUNK = 256 * 1024


def create_dossier(who, tenant, subject="Antrag", request_id=None):
    return who.dossiers.CreateDossier(dossier_pb2.CreateDossierRequest(
        parent=f"tenants/{tenant}", request_id=request_id,
        dossier=dossier_pb2.Dossier(file_plan_entry=f"tenants/{tenant}/filePlanEntries/51",
                                    subject=subject)))


def file_inline(who, dossier, content, subject="Anlage", request_id=None):
    return who.documents.CreateDocument(document_pb2.CreateDocumentRequest(
        parent=dossier, request_id=request_id, inline_content=content,
        document=document_pb2.Document(subject=subject)))


def create_upload(who, dossier, content, sha256=None):
    return who.uploads.CreateUpload(upload_pb2.CreateUploadRequest(
        parent="/".join(dossier.split("/")[:2]),
        upload=upload_pb2.Upload(dossier=dossier, size=len(content),
                                 sha256=sha256 or hashlib.sha256(content).digest())))


def chunks(name, content, offset=0, end=None):
    """The messages of AppendUpload from `offset` on. The first says where its data belongs, the
    others go on from there."""
    end = len(content) if end is None else end
    place = {"name": name, "offset": offset}
    for start in range(offset, end, CHUNK):
        yield upload_pb2.AppendUploadRequest(**place, data=content[start:min(start + CHUNK, end)])
        place = {}


def file_upload(who, dossier, upload, subject="Anlage"):
    return who.documents.CreateDocument(document_pb2.CreateDocumentRequest(
        parent=dossier, upload=upload, document=document_pb2.Document(subject=subject)))


def download(who, document, offset=0, length=0):
    answers = list(who.documents.DownloadContent(document_pb2.DownloadContentRequest(
        name=document, offset=offset, length=length)))
    return answers[0].content, b"".join(answer.data for answer in answers)
