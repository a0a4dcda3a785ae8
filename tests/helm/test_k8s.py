"""The files beside the chart fit it, and Prometheus accepts the rules."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

REPO = Path(__file__).resolve().parents[2]
K8S = REPO / "k8s"
SERVICES = ["identity", "efile", "notification", "catalog"]


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


@pytest.mark.parametrize("path", sorted(K8S.rglob("*.yaml")), ids=lambda path: path.name)
def test_is_yaml_with_kind_and_name(path):
    for document in documents(path):
        if path.name == "rules.yaml":
            continue
        assert document["apiVersion"] and document["kind"] and document["metadata"]["name"]


def test_every_service_has_its_database_and_two_roles():
    cluster, = documents(K8S / "database" / "cluster.yaml")
    roles = {role["name"] for role in cluster["spec"]["managed"]["roles"]}
    assert roles == {f"sockel_{s}" for s in SERVICES} | {f"sockel_{s}_owner" for s in SERVICES}
    databases = {d["spec"]["name"]: d["spec"]["owner"]
                 for d in documents(K8S / "database" / "databases.yaml")}
    assert databases == {f"sockel_{s}": f"sockel_{s}_owner" for s in SERVICES}


def test_no_role_may_bypass_row_security():
    cluster, = documents(K8S / "database" / "cluster.yaml")
    for role in cluster["spec"]["managed"]["roles"]:
        assert not role.get("superuser") and not role.get("bypassrls")


def test_a_role_reaches_its_own_database_only():
    cluster, = documents(K8S / "database" / "cluster.yaml")
    *rules, last = cluster["spec"]["postgresql"]["pg_hba"]
    assert rules == [f"hostssl sockel_{s} sockel_{s},sockel_{s}_owner all scram-sha-256"
                     for s in SERVICES]
    assert last == "host all all all reject"


def test_prometheus_accepts_the_rules():
    run = subprocess.run(["promtool", "check", "rules", str(K8S / "monitoring" / "rules.yaml")],
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


# Alert → series that deserve it, each with its values of an hour.
SERIES = {
    "SockelServiceDown": {'up{job="suite-efile", instance="a"}': "0x60"},
    "SockelInternalErrors": {
        'sockel_rpc_handled_total{rpc_service="s", rpc_method="m", code="INTERNAL"}': "0+1x60"},
    "SockelUnavailable": {
        'sockel_rpc_handled_total{rpc_service="s", code="UNAVAILABLE"}': "0+10x60",
        'sockel_rpc_handled_total{rpc_service="s", code="OK"}': "0+90x60"},
    "SockelOverloaded": {'sockel_workers_refused_total{job="suite-efile", pool="calls"}': "0+5x60"},
    "SockelSlow": {
        'sockel_rpc_duration_seconds_bucket{rpc_service="s", rpc_method="m", rpc_type="unary", '
        f'le="{limit}"}}': f"0+{count}x60" for limit, count in (("1", 90), ("2.5", 100), ("+Inf", 100))},
    "SockelLedgerBehind": {'sockel_ledger_lag_seconds{job="suite-efile"}': "120x60"},
    "SockelLedgerFailing": {'sockel_ledger_failures_total{job="suite-efile"}': "0+1x60"},
    "SockelRevocationsStale": {
        'sockel_auth_revocations_age_seconds{job="suite-efile", instance="a"}': "0+60x60"},
    "SockelMailDelayed": {"sockel_notification_queue_lag_seconds": "1000x60"},
}


def _alerts():
    rules = documents(K8S / "monitoring" / "rules.yaml")[0]["groups"][0]["rules"]
    return {rule["alert"]: rule for rule in rules}


def test_every_alert_is_tried():
    assert SERIES.keys() == _alerts().keys()


@pytest.mark.parametrize("alert", SERIES)
def test_an_alert_fires_when_it_should(alert, tmp_path):
    """At a time when its `for` is over, and with the labels that its text speaks of."""
    rule = _alerts()[alert]
    asked = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    labels = {**rule["labels"], **{name: value for name, value in re.findall(
        r'(\w+)="([^"]*)"', next(iter(SERIES[alert]))) if name in asked | {"job"}}}
    annotations = {key: expand(text, labels) for key, text in rule["annotations"].items()}
    assert "$labels" not in str(annotations)
    path = tmp_path / "test.yaml"
    path.write_text(json.dumps({"rule_files": [str(K8S / "monitoring" / "rules.yaml")], "tests": [{
        "interval": "1m",
        "input_series": [{"series": series, "values": values}
                         for series, values in SERIES[alert].items()],
        "alert_rule_test": [{"eval_time": "40m", "alertname": alert, "exp_alerts": [
            {"exp_labels": labels, "exp_annotations": annotations}]}]}]}))
    run = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True,
                         check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def expand(text, labels):
    for name, value in labels.items():
        text = text.replace("{{ $labels.%s }}" % name, value)
    return text


def test_the_operator_gets_the_same_rules():
    rule, = documents(K8S / "monitoring" / "prometheus-rule.yaml")
    assert rule["spec"] == documents(K8S / "monitoring" / "rules.yaml")[0]
