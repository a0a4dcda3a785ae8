"""The chart of the suite, what it may be given, and what it renders to."""

import json
from pathlib import Path

import yaml

REPO = Path(__file__).resolve().parents[2]
CHART = REPO / "helm" / "sockel"
SERVICES = ["identity", "efile", "notification", "catalog"]
# At least one value for everything that templates ask about.
EVERYTHING = {
    "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]},
    "tls": {"requireClientCertificate": True},
    "services": {"efile": {"settings": {"database.pool_size": "16"}, "tlsSecret": "efile-tls"}},
    "bootstrap": {"arguments": ["--remove-service-account-key", "efile=gone"]},
    "smtp": {"username": "sockel", "passwordKey": "relay-password", "caSecret": "relay-ca",
             "fallbackSender": "noreply@provider.example"},
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


def template(helm, values, chart=CHART):
    """The documents that the chart renders to as release `suite`."""
    text = helm("template", "suite", str(chart), "--namespace", "sockel", values=values)
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(documents, kind):
    return {d["metadata"]["name"]: d for d in documents if d["kind"] == kind}


def workloads(documents):
    """Name → pod, of all that runs something."""
    return {f"{d['kind']} {d['metadata']['name']}": d["spec"]["template"]["spec"]
            for d in documents if d["kind"] in ("Deployment", "Job")}


def pods(documents):
    return workloads(documents).values()


def configuration(documents, pod):
    """The file that the pod mounts as its configuration: its name, and the text."""
    volume = next(volume for volume in pod["volumes"] if volume["name"] == "config")
    item, = volume["configMap"]["items"]
    return item["path"], of_kind(documents, "ConfigMap")[volume["configMap"]["name"]]["data"][item["key"]]


def strings(tree):
    """All texts in a tree of dictionaries and lists."""
    if isinstance(tree, dict):
        return [text for value in tree.values() for text in strings(value)]
    if isinstance(tree, list):
        return [text for value in tree for text in strings(value)]
    return [tree] if isinstance(tree, str) else []


def resolved_schema():
    """The schema of the values, with its references put in place."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    definitions = schema.get("definitions", {})

    def resolve(node):
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(definitions[node["$ref"].rpartition("/")[2]])
            return {key: resolve(value) for key, value in node.items() if key != "definitions"}
        return [resolve(item) for item in node] if isinstance(node, list) else node

    return resolve(schema)
