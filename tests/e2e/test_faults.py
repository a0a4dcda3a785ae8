"""kill -9 of each process and restart of PostgreSQL, under load, on an instance of its own."""

import os
import signal
from contextlib import ExitStack

import api
import client
import grpc
import load
import pytest
import records
from patience import PATIENCE
from sockel.catalog.v1 import order_pb2
from sockel.efile.v1 import dossier_pb2, upload_pb2
from sockel.identity.v1 import access_pb2
from sockel.notification.v1 import message_pb2
from suite import SERVICES, Key, Suite, wait_until

RECIPIENT = "buerger@example.org"
SERVING, NOT_SERVING = 1, 2  # grpc.health.v1.HealthCheckResponse.ServingStatus


@pytest.fixture(scope="module")
def frail():
    started = Suite()
    yield started
    started.close()


@pytest.fixture(scope="module")
def ministry(frail):
    return frail.onboard("smi")


@pytest.fixture(scope="module")
def loads(frail, ministry):
    """One kind of write for each service, by callers that leave repeating to the load."""
    application, admin = (client.Client(frail.targets, who.token, service_config="{}")
                          for who in (ministry.application, ministry.admin))
    return {
        "identity": lambda **options: load.Load(
            load.users(admin, "smi"), lambda: load.every_user(admin, "smi"), **options),
        "efile": lambda **options: load.Load(
            load.dossiers(application, "smi"), lambda: load.every_dossier(application, "smi"),
            **options),
        "notification": lambda **options: load.Load(
            load.messages(application, "smi", RECIPIENT),
            lambda: load.every_message(application, "smi"), **options),
        "catalog": lambda **options: load.Load(
            load.orders(admin, "smi"), lambda: load.every_order(admin, "smi"), **options),
    }


def _restart(frail, service):
    frail.kill(service)
    frail.up()


@pytest.mark.parametrize("service", ["identity", "efile", "catalog"])
def test_a_service_is_killed_under_load(frail, loads, service):
    with loads[service]() as writers:
        for _ in range(3):
            writers.goes_on()
            _restart(frail, service)
        writers.goes_on()
        writers.finish()
    assert writers.repeated, "no call was under way when the service was killed"


def test_reference_numbers_have_no_gap_after_a_kill(frail, ministry, loads):
    with loads["efile"]() as writers:
        writers.goes_on()
        _restart(frail, "efile")
        writers.goes_on()
        made = writers.finish()
    dossiers = load.pages(ministry.application.dossiers.ListDossiers,
                          dossier_pb2.ListDossiersRequest(parent="tenants/smi"), "dossiers")
    numbers = [int(dossier.reference.split("/")[-2]) for dossier in dossiers]
    assert len(numbers) >= len(made)
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_a_filed_document_is_there_whole_after_a_kill(frail, ministry):
    application = client.Client(frail.targets, ministry.application.token, service_config="{}")
    dossier = records.create_dossier(ministry.application, "smi").name
    with load.Load(load.documents(application, dossier),
                   lambda: load.every_document(application, dossier)) as writers:
        for _ in range(2):
            writers.goes_on()
            _restart(frail, "efile")
        acknowledged = writers.finish()
    for request_id, document in acknowledged.items():
        assert records.download(ministry.application, document.name)[1] == request_id.encode()


def test_an_upload_goes_on_after_efile_was_killed(frail, ministry):
    content = os.urandom(3_000_000)
    dossier = records.create_dossier(ministry.application, "smi")
    upload = records.create_upload(ministry.application, dossier.name, content)

    def torn():
        for number, message in enumerate(records.chunks(upload.name, content)):
            if number == 8:
                frail.kill("efile")
            yield message
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


def test_notification_is_killed_and_no_mail_is_lost(frail, ministry, loads):
    with loads["notification"](gap=0.01) as writers:
        for _ in range(2):
            writers.goes_on()
            _restart(frail, "notification")
        acknowledged = writers.finish()
    wanted = {f"Last {request_id}" for request_id in acknowledged}
    mails = wait_until(lambda: _mails(frail) if wanted <= set(_mails(frail)) else None, 60,
                       "the mails")
    for subject, ids in mails.items():
        assert len(set(ids)) == 1, f"{subject} came with different Message-IDs"
        if len(ids) > 1:
            _is_called_possible_duplicate(ministry, acknowledged[subject.removeprefix("Last ")])


