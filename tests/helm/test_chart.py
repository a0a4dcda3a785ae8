"""The chart renders with a real helm, and what it renders is whole, fits together, and is what the
pod security standard `restricted` asks for."""

import json
import re
from pathlib import Path

import pytest
import yaml
from chart import CHART, EVERYTHING, SERVICES, configuration, of_kind, pods, strings, template, workloads


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_lints(helm, values):
    helm("lint", "--strict", str(CHART), values=values)


def test_every_service_has_its_parts(rendered):
    names = [f"suite-{service}" for service in SERVICES]
    for kind in ("Deployment", "Service", "ConfigMap", "PodDisruptionBudget", "NetworkPolicy"):
        assert sorted(of_kind(rendered, kind)) == sorted(names), kind
    jobs = of_kind(rendered, "Job")
    assert all(any(job.startswith(f"{name}-migrate-") for job in jobs) for name in names)


def test_service_monitors_on_demand(helm, full):
    assert len(of_kind(full, "ServiceMonitor")) == 4
    assert "ServiceMonitor" not in helm("template", "suite", str(CHART))


def test_pods_are_restricted(rendered):
    for pod in pods(rendered):
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))
        allowed = {"configMap", "secret", "emptyDir", "persistentVolumeClaim"}
        assert all(set(volume) - {"name"} <= allowed for volume in pod["volumes"])
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["readOnlyRootFilesystem"] is True
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_every_mount_has_its_volume(rendered):
    for pod in pods(rendered):
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes


def test_secrets_are_only_referred_to(rendered):
    assert not of_kind(rendered, "Secret")
    for container in (c for pod in pods(rendered) for c in pod["containers"]):
        assert "env" not in container


def secrets_of(pod):
    """Name of the volume → keys of the secret that it mounts; None: all of them."""
    return {volume["name"]: [item["key"] for item in volume["secret"].get("items", [])] or None
            for volume in pod["volumes"] if "secret" in volume}


def test_of_a_secret_only_what_is_needed_is_mounted(rendered):
    """Beside ca.crt, the secret of the database's authority holds the authority's own key."""
    for name, pod in workloads(rendered).items():
        secrets = secrets_of(pod)
        assert all(secrets.values()), f"{name}: {secrets}"
        assert all(keys == ["ca.crt"] for volume, keys in secrets.items() if volume.endswith("-ca")), name


def test_a_service_may_have_a_certificate_of_its_own(full):
    """Nobody else gets it, and it is not needed for the others."""
    mounted = {name: volume["secret"]["secretName"] for name, pod in workloads(full).items()
               for volume in pod["volumes"] if volume["name"] == "tls"}
    assert mounted.pop("Deployment suite-efile") == "efile-tls"
    assert set(mounted.values()) == {"sockel-tls"}


def test_only_migrations_see_the_owner_password(rendered):
    for name, document in of_kind(rendered, "Deployment").items():
        assert "owner" not in json.dumps(document), name
    for name, document in of_kind(rendered, "ConfigMap").items():
        assert "owner" not in document["data"]["serve.yaml"], name


def test_configuration_is_yaml_and_its_files_are_mounted(rendered):
    deployments = of_kind(rendered, "Deployment")
    for name, document in of_kind(rendered, "ConfigMap").items():
        config = yaml.safe_load(document["data"]["serve.yaml"])
        pod = deployments[name]["spec"]["template"]["spec"]
        mounted = {item["path"] for volume in pod["volumes"] if volume["name"] == "secrets"
                   for item in volume["secret"]["items"]}
        needed = {Path(value).name for value in strings(config)
                  if value.startswith("/etc/sockel/secrets/")}
        assert needed == mounted


def files_of(pod):
    """What is mounted: single files, and folders of which the chart does not say what they hold."""
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    files, folders = set(), set()
    for mount in pod["containers"][0]["volumeMounts"]:
        volume = volumes[mount["name"]]
        items = (volume.get("secret") or volume.get("configMap") or {}).get("items")
        files |= {f"{mount['mountPath']}/{item['path']}" for item in items or ()}
        folders |= set() if items else {mount["mountPath"]}
    return files, folders


