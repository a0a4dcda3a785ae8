"""Two of every service, side by side, behind client-side load balancing."""

import signal

import client
import load
import pytest
import records
from sockel.audit.v1 import audit_pb2
from sockel.efile.v1 import dossier_pb2
from sockel.events.v1 import events_pb2
from sockel.notification.v1 import message_pb2
from suite import Suite, wait_until


@pytest.fixture(scope="module")
def pair():
    started = Suite("--replicas", "2")
    yield started
    started.close()


@pytest.fixture(scope="module")
def ministry(pair):
    return pair.onboard("smi")


def _each(pair, who):
    """A client per replica, and one over both."""
    single = [client.Client({service: f"127.0.0.1:{pair.port(service, replica)}"
                             for service in pair.targets}, who.token) for replica in (0, 1)]
    return *single, client.Client(pair.targets, who.token, client.BALANCED)


def test_a_retry_at_the_other_replica_gets_the_first_answer(pair, ministry):
    one, two, _ = _each(pair, ministry.application)
    request_id = client.request_id()
    first = records.create_dossier(one, "smi", request_id=request_id)
    again = records.create_dossier(two, "smi", request_id=request_id)
    assert first.SerializeToString(deterministic=True) == again.SerializeToString(deterministic=True)


def test_the_same_request_at_both_at_once_is_done_once(pair, ministry):
    from concurrent.futures import ThreadPoolExecutor
    one, two, _ = _each(pair, ministry.application)
    before = load.every_dossier(one, "smi")
    ids = [client.request_id() for _ in range(20)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(
            lambda job: (job[0], records.create_dossier(job[1], "smi", request_id=job[0]).name),
            [(request_id, who) for request_id in ids for who in (one, two)]))
    assert len(set(answers)) == len(ids)
    assert len(load.every_dossier(two, "smi") - before) == len(ids)


def test_a_page_token_of_one_is_good_at_the_other(pair, ministry):
    one, two, _ = _each(pair, ministry.application)
    for _ in range(3):
        records.create_dossier(one, "smi")
    page = one.dossiers.ListDossiers(dossier_pb2.ListDossiersRequest(parent="tenants/smi", page_size=2))
    rest = two.dossiers.ListDossiers(dossier_pb2.ListDossiersRequest(
        parent="tenants/smi", page_size=1000, page_token=page.next_page_token))
    names = [d.name for d in page.dossiers] + [d.name for d in rest.dossiers]
    assert len(names) == len(set(names)) and set(names) == load.every_dossier(one, "smi")


def test_a_watch_at_one_hears_of_a_write_at_the_other_and_goes_on_there(pair, ministry):
    one, two, _ = _each(pair, ministry.application)
    made = [records.create_dossier(one, "smi").name]

    def first_events(who, cursor, until):
        stream = who.events("efile").WatchEvents(events_pb2.WatchEventsRequest(
            parent="tenants/smi", cursor=cursor, types=["efile.dossier.created"]), timeout=20)
        found = []
        for answer in stream:
            cursor = answer.cursor
            if answer.HasField("event"):
                found.append(answer.event.resource)
            if until in found:
                break
        stream.cancel()
        return found, cursor
    _, cursor = first_events(two, "", made[0])
    made.append(records.create_dossier(two, "smi").name)
    assert first_events(one, cursor, made[1])[0] == [made[1]]


def _calls(pair, replica, method):
    """How many calls of a method the replica has logged."""
    return (pair.state / "log" / f"{replica}.log").read_text().count(method)


def test_calls_go_to_both(pair, ministry):
    method = "DossierService/CreateDossier"
    *_, both = _each(pair, ministry.application)
    before = [_calls(pair, replica, method) for replica in ("efile", "efile-1")]
    for _ in range(10):
        records.create_dossier(both, "smi", "Verteilt")

    def taken():
        return [_calls(pair, replica, method) - count
                for replica, count in zip(("efile", "efile-1"), before)]
    # The line is written after the answer.
    wait_until(lambda: sum(taken()) >= 10, 10, "the lines of the calls")
    assert min(taken()) > 0, f"one replica took all calls: {taken()}"