def _mails(frail):
    """subject → Message-IDs of all mails that came with it."""
    found = {}
    for mail in frail.mails(to=RECIPIENT):
        headers = {name.lower(): value for name, value in mail["headers"].items()}
        found.setdefault(mail["subject"], []).append(headers["message-id"])
    return found


def _is_called_possible_duplicate(ministry, message):
    delivery, = ministry.application.messages.ListDeliveries(
        message_pb2.ListDeliveriesRequest(parent=message.name)).deliveries
    assert "possible_duplicate" in {transition.reason for transition in delivery.transitions}


@pytest.mark.parametrize("slow", ["identity", "efile", "notification"])
def test_catalog_is_killed_while_it_provisions(frail, ministry, slow):
    """At a step whose service says nothing, so that it cannot be over before."""
    order, approver = frail.order(f"later-{slow}", Key()), frail.operator("approver")
    os.kill(frail.pid(slow), signal.SIGSTOP)
    try:
        approver.orders.ApproveOrder(order_pb2.ApproveOrderRequest(name=order.name))
        wait_until(lambda: slow in _running_steps(approver, order.name), 20, f"the step {slow}")
        frail.kill("catalog")
    finally:
        os.kill(frail.pid(slow), signal.SIGCONT)
    frail.up()
    assert frail.finished(order.name, 120).state == order_pb2.Order.COMPLETED


def _running_steps(who, name):
    order = who.orders.GetOrder(order_pb2.GetOrderRequest(name=name))
    return {step.service for step in order.steps if step.state == order_pb2.StepStatus.RUNNING}


@pytest.mark.parametrize("victim", ["identity", "efile", "notification"])
def test_a_service_is_killed_while_it_is_provisioned(frail, ministry, victim):
    order = frail.order(f"with-{victim}", Key())
    frail.kill(victim)
    frail.operator("approver").orders.ApproveOrder(order_pb2.ApproveOrderRequest(name=order.name))
    frail.up()
    assert frail.finished(order.name, 120).state == order_pb2.Order.COMPLETED


@pytest.mark.parametrize("end", [signal.SIGQUIT, signal.SIGINT], ids=["crash", "restart"])
def test_postgresql_ends_under_load_of_all_services(frail, loads, end):
    """SIGQUIT is PostgreSQL's immediate shutdown: as after a crash, it recovers from its log."""
    with ExitStack() as stack:
        writers = [stack.enter_context(start(threads=2, gap=0.01)) for start in loads.values()]
        for load_ in writers:
            load_.goes_on()
        services = {name: frail.pid(name) for name in SERVICES}
        frail.kill("postgres", end)
        frail.up()
        for load_ in writers:
            load_.goes_on()
        for load_ in writers:
            load_.finish()
    assert services == {name: frail.pid(name) for name in SERVICES}, "a service had to restart"


def test_while_the_database_is_away_a_call_is_told_when_to_come_back(frail, ministry):
    frail.kill("postgres", signal.SIGINT)
    try:
        once = client.Client(frail.targets, ministry.application.token, service_config="{}")
        details = client.refused(records.create_dossier, once, "smi")
        assert (details.code.name, details.reason) == ("UNAVAILABLE", "DATABASE_UNAVAILABLE")
        assert details.retry_after > 0
    finally:
        frail.up()


def test_health_tells_of_each_service_by_name_whether_the_database_is_there(frail):
    _wait_for_health(frail, SERVING)
    frail.kill("postgres", signal.SIGINT)
    try:
        _wait_for_health(frail, NOT_SERVING)
    finally:
        frail.up()
    _wait_for_health(frail, SERVING)


def _wait_for_health(suite, state):
    """Of all services that the four servers have, and of the servers themselves."""
    asked = {(rpc.server, rpc.method.containing_service.full_name) for rpc in api.every_rpc()}
    for server, name in sorted(asked | {(server, "") for server in SERVICES}):
        wait_until(lambda: _health(suite, server, name) == state, 20,
                   f"the state {state} of {name or 'all'} at {server}")


def _health(suite, server, name):
    """HealthCheckResponse.status. The request has the name in field 1."""
    request = b"\x0a" + bytes([len(name)]) + name.encode()
    with grpc.insecure_channel(suite.targets[server]) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        try:
            answer = check(request, timeout=5 * PATIENCE)
        except grpc.RpcError:  # busy, or not there yet
            return 0
        return answer[1] if answer else 0
