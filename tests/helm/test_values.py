"""The schema of the values refuses what the chart does not know."""

import pytest
import yaml
from chart import CHART, resolved_schema


def objects(schema, path=()):
    """Every place in the values that the schema describes as a closed object."""
    found = [path] if schema.get("additionalProperties") is False else []
    for key, inner in schema.get("properties", {}).items():
        found += objects(inner, path + (key,))
    return found


SCHEMA = resolved_schema()


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
    {"services": {"efile": {"replicas": -1}}},
    {"services": {"efile": {"replicas": "two"}}},
    {"database": {"sslMode": "disable"}},
    {"database": {"sslMode": "require"}},  # with a root certificate it would be verify-ca
    {"image": {"digest": "latest"}},
    {"networkPolicy": {"clients": [{}]}},
    {"smtp": {"fallbackSender": "nobody"}},
    {"smtp": {"passwordKey": "../ca.crt"}},
    {"userId": -1},
    {"podLabels": {"app.kubernetes.io/name": "other"}},
    {"podLabels": {"helm.sh/chart": "other"}},
    {"podAnnotations": {"checksum/config": "0"}},
    {"services": {"efile": {"resources": {"limits": {"memory": "much"}}}}},
])
def test_refuses_a_wrong_value(helm, values):
    helm("template", "suite", str(CHART), values=values, good=False)
