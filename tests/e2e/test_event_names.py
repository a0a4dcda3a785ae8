"""Events are called in the code as the pages say: a watch for another name would be silent for
ever. Needs no running suite."""

import re
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
SERVICES = ("identity", "efile", "notification", "catalog")
_NAME = r"\.\w+\."
# What has happened, to one thing; a permission or a statement is in the plural, or an order.
_PAST = re.compile(r"\w+\.(?!\w*s\.)\w+\.(\w*ed|read|sent)")


def _in_code(service):
    """(types, beginnings of types whose last word is put together when it runs)."""
    literals = {literal for path in (REPO / "services" / service).rglob("*.cc")
                if not path.stem.endswith(("_test", "_store"))
                for literal in re.findall(rf'"({service}{_NAME}\w*)"', path.read_text())}
    prefixes = {literal for literal in literals
                if literal.endswith(".") and _PAST.fullmatch(literal + "happened")}
    return {literal for literal in literals if _PAST.fullmatch(literal)}, prefixes


def _in_text(service, text):
    """`a.b.c`, `a.b.{c,d}` and `a.b.c, .d` alike; all that is no event is left out."""
    found = set()
    for start, braces, word, more in re.findall(
            rf"\b({service}{_NAME})(?:\{{([^}}]+)\}}|(\w+))((?:, \.\w+)*)", text):
        words = re.findall(r"\w+", braces or word) + re.findall(r"\w+", more)
        found |= {start + each for each in words}
    return {name for name in found if _PAST.fullmatch(name)}


def _api_page():
    text = (REPO / "protos/README.md").read_text()
    return " ".join(re.findall(r"^Events: .*?\n\n", text + "\n\n", re.S | re.M))


def _readme(service):
    text = (REPO / "services" / service / "README.md").read_text()
    return text.partition("\n## Events\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("page", ["protos/README.md", "README of the service"])
def test_a_page_has_the_events_that_the_code_emits(service, page):
    said = _in_text(service, _api_page() if page.startswith("protos") else _readme(service))
    types, prefixes = _in_code(service)
    assert types
    put_together = {name for name in said if name.startswith(tuple(prefixes))}
    assert said - put_together == types
    assert {name.rpartition(".")[0] + "." for name in put_together} == prefixes


def test_all_ways_of_writing_are_read():
    text = "`efile.a.{created,\nsent}` and efile.b.closed, .expired; efile.cs.closed is a permission"
    assert _in_text("efile", text) == {"efile.a.created", "efile.a.sent", "efile.b.closed",
                                      "efile.b.expired"}
