"""The page that describes the API says what the descriptors say. Needs no running suite."""

import re

import api
import pytest
from sockel.options.v1 import options_pb2
from stubs import REPO

METHODS = {rpc.method.full_name: rpc for rpc in api.every_rpc()}.values()
PACKAGES = ("audit", "events", "provisioner", "identity", "efile", "notification", "catalog")


def _page():
    """(package, method) → what the page says, for what works and for what is only designed."""
    works, designed, package = {}, set(), None
    for line in (REPO / "protos/README.md").read_text().splitlines():
        # A contract that all share is named in a row of its table, a service in a heading.
        found = re.match(r"(?:## |\| \*\*)(\w+)\.v1\b", line)
        package = found.group(1) if found else package
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for number, cell in enumerate(cells):
            if cell.startswith("● "):
                name, _, direction = cell[2:].partition(" ")
                assert (package, name) not in works, f"{name} is there twice"
                works[package, name] = (direction, cells[number + 1])
            elif cell.startswith("○ "):
                designed |= {(package, name) for name in re.findall(r"\b[A-Z]\w+[a-z]\b", cell)}
    return works, designed


def _described(rpc):
    direction = ("← stream" if rpc.method.client_streaming
                 else "→ stream" if rpc.method.server_streaming else "")
    return direction, {options_pb2.ACCESS_PUBLIC: "public",
                       options_pb2.ACCESS_AUTHENTICATED: "any valid token"}.get(
                           rpc.access, rpc.permission)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_page_has_every_rpc_with_its_permission(package):
    works = {name: (direction, permission) for (where, name), (direction, permission)
             in _page()[0].items() if where == package}
    methods = {rpc.method.name: _described(rpc) for rpc in METHODS
               if rpc.method.full_name.split(".")[1] == package}
    assert set(works) == set(methods)
    for name, (direction, permission) in methods.items():
        said_direction, said = works[name]
        assert said_direction == direction, name
        # Those without a permission may say why.
        assert said == permission or ("." not in permission and said.startswith(permission)), name


def test_what_is_only_designed_is_absent():
    there = {(rpc.method.full_name.split(".")[1], rpc.method.name) for rpc in METHODS}
    designed = _page()[1]
    assert designed and not designed & there


@pytest.mark.parametrize("path", sorted((REPO / "protos/sockel").rglob("*.proto")),
                         ids=lambda path: path.stem)
def test_the_comment_of_each_rpc_says_who_may_call_it_and_its_errors(path):
    text = path.read_text()
    for comment, name, body in re.findall(r"((?:  //[^\n]*\n)+)  rpc (\w+)\(.*?\{(.*?)\n  \}", text,
                                          re.DOTALL):
        permission = re.search(r'permission\) = "([^"]+)"', body)
        if permission:
            said = re.search(r"// Permission: ([\w.]+\w)[.,]", comment)
            assert said and said.group(1) == permission.group(1), name
        else:
            assert "Public" in comment or "valid token" in comment, name
        assert "  // Errors: " in comment, name
    assert len(re.findall(r"^  rpc ", text, re.MULTILINE)) == \
        len(re.findall(r"//[^\n]*\n  rpc ", text)), "an RPC has no comment"
