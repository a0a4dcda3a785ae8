"""kill -9 of each process and restart of PostgreSQL, under load, on an instance of its own."""

import os
import signal

import client
import load
import pytest
import records
from suite import Suite, wait_until
from sockel.catalog.v1 import order_pb2
from sockel.efile.v1 import upload_pb2
from sockel.identity.v1 import access_pb2, user_pb2
from sockel.notification.v1 import message_pb2


@pytest.fixture(scope="module")
def frail():
    started = Suite()
    yield started
    started.close()


@pytest.fixture(scope="module")
def ministry(frail):
    return frail.onboard("smi")


def _same_answers(write, acknowledged, most=50):
    for request_id, first in list(acknowledged.items())[:most]:
        again = write(request_id)
        assert again.SerializeToString(deterministic=True) == \
            first.SerializeToString(deterministic=True)


def test_efile_is_killed_under_load(frail, ministry):
    write = load.dossiers(ministry.application, "smi")
    writers = load.Load(write)
    for _ in range(3):
        reached = writers.count() + 30
        wait_until(lambda: writers.count() >= reached, 30, "progress of the writers")
        frail.kill("efile")
        frail.up()
    acknowledged = writers.stop()
    assert {answer.name for answer in acknowledged.values()} <= \
        load.every_dossier(ministry.application, "smi")
    assert len({answer.reference for answer in acknowledged.values()}) == len(acknowledged)
    _same_answers(write, acknowledged)


def test_reference_numbers_have_no_gap_after_the_kills(ministry):
    from sockel.efile.v1 import dossier_pb2
    numbers = []
    token = ""
    while True:
        page = ministry.application.dossiers.ListDossiers(dossier_pb2.ListDossiersRequest(
            parent="tenants/smi", page_size=1000, page_token=token))
        numbers += [int(dossier.reference.split("/")[-2]) for dossier in page.dossiers]
        token = page.next_page_token
        if not token:
            break
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_an_upload_goes_on_after_efile_was_killed(frail, ministry):
    content = os.urandom(3_000_000)
    dossier = records.create_dossier(ministry.application, "smi")
    upload = records.create_upload(ministry.application, dossier.name, content)

    def torn():
        yield from records.chunks(upload.name, content, 0, 8 * records.CHUNK)
        frail.kill("efile")
        yield from records.chunks(upload.name, content, 8 * records.CHUNK)
    details = client.refused(ministry.application.uploads.AppendUpload, torn())
    assert details.code.name in ("UNAVAILABLE", "CANCELLED"), details
    frail.up()
    known = ministry.application.uploads.GetUpload(upload_pb2.GetUploadRequest(name=upload.name))
    whole = ministry.application.uploads.AppendUpload(
        records.chunks(upload.name, content, known.received_size))
    assert whole.state == upload_pb2.Upload.COMPLETE
    document = records.file_upload(ministry.application, dossier.name, upload.name)
    assert records.download(ministry.application, document.name)[1] == content


def test_identity_is_killed_and_the_others_go_on_verifying_tokens(frail, ministry):
    frail.kill("identity")
    try:
        for _ in range(20):
            records.create_dossier(ministry.application, "smi")
    finally:
        frail.up()
    wait_until(lambda: ministry.admin.access.WhoAmI(access_pb2.WhoAmIRequest()).principal, 20)


def test_identity_is_killed_under_load(frail, ministry):
    admin = ministry.admin

    def write(request_id):
        login = "u" + request_id.replace("-", "")[:20]
        return admin.users.CreateUser(user_pb2.CreateUserRequest(
            parent="tenants/smi", request_id=request_id,
            user=user_pb2.User(login=login, display_name="Last", email=f"{login}@smi.example")))
    writers = load.Load(write)
    wait_until(lambda: writers.count() >= 30, 30, "progress of the writers")
    frail.kill("identity")
    frail.up()
    reached = writers.count() + 30
    wait_until(lambda: writers.count() >= reached, 30, "progress after the restart")
    acknowledged = writers.stop()
    for answer in list(acknowledged.values())[:100]:
        assert admin.users.GetUser(user_pb2.GetUserRequest(name=answer.name)).login == answer.login
    _same_answers(write, acknowledged)


