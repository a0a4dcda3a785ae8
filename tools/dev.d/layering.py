"""Checks who may include whom: the shape of the house (ARCHITECTURE.md).

common/ knows no service; a service knows no other service; inside a service
door → room → cellar: a door (*_service.{h,cc}) speaks no SQL, a room (its
neighbours) knows neither gRPC nor SQL, only a store (*_store.{h,cc}) does.
"""

import re
from pathlib import Path

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
_SERVICES = ("identity", "efile", "notification", "catalog")
_STATEMENT = re.compile(r"\b(SELECT\s.{1,400}?\bFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b", re.S)
_STRING = re.compile(r'R"(\w*)\((.*?)\)\1"|"((?:[^"\\\n]|\\.)*)"', re.S)


def _includes(text):
    for match in _INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(2)


def _statement_line(text):
    """The line of the first string literal that is an SQL statement, or None."""
    for match in _STRING.finditer(text):
        if _STATEMENT.search(match.group(2) or match.group(3) or ""):
            return text.count("\n", 0, match.start()) + 1
    return None


def _has_door(path):
    """A room is the file named as its folder's door: users.cc beside users_service.h."""
    return path.with_name(path.stem + "_service.h").exists()


def _service_of(path):
    parts = path.parts
    return parts[1] if len(parts) > 2 and parts[0] == "services" else None


def check_file(root, path, text):
    """Findings in one file, each `path:line: what is wrong`."""
    findings = []
    own = _service_of(path)
    test = path.stem.endswith("_test")
    for line, include in _includes(text):
        problem = _problem(path, include, own, not test and _has_door(root / path))
        if problem:
            findings.append(f"{path}:{line}: {problem}")
    store = path.stem.endswith(("_store", "_store_test"))
    if own and not store and not test and path.suffix == ".cc":
        line = _statement_line(text)
        if line:
            findings.append(f"{path}:{line}: SQL outside a *_store.cc")
    return findings


def _problem(path, include, own, room):
    target = include.split("/")
    if path.parts[0] == "common" and target[0] == "services":
        return f"common/ must not know a service ({include})"
    # Sign-in is everybody's: what verifies tokens and gets them speaks to identity.
    # Tests may take any service's messages as examples, and walk all of them.
    api = target[1] if target[0] == "sockel" and target[1] in _SERVICES else None
    if path.parts[0] == "common" and api and not path.stem.endswith("_test") and not (
            api == "identity" and path.parts[1] in ("auth", "client", "rpc")):
        return f"common/ must not know a service's API ({include})"
    if own and own != "standalone" and target[0] == "services" and target[1] != own:
        return f"{own} must not include another service; call its API ({include})"
    door = path.stem.endswith("_service")
    if own and (door or room) and target[0] == "pqxx":
        return f"only a *_store.cc may use the database library ({include})"
    if own and room and target[0] == "grpcpp":
        return f"a room must not know gRPC: that is the door's ({include})"
    return None


def check(root):
    findings, files = [], 0
    for top in ("common", "services", "tools"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in (".h", ".cc"):
                files += 1
                findings += check_file(root, path.relative_to(root), path.read_text(encoding="utf-8"))
    return files, findings


if __name__ == "__main__":
    count, found = check(Path(__file__).resolve().parents[2])
    print("\n".join(found) or f"{count} files keep the layers")
    raise SystemExit(1 if found else 0)
