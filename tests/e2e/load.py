"""Writers that remember what was acknowledged, so that a test can ask for it afterwards."""

import threading

import client
import grpc
import records
from sockel.efile.v1 import dossier_pb2
from sockel.identity.v1 import access_pb2
from sockel.notification.v1 import message_pb2, template_pb2


class Load:
    """Keeps one kind of write going on several threads until stop().

    `write(request_id)` makes one change and returns the answer. A call that fails for good is
    repeated with the same request_id, as the documentation tells clients to.
    """

    def __init__(self, write, threads=4, gap=0.002):
        self._write, self._gap = write, gap
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.acknowledged = {}  # request_id → first answer
        self.unexpected = []
        self.repeats = 0
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        while not self._stopping.is_set():
            self._one(client.request_id())
            self._stopping.wait(self._gap)

    def _one(self, request_id):
        for _ in range(200):
            try:
                answer = self._write(request_id)
            except grpc.RpcError as error:
                if error.code().name not in ("UNAVAILABLE", "RESOURCE_EXHAUSTED",
                                             "DEADLINE_EXCEEDED", "ABORTED"):
                    with self._lock:
                        self.unexpected.append(client.Details(error))
                    return
                with self._lock:
                    self.repeats += 1
                self._stopping.wait(0.05)
                continue
            with self._lock:
                self.acknowledged[request_id] = answer
            return
        with self._lock:
            self.unexpected.append(f"{request_id} never got an answer")

    def count(self):
        with self._lock:
            return len(self.acknowledged)

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)
        assert not self.unexpected, self.unexpected[:3]
        return self.acknowledged


def dossiers(who, tenant):
    return lambda request_id: records.create_dossier(who, tenant, "Last", request_id)


def every_dossier(who, tenant):
    """Names of all dossiers of the tenant, over all pages."""
    names, token = set(), ""
    while True:
        page = who.dossiers.ListDossiers(dossier_pb2.ListDossiersRequest(
            parent=f"tenants/{tenant}", page_size=1000, page_token=token))
        names |= {dossier.name for dossier in page.dossiers}
        token = page.next_page_token
        if not token:
            return names


def messages(who, tenant, recipient):
    def send(request_id):
        return who.messages.SendMessage(message_pb2.SendMessageRequest(
            parent=f"tenants/{tenant}", request_id=request_id, message=message_pb2.Message(
                content=template_pb2.Content(subject=f"Last {request_id}", text_body="Text"),
                recipients=[message_pb2.Recipient(email_address=recipient)])))
    return send


def who_am_i(who):
    return lambda _: who.access.WhoAmI(access_pb2.WhoAmIRequest())