def test_every_file_that_a_program_is_told_of_is_there(rendered):
    for name, pod in workloads(rendered).items():
        container, = pod["containers"]
        told = " ".join([configuration(rendered, pod)[1], *container["args"]])
        files, folders = files_of(pod)
        paths = re.findall(r"(?<![\w./])/(?:etc|var/lib)/sockel/[\w./-]+", told)
        assert len(paths) > 1
        for path in paths:
            assert path in files or folders & {path, *map(str, Path(path).parents)}, f"{name}: {path}"


def test_a_probe_asks_with_the_settings_of_the_server(full):
    pod = of_kind(full, "Deployment")["suite-efile"]["spec"]["template"]["spec"]
    container, = pod["containers"]
    assert container["readinessProbe"]["exec"]["command"][-2:] == container["args"][-2:]


def test_the_mail_server_gets_what_it_asks_for(full):
    config = yaml.safe_load(of_kind(full, "ConfigMap")["suite-notification"]["data"]["serve.yaml"])
    assert config["notification"]["smtp"]["username"] == "sockel"
    assert config["notification"]["fallback_sender"] == {"address": "noreply@provider.example"}
    for name, pod in workloads(full).items():
        password = {"key": "relay-password", "path": "smtp-password"}
        items = next(v for v in pod["volumes"] if v["name"] == "secrets")["secret"]["items"]
        assert (password in items, "smtp-ca" in secrets_of(pod)) == \
            ((True, True) if name == "Deployment suite-notification" else (False, False)), name


@pytest.mark.parametrize("smtp", [{"username": "sockel"}, {"passwordKey": "relay-password"}])
def test_a_name_without_a_password_is_refused(helm, smtp):
    said = helm("template", "suite", str(CHART), values={"smtp": smtp}, good=False)
    assert "smtp.username and smtp.passwordKey go together" in said


def test_the_platform_may_choose_the_user(helm):
    """OpenShift refuses a user, or a group of volumes, that is not of the namespace's range."""
    for pod in pods(template(helm, {"userId": 0})):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & pod["securityContext"].keys()
    for pod in pods(template(helm, {"userId": 1000660000})):
        for key in ("runAsUser", "runAsGroup", "fsGroup"):
            assert repr(pod["securityContext"][key]) == "1000660000"  # not 1.00066e+09


def test_a_service_can_be_held_down(helm):
    deployments = of_kind(template(helm, {"services": {"efile": {"replicas": 0}}}), "Deployment")
    assert {name: d["spec"]["replicas"] for name, d in deployments.items()} == {
        "suite-identity": 2, "suite-efile": 0, "suite-notification": 2, "suite-catalog": 2}


def test_an_upgrade_waits_until_clients_know_the_new_pod(rendered):
    """gRPC asks DNS again after 30 seconds at the earliest."""
    for name, document in of_kind(rendered, "Deployment").items():
        assert document["spec"]["minReadySeconds"] > 30, name


def test_a_job_is_found_by_the_name_of_its_pods(rendered):
    for name, job in of_kind(rendered, "Job").items():
        labels = job["spec"]["template"]["metadata"]["labels"]
        assert labels.items() <= job["metadata"]["labels"].items(), name


def test_the_notes_say_how_a_job_that_gave_up_is_run_again(helm):
    said = helm("install", "suite", str(CHART), "--dry-run=client", "--namespace", "there")
    label, = re.findall(r"kubectl -n there delete job -l (\S+)", said)
    jobs = [job for job in of_kind(template(helm, {}), "Job").values()
            if set(label.split(",")) <= {f"{k}={v}" for k, v in job["metadata"]["labels"].items()}]
    assert [job["metadata"]["name"].rpartition("-")[0] for job in jobs] == ["suite-efile-migrate"]


def peers(document, direction):
    """Ports → who, of each rule; None: anybody anywhere."""
    whom = {"ingress": "from", "egress": "to"}[direction]
    return {tuple(port["port"] for port in rule["ports"]): rule.get(whom)
            for rule in document["spec"][direction]}


