"""Reasons of errors are what clients act on: what the code says is declared, what is declared is
said, and the comments of the RPCs name no others. Needs no running suite."""

import re
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
PROTOS = REPO / "protos" / "sockel"
SERVICES = ("identity", "efile", "notification", "catalog")
# error::Make(code, "X" and FailedPrecondition("X".
_SAID = re.compile(r'\b(?:Make\(\s*[\w:]+,|FailedPrecondition\()\s*"([A-Z][A-Z0-9_]+)"')


def _declared(package):
    text = (PROTOS / package / "v1" / "errors.proto").read_text()
    return {name for name in re.findall(r"^  ([A-Z][A-Z0-9_]+) = [1-9]", text, re.M)}


def _code(service):
    return "\n".join(path.read_text() for path in (REPO / "services" / service).rglob("*.cc")
                     if not path.stem.endswith("_test"))


COMMON = _declared("errors")


@pytest.mark.parametrize("service", SERVICES)
def test_a_reason_that_is_said_is_declared(service):
    said = set(_SAID.findall(_code(service)))
    assert said, "no code of the service gives a reason that this test understands"
    assert said <= _declared(service) | COMMON


@pytest.mark.parametrize("service", SERVICES)
def test_a_reason_that_is_declared_is_said(service):
    code = _code(service)
    unsaid = {reason for reason in _declared(service)
              if not re.search(rf'"{reason}"|::{reason}\b', code)}
    assert not unsaid


@pytest.mark.parametrize("service", SERVICES)
def test_comments_of_rpcs_name_declared_reasons(service):
    known = _declared(service) | COMMON
    named = set()
    for path in (PROTOS / service / "v1").glob("*.proto"):
        for errors in re.findall(r"// Errors:((?:[^\n]*\n\s*//)*[^\n]*)", path.read_text()):
            named |= {word for word in re.findall(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b", errors)}
    assert named, "no RPC of the service names an error"
    codes = {"NOT_FOUND", "ALREADY_EXISTS", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE",
             "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "DATA_LOSS", "DEADLINE_EXCEEDED"}
    assert named <= known | codes