def test_notification_is_killed_and_no_mail_is_lost(frail, ministry):
    recipient = "buerger@example.org"
    write = load.messages(ministry.application, "smi", recipient)
    writers = load.Load(write, gap=0.01)
    for _ in range(2):
        reached = writers.count() + 30
        wait_until(lambda: writers.count() >= reached, 30, "progress of the writers")
        frail.kill("notification")
        frail.up()
    acknowledged = writers.stop()
    wanted = {f"Last {request_id}" for request_id in acknowledged}

    def arrived():
        return wanted <= {mail["subject"] for mail in frail.mails(to=recipient)}
    wait_until(arrived, 90, "the mails")
    _no_silent_double(frail, ministry, acknowledged, recipient)


def _no_silent_double(frail, ministry, acknowledged, recipient):
    """What arrived twice carries the same Message-ID, and the delivery says so."""
    ids = {}
    for mail in frail.mails(to=recipient):
        ids.setdefault(mail["subject"], []).append(mail["headers"]["Message-ID"])
    for subject, found in ids.items():
        assert len(set(found)) == 1, f"{subject} came with different Message-IDs"
        if len(found) > 1:
            message = acknowledged[subject.removeprefix("Last ")]
            deliveries = ministry.application.messages.ListDeliveries(
                message_pb2.ListDeliveriesRequest(parent=message.name)).deliveries
            assert "duplicate" in str(deliveries).lower(), deliveries


def test_catalog_is_killed_while_it_provisions(frail, ministry):
    from suite import Key
    order = frail.order("later", Key())
    frail.operator("approver").orders.ApproveOrder(order_pb2.ApproveOrderRequest(name=order.name))
    frail.kill("catalog")
    frail.up()
    assert frail.finished(order.name, 120).state == order_pb2.Order.COMPLETED


def test_postgresql_crashes_under_load(frail, ministry):
    write = load.dossiers(ministry.application, "smi")
    writers = load.Load(write)
    for end in (signal.SIGQUIT, signal.SIGINT):  # immediate: as a crash; fast: as a restart
        reached = writers.count() + 30
        wait_until(lambda: writers.count() >= reached, 30, "progress of the writers")
        services = {name: frail.pid(name) for name in ("identity", "efile")}
        os.kill(frail.pid("postgres"), end)
        wait_until(lambda: not _lives(frail, "postgres"), 30, "the end of PostgreSQL")
        frail.up()
        assert services == {name: frail.pid(name) for name in services}, "a service had to restart"
    reached = writers.count() + 30
    wait_until(lambda: writers.count() >= reached, 30, "progress after the restart")
    acknowledged = writers.stop()
    assert {answer.name for answer in acknowledged.values()} <= \
        load.every_dossier(ministry.application, "smi")
    _same_answers(write, acknowledged)


def _lives(suite, process):
    try:
        os.kill(suite.pid(process), 0)
        return True
    except (OSError, ValueError):
        return False


def test_while_the_database_is_away_a_call_is_told_when_to_come_back(frail, ministry):
    os.kill(frail.pid("postgres"), signal.SIGINT)
    wait_until(lambda: not _lives(frail, "postgres"), 30, "the end of PostgreSQL")
    try:
        once = client.Client(frail.targets, ministry.application.token, service_config="{}")
        details = client.refused(records.create_dossier, once, "smi")
        assert (details.code.name, details.reason) == ("UNAVAILABLE", "DATABASE_UNAVAILABLE")
        assert details.retry_after > 0
        wait_until(lambda: _health(frail, "efile") == 2, 20, "not serving")  # NOT_SERVING
    finally:
        frail.up()
    wait_until(lambda: _health(frail, "efile") == 1, 20, "serving")


def _health(suite, service):
    import grpc
    with grpc.insecure_channel(suite.targets[service]) as channel:
        answer = channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=5)
        return answer[1] if answer else 0
