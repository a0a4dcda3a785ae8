"""The files beside the chart fit it, and Prometheus accepts the rules."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from chart import of_kind

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


def test_a_commit_waits_for_a_standby_and_does_not_go_on_without():
    spec = documents(K8S / "database" / "cluster.yaml")[0]["spec"]
    assert spec["postgresql"]["synchronous"] == {"method": "any", "number": 1,
                                                 "dataDurability": "required"}
    assert spec["instances"] > 2  # else the loss of one node would stop all writes
    assert not {"minSyncReplicas", "maxSyncReplicas"} & spec.keys()


def test_every_night_the_database_is_backed_up_where_it_archives_to():
    cluster, = documents(K8S / "database" / "cluster.yaml")
    backup = {document["kind"]: document for document in documents(K8S / "database" / "backup.yaml")}
    store, schedule = backup["ObjectStore"], backup["ScheduledBackup"]["spec"]
    archive, = cluster["spec"]["plugins"]
    assert archive["isWALArchiver"] is True
    assert archive["parameters"] == {"barmanObjectName": store["metadata"]["name"]}
    assert schedule["cluster"] == {"name": cluster["metadata"]["name"]}
    assert (schedule["method"], schedule["pluginConfiguration"]) == ("plugin", {"name": archive["name"]})
    # With seconds; every field after the day's time is a star.
    assert re.fullmatch(r"\d+ \d+ \d+ \* \* \*", schedule["schedule"])
    assert {d["metadata"]["namespace"] for d in (cluster, *backup.values())} == {"sockel"}


def test_the_database_keeps_as_long_as_efile_keeps_what_an_older_one_does_not_know():
    store, = (d for d in documents(K8S / "database" / "backup.yaml") if d["kind"] == "ObjectStore")
    sweep = (REPO / "services/efile/uploads/orphan_sweep.h").read_text()
    days, = re.findall(r"kTrashAge = absl::Hours\((\d+) \* 24\)", sweep)
    assert store["spec"]["retentionPolicy"] == f"{days}d"


def test_the_image_of_the_database_is_one_that_the_operator_runs():
    cluster, = documents(K8S / "database" / "cluster.yaml")
    assert cluster["spec"]["imageName"].startswith("ghcr.io/cloudnative-pg/postgresql:15")


def test_a_restored_cluster_is_under_the_same_policy():
    policy, = documents(K8S / "policies" / "database.yaml")
    any_cluster = {"matchExpressions": [{"key": "cnpg.io/cluster", "operator": "Exists"}]}
    assert policy["spec"]["podSelector"] == any_cluster
    assert {"podSelector": any_cluster} in policy["spec"]["ingress"][0]["from"]


def test_prometheus_accepts_the_rules():
    run = subprocess.run(["promtool", "check", "rules", str(K8S / "monitoring" / "rules.yaml")],
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


# Alert → series that deserve it, each with its values of an hour.
SERIES = {
    "SockelServiceDown": {'up{job="sockel-efile", instance="a"}': "0x60"},
    "SockelServiceMissing": {f'up{{job="sockel-{service}"}}': "1x60" for service in SERVICES[:3]},
    "SockelNotReady": {f'sockel_ready{{job="sockel-efile", instance="{each}"}}': "0x60" for each in "ab"},
    "SockelReplicaNotReady": {'sockel_ready{job="sockel-efile", instance="a"}': "0x60",
                              'sockel_ready{job="sockel-efile", instance="b"}': "1x60"},
    # A single one.
    "SockelInternalErrors": {
        'sockel_rpc_handled_total{rpc_service="s", rpc_method="m", code="DATA_LOSS"}': "0x30 1x30"},
    "SockelUnavailable": {
        'sockel_rpc_handled_total{rpc_service="s", code="UNAVAILABLE"}': "0+10x60",
        'sockel_rpc_handled_total{rpc_service="s", code="OK"}': "0+90x60"},
    "SockelOverloaded": {'sockel_workers_refused_total{job="sockel-efile", pool="calls"}': "0+5x60"},
    "SockelSlow": {
        'sockel_rpc_duration_seconds_bucket{rpc_service="s", rpc_method="m", rpc_type="unary", '
        f'le="{limit}"}}': f"0+{count}x60" for limit, count in (("1", 90), ("2.5", 100), ("+Inf", 100))},
    "SockelDatabaseFailing": {'sockel_pg_transaction_failures_total{job="sockel-efile"}': "0+1x60"},
    "SockelDatabasePoolRefuses": {'sockel_pg_pool_refused_total{job="sockel-efile"}': "0+1x60"},
    "SockelLedgerBehind": {'sockel_ledger_lag_seconds{job="sockel-efile"}': "120x60"},
    "SockelLedgerFailing": {'sockel_ledger_failures_total{job="sockel-efile"}': "0+1x60"},
    "SockelLedgerRefused": {'sockel_ledger_refused_logs{job="sockel-efile", instance="a"}': "1x60",
                            'sockel_ledger_refused_logs{job="sockel-efile", instance="b"}': "0x60"},
    "SockelRevocationsStale": {
        'sockel_auth_revocations_age_seconds{job="sockel-efile", instance="a"}': "0+60x60"},
    "SockelMailDelayed": {"sockel_notification_queue_lag_seconds": "1000x60"},
    "SockelOrdersFailed": {
        'sockel_catalog_orders_total{job="sockel-catalog", outcome="failed"}': "0x30 1x30"},
    "SockelOrdersOrphaned": {'sockel_catalog_orphaned_steps_total{job="sockel-catalog"}': "0x30 1x30"},
    "SockelContentFull": {'sockel_efile_content_free_bytes{job="sockel-efile"}': "14x60",
                          'sockel_efile_content_size_bytes{job="sockel-efile"}': "100x60"},
    "SockelUploadCleanupFailing": {
        'sockel_efile_upload_cleanup_failures_total{job="sockel-efile"}': "0+1x60"},
    "SockelDatabaseVolumeFull": {
        f'kubelet_volume_stats_{name}_bytes{{persistentvolumeclaim="sockel-db-1-wal", namespace="sockel"}}':
        f"{value}x60" for name, value in (("available", 14), ("capacity", 100))},
    # Time begins at 0.
    "SockelDatabaseBackupOld": {
        'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="sockel"}': "-200000x60"},
    "SockelCertificateExpires": {
        'sockel_tls_certificate_expiry_timestamp_seconds{job="sockel-efile"}': "600000x60"},
}
# Of alerts that are not about their first series.
LABELS = {"SockelServiceMissing": {"job": "sockel-catalog"}}
# Series that deserve no alert, and the one they come close to.
QUIET = [
    ("SockelServiceDown", {'up{job="my-catalog", instance="a"}': "0x60"}),
    ("SockelServiceMissing", {f'up{{job="sockel-{service}"}}': "1x60" for service in SERVICES}),
    ("SockelNotReady", {'sockel_ready{job="sockel-efile", instance="a"}': "0x60",
                        'sockel_ready{job="sockel-efile", instance="b"}': "1x60"}),
    ("SockelReplicaNotReady", {'sockel_ready{job="sockel-efile", instance="a"}': "1x35 0x25"}),
    ("SockelInternalErrors", {
        'sockel_rpc_handled_total{rpc_service="s", rpc_method="m", code="INTERNAL"}': "0x5 1x55"}),
    ("SockelDatabaseFailing", {'sockel_pg_transaction_failures_total{job="sockel-efile"}': "0x30 5x30"}),
    ("SockelOrdersFailed", {
        'sockel_catalog_orders_total{job="sockel-catalog", outcome="completed"}': "0x30 1x30"}),
    ("SockelContentFull", {'sockel_efile_content_free_bytes{job="sockel-efile"}': "20x60",
                           'sockel_efile_content_size_bytes{job="sockel-efile"}': "100x60"}),
    ("SockelUploadCleanupFailing", {
        'sockel_efile_upload_cleanup_failures_total{job="sockel-efile"}': "0x20 5x40"}),
    ("SockelDatabaseBackupOld", {
        'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="sockel"}': "-90000x60"}),
    ("SockelCertificateExpires", {
        'sockel_tls_certificate_expiry_timestamp_seconds{job="sockel-efile"}': "700000x60"}),
]


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
    labels = {**rule["labels"], **LABELS.get(alert, {
        name: value for name, value in re.findall(r'(\w+)="([^"]*)"', next(iter(SERIES[alert])))
        if name in asked | {"job"}})}
    annotations = {key: expand(text, labels) for key, text in rule["annotations"].items()}
    assert "$labels" not in str(annotations)
    _try(alert, SERIES[alert], [{"exp_labels": labels, "exp_annotations": annotations}], tmp_path)


@pytest.mark.parametrize("alert, series", QUIET, ids=[alert for alert, _ in QUIET])
def test_an_alert_is_quiet_when_it_should_be(alert, series, tmp_path):
    _try(alert, series, [], tmp_path)


def _try(alert, series, expected, folder):
    path = folder / "test.yaml"
    path.write_text(json.dumps({"rule_files": [str(K8S / "monitoring" / "rules.yaml")], "tests": [{
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [{"eval_time": "40m", "alertname": alert, "exp_alerts": expected}]}]}))
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


def test_the_jobs_have_the_names_that_the_rules_ask_for(full):
    """The release is called suite: whatever it is called, the rules find its services."""
    named = [endpoint["relabelings"] for monitor in of_kind(full, "ServiceMonitor").values()
             for endpoint in monitor["spec"]["endpoints"]]
    jobs = {relabeling["replacement"] for (relabeling,) in named if relabeling["targetLabel"] == "job"}
    rules = _alerts()
    assert jobs == set(re.findall(r'job="([^"]+)"', rules["SockelServiceMissing"]["expr"]))
    down = re.search(r'job=~"([^"]+)"', rules["SockelServiceDown"]["expr"]).group(1)
    assert jobs == {f"sockel-{s}" for s in SERVICES} and all(re.fullmatch(down, job) for job in jobs)
