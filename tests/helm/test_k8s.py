"""The files beside the chart fit it, and Prometheus accepts the rules."""

import json
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


def test_prometheus_accepts_the_rules():
    run = subprocess.run(["promtool", "check", "rules", str(K8S / "monitoring" / "rules.yaml")],
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_alerts_fire_when_they_should(tmp_path):
    """Each alert on a series that deserves it, at a time when `for` is over."""
    cases = {
        "SockelServiceDown": ('up{job="suite-efile", instance="a"}', "0x60"),
        "SockelInternalErrors": ('sockel_rpc_handled_total{rpc_service="s", rpc_method="m", '
                                 'code="INTERNAL"}', "0+1x60"),
        "SockelOverloaded": ('sockel_workers_refused_total{job="suite-efile", pool="calls"}', "0+5x60"),
        "SockelLedgerBehind": ('sockel_ledger_lag_seconds{job="suite-efile"}', "120x60"),
        "SockelLedgerFailing": ('sockel_ledger_failures_total{job="suite-efile"}', "0+1x60"),
        "SockelMailDelayed": ("sockel_notification_queue_lag_seconds", "1000x60"),
    }
    rules = documents(K8S / "monitoring" / "rules.yaml")[0]["groups"][0]["rules"]
    expected = {rule["alert"]: rule for rule in rules}
    tests = []
    for alert, (series, values) in cases.items():
        labels = dict(expected[alert]["labels"])
        for name in ("job", "instance", "pool", "rpc_service", "rpc_method"):
            if f'{name}="' in series:
                labels[name] = series.split(f'{name}="')[1].split('"')[0]
        annotations = {key: expand(text, labels)
                       for key, text in expected[alert]["annotations"].items()}
        tests.append({"interval": "1m", "input_series": [{"series": series, "values": values}],
                      "alert_rule_test": [{"eval_time": "40m", "alertname": alert, "exp_alerts": [
                          {"exp_labels": labels, "exp_annotations": annotations}]}]})
    path = tmp_path / "test.yaml"
    path.write_text(json.dumps({"rule_files": [str(K8S / "monitoring" / "rules.yaml")],
                                "tests": tests}))
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
