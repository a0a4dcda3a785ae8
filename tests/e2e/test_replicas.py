"""Two of every service, side by side, behind client-side load balancing."""

import client
import load
import pytest
import records
from sockel.audit.v1 import audit_pb2
from sockel.efile.v1 import dossier_pb2
from sockel.events.v1 import events_pb2
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


def test_the_log_of_both_is_one(pair, ministry):
    one, two, _ = _each(pair, ministry.admin)
    app_one, app_two, _ = _each(pair, ministry.application)
    names = [records.create_dossier(who, "smi").name for _ in range(10) for who in (app_one, app_two)]

    def everything(who):
        entries, token = [], ""
        while True:
            page = who.audit("efile").ListEntries(audit_pb2.ListEntriesRequest(
                parent="tenants/smi", page_size=1000, page_token=token))
            entries += page.entries
            token = page.next_page_token
            if not token:
                return entries
    wait_until(lambda: set(names) <= {e.entry.resource for e in everything(one)}, 20, "integration")
    log = everything(one)
    assert [entry.index for entry in log] == list(range(len(log)))
    assert [e.leaf for e in everything(two)][:len(log)] == [e.leaf for e in log]
    assert len({e.entry.id for e in log}) == len(log)


def test_killing_one_costs_no_call_that_a_retry_does_not_repair(pair, ministry):
    *_, both = _each(pair, ministry.application)
    failed = []

    def write(request_id):
        import grpc
        try:
            return records.create_dossier(both, "smi", "Last", request_id)
        except grpc.RpcError as error:
            failed.append(client.Details(error))
            raise
    writers = load.Load(write)
    for victim in ("efile", "efile-1"):
        wait_until(lambda: writers.count() >= 50, 30, "progress of the writers")
        pair.kill(victim)
        reached = writers.count() + 100
        wait_until(lambda: writers.count() >= reached, 30, "progress with one replica")
        pair.up()
    acknowledged = writers.stop()
    assert not failed, failed[:3]
    assert {answer.name for answer in acknowledged.values()} <= \
        load.every_dossier(ministry.application, "smi")
