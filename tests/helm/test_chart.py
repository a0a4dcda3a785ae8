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