def test_a_mail_is_sent_once(pair, ministry):
    *_, both = _each(pair, ministry.application)
    send = load.messages(both, "smi", "einmal@example.org")
    messages = {request_id: send(request_id).name
                for request_id in (client.request_id() for _ in range(40))}
    sent = [wait_until(lambda: _sent(both, name), 30, f"the mail of {name}")
            for name in messages.values()]
    assert [delivery.attempts for delivery in sent] == [1] * len(messages)
    assert sorted(mail["subject"] for mail in pair.mails(to="einmal@example.org")) == \
        sorted(f"Last {request_id}" for request_id in messages)


def _sent(who, message):
    """The delivery of a message to one recipient, once the relay has taken it: no one tries then."""
    delivery, = who.messages.ListDeliveries(
        message_pb2.ListDeliveriesRequest(parent=message)).deliveries
    return delivery if delivery.state == message_pb2.Delivery.SENT else None


@pytest.mark.parametrize("service", ["identity", "efile", "notification", "catalog"])
def test_killing_one_costs_no_call_that_a_retry_does_not_repair(pair, ministry, service):
    """The load's calls are repeated by gRPC's retry policy alone: none of them may fail."""
    *_, application = _each(pair, ministry.application)
    *_, admin = _each(pair, ministry.admin)
    write, every = {
        "identity": (load.users(admin, "smi"), lambda: load.every_user(admin, "smi")),
        "efile": (load.dossiers(application, "smi"), lambda: load.every_dossier(application, "smi")),
        "notification": (load.messages(application, "smi", "buerger@example.org"),
                         lambda: load.every_message(application, "smi")),
        "catalog": (load.orders(admin, "smi"), lambda: load.every_order(admin, "smi")),
    }[service]
    with load.Load(write, every) as writers:
        for victim in (service, f"{service}-1"):
            writers.goes_on()
            pair.kill(victim)
            writers.goes_on(50)
            pair.up()
        writers.goes_on()
        writers.finish()
    assert not writers.repeated, f"{len(writers.repeated)} calls failed at the client"


@pytest.mark.parametrize("service", ["efile", "notification"])
def test_restarting_one_after_the_other_costs_no_call(pair, ministry, service):
    """As an upgrade does it."""
    *_, both = _each(pair, ministry.application)
    write, every = {
        "efile": (load.dossiers(both, "smi"), lambda: load.every_dossier(both, "smi")),
        "notification": (load.messages(both, "smi", "buerger@example.org"),
                         lambda: load.every_message(both, "smi")),
    }[service]
    with load.Load(write, every) as writers:
        for replica in (service, f"{service}-1"):
            writers.goes_on()
            pair.kill(replica, signal.SIGTERM)
            writers.goes_on(50)
            pair.up()
        writers.goes_on()
        writers.finish()
    assert not writers.repeated, f"{len(writers.repeated)} calls failed at the client"


def test_after_all_this_each_change_is_in_events_and_log_once(pair, ministry):
    """Sequencers and event readers of both have died and taken over from each other meanwhile."""
    one, two, _ = _each(pair, ministry.application)
    made = load.every_dossier(one, "smi")
    last = records.create_dossier(two, "smi").name
    heard = []
    for answer in one.events("efile").WatchEvents(events_pb2.WatchEventsRequest(
            parent="tenants/smi", types=["efile.dossier.created"])):
        heard.append(answer.event.resource)
        if last in heard:
            break
    assert made | {last} == set(heard) and len(heard) == len(set(heard))

    admin_one, admin_two, _ = _each(pair, ministry.admin)

    def everything(who):
        return list(load.pages(who.audit("efile").ListEntries,
                               audit_pb2.ListEntriesRequest(parent="tenants/smi"), "entries"))
    wait_until(lambda: last in {e.entry.resource for e in everything(admin_one)}, 20, "integration")
    log = everything(admin_one)
    assert [entry.index for entry in log] == list(range(len(log)))
    assert [entry.leaf for entry in everything(admin_two)] == [entry.leaf for entry in log]
    created = [e.entry.resource for e in log if e.entry.action == "efile.dossiers.create"]
    assert len(created) == len(set(created)) and set(created) == set(heard)