def test_without_peers_the_whole_cluster_may_come_and_nobody_else(helm):
    for name, document in of_kind(template(helm, {}), "NetworkPolicy").items():
        rules = peers(document, "ingress")
        assert len(rules) == 2
        assert all({"namespaceSelector": {}} in allowed for allowed in rules.values()), name


def test_with_peers_only_they_and_the_services_may_come(full):
    for name, document in of_kind(full, "NetworkPolicy").items():
        own = {"podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "sockel",
                                               "app.kubernetes.io/instance": "suite"}}}
        calls, metrics = peers(document, "ingress").values()
        assert calls == [own, *EVERYTHING["networkPolicy"]["clients"]], name
        assert metrics == EVERYTHING["networkPolicy"]["monitoring"], name


def test_names_are_resolved_on_openshift_too(rendered):
    """There the pods of DNS listen on 5353, which is the port that policies see."""
    for document in of_kind(rendered, "NetworkPolicy").values():
        assert (53, 53, 5353, 5353) in peers(document, "egress")


# Only the catalog calls the others; all ask identity for keys.
CALLS = {"identity": [], "efile": ["identity"], "notification": ["identity"],
         "catalog": ["identity", "efile", "notification"]}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_those_that_it_calls_and_knows_no_others(rendered, service):
    port = dict(zip(SERVICES, (7001, 7002, 7003, 7004)))
    reached = {ports: to for ports, to in peers(of_kind(rendered, "NetworkPolicy")[f"suite-{service}"],
                                                "egress").items() if set(ports) & set(port.values())}
    assert reached == {(port[other],): [{"podSelector": {"matchLabels": {
        "app.kubernetes.io/name": other, "app.kubernetes.io/instance": "suite"}}}]
        for other in CALLS[service]}
    config = yaml.safe_load(of_kind(rendered, "ConfigMap")[f"suite-{service}"]["data"]["serve.yaml"])
    told = config.get("services", {})
    assert list(told) == (CALLS[service] if service == "catalog" else [])
    assert config["identity"].get("target") == (
        f"dns:///suite-identity.sockel.svc:{port['identity']}" if CALLS[service] else None)
    for other, settings in told.items():
        assert settings == {"target": f"dns:///suite-{other}.sockel.svc:{port[other]}"}


def test_a_volume_for_one_node_is_refused_with_several_replicas(helm):
    said = helm("template", "suite", str(CHART), good=False,
                values={"content": {"accessMode": "ReadWriteOnce"}})
    assert "set services.efile.replicas to 1" in said


def test_a_volume_for_one_node_is_let_go_before_it_is_taken(helm):
    deployments = of_kind(template(helm, {"content": {"accessMode": "ReadWriteOnce"},
                                          "services": {"efile": {"replicas": 1}}}), "Deployment")
    assert deployments["suite-efile"]["spec"]["strategy"] == {"type": "Recreate"}
    assert deployments["suite-identity"]["spec"]["strategy"]["type"] == "RollingUpdate"


def test_selectors_match_the_pods(rendered):
    deployments = of_kind(rendered, "Deployment")
    for kind in ("Service", "PodDisruptionBudget"):
        for name, document in of_kind(rendered, kind).items():
            selector = document["spec"]["selector"]
            labels = deployments[name]["spec"]["template"]["metadata"]["labels"]
            assert (selector.get("matchLabels") or selector).items() <= labels.items()


def test_clients_see_every_pod(rendered):
    for document in of_kind(rendered, "Service").values():
        assert document["spec"]["clusterIP"] == "None"


def test_settings_reach_the_command_line(full):
    container = of_kind(full, "Deployment")["suite-efile"]["spec"]["template"]["spec"]["containers"][0]
    assert container["args"][-2:] == ["--set", "database.pool_size=16"]


def test_a_changed_configuration_restarts_the_pods(helm):
    def checksum(values):
        deployment = of_kind(template(helm, values), "Deployment")["suite-notification"]
        return deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert checksum({}) != checksum({"smtp": {"host": "other.example"}})


def test_documents_survive_the_release(rendered):
    claim, = of_kind(rendered, "PersistentVolumeClaim").values()
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
