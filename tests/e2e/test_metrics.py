"""A real Prometheus scrapes the suite."""

import json
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import records
from suite import SERVICES, wait_until


def _get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


def _is_ready(url):
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def prometheus(suite):
    program = shutil.which("prometheus")
    assert program, "the package prometheus is missing: tools/dev setup"
    folder = Path(tempfile.mkdtemp(prefix="sockel-prometheus-"))
    config = folder / "prometheus.yml"
    jobs = "".join(f"  - job_name: {service}\n    static_configs:\n"
                   f"      - targets: ['127.0.0.1:{suite.metrics_port(service)}']\n"
                   for service in SERVICES)
    config.write_text(f"global:\n  scrape_interval: 1s\nscrape_configs:\n{jobs}")
    log = folder / "log"
    process = subprocess.Popen(
        [program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
         "--web.listen-address=127.0.0.1:0"], stderr=log.open("w"), stdout=subprocess.DEVNULL)
    try:
        def address():
            for line in log.read_text().splitlines():
                if "Listening on" in line and "address=" in line:
                    return line.split("address=")[1].split()[0]
            assert process.poll() is None, log.read_text()
            return None
        url = f"http://{wait_until(address, 20, 'the start of prometheus')}"
        wait_until(lambda: _is_ready(url), 30, "prometheus to be ready")
        yield url
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _query(prometheus, expression):
    url = f"{prometheus}/api/v1/query?query={urllib.parse.quote(expression)}"
    return _get(url)["data"]["result"]


def test_every_service_is_up_for_prometheus(prometheus):
    wait_until(lambda: sum(r["value"][1] == "1" for r in _query(prometheus, "up")) == len(SERVICES),
               30, "a scrape of all services")


def test_rate_errors_and_duration_of_each_method_are_there(prometheus, smi):
    records.create_dossier(smi.application, "smi")
    wait_until(lambda: _query(
        prometheus, 'sockel_rpc_handled_total{rpc_method="CreateDossier", code="OK"} > 0'),
        20, "the count of CreateDossier")
    assert _query(prometheus, 'sockel_rpc_duration_seconds_count{rpc_method="CreateDossier"} > 0')


@pytest.mark.parametrize("name", ["sockel_workers_queued", "sockel_workers_busy", "sockel_pg_pool_in_use",
                                  "sockel_pg_pool_wait_seconds_count", "sockel_ledger_lag_seconds"])
def test_pool_queue_and_ledger_are_watched(prometheus, name):
    wait_until(lambda: len({r["metric"]["job"] for r in _query(prometheus, name)}) == len(SERVICES),
               20, f"{name} of all services")


def test_every_service_says_that_it_is_ready(prometheus):
    wait_until(lambda: {r["metric"]["job"] for r in _query(prometheus, "sockel_ready == 1")} ==
               set(SERVICES), 20, "sockel_ready of all services")


def test_whoever_follows_the_revocations_shows_how_old_they_are(prometheus):
    fresh = "sockel_auth_revocations_age_seconds < 5"
    wait_until(lambda: {r["metric"]["job"] for r in _query(prometheus, fresh)} ==
               set(SERVICES) - {"identity"}, 20, f"{fresh} of all services but identity")


def test_no_label_is_unbounded(prometheus, smi):
    """A name, id or tenant in a label would make a series per thing. Bringing a ministry in has
    called each service."""
    allowed = {"__name__", "job", "instance", "service", "rpc_service", "rpc_method", "rpc_type", "code",
               "le", "name", "query", "transaction", "state", "channel", "outcome", "reason", "pool"}
    calls = "sockel_rpc_handled_total > 0"
    wait_until(lambda: {r["metric"]["job"] for r in _query(prometheus, calls)} == set(SERVICES),
               20, f"{calls} of all services")
    series = _get(f"{prometheus}/api/v1/series?match[]={{__name__=~\"sockel_.%2b\"}}")["data"]
    for labels in series:
        assert set(labels) <= allowed, labels
        assert not any("tenants/" in value for value in labels.values()), labels
