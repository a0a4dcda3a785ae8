"""Checks who may include whom: the shape of the house (ARCHITECTURE.md).

common/ knows no service; a service knows no other service, and neither do the
tools; inside a service door → room → cellar: a door (*_service.{h,cc}) speaks
no SQL, a room (whatever else lies beside a door or a cellar) knows neither gRPC
nor SQL, only a cellar (*_store.{h,cc}) knows the database library.
"""

import re
from pathlib import Path

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
_SERVICES = ("identity", "efile", "notification", "catalog")
_STATEMENT = re.compile(r"\b(SELECT\s.{1,400}?\bFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b", re.S)
_STRING = re.compile(r'R"(\w*)\((.*?)\)\1"|"((?:[^"\\\n]|\\.)*)"', re.S)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
# What a use case gives to a stream, or takes from it: the one header of common/rpc without gRPC.
_STREAMS = "common/rpc/stream.h"


def _includes(text):
    for match in _INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(2)


def _statement_line(text):
    """The line of the first string literal that is an SQL statement, or None."""
    for match in _STRING.finditer(text):
        if _STATEMENT.search(match.group(2) or match.group(3) or ""):
            return text.count("\n", 0, match.start()) + 1
    return None


def _first_use(text, namespace):
    """The line of the first use of a C++ namespace, or None. Headers of common/pg bring the
    database library along, so that the includes alone do not tell."""
    code = _COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), text)
    match = re.search(rf"\b{namespace}::", code)
    return code.count("\n", 0, match.start()) + 1 if match else None


def _service_of(path):
    parts = path.parts
    return parts[1] if len(parts) > 2 and parts[0] == "services" else None


def _is_test(path):
    return path.stem.endswith(("_test", "_fixture")) or path.stem.startswith("test_") \
        or "testing" in path.parts


def kind(root, path):
    """door, cellar, room, test, or empty for what is none: composition, rules, clients."""
    if _is_test(path):
        return "test"
    if path.stem.endswith("_service"):
        return "door"
    if path.stem.endswith("_store"):
        return "cellar"
    # services/efile/uploads/append.cc; what lies in services/efile itself composes the service.
    neighbours = (root / path).parent
    if len(path.parts) > 3 and any(found for suffix in ("_service.h", "_store.h")
                                   for found in neighbours.glob(f"*{suffix}")):
        return "room"
    return ""


def check_file(root, path, text):
    """Findings in one file, each `path:line: what is wrong`."""
    own = _service_of(path)
    part = kind(root, path) if own else ""
    findings = []
    for line, include in _includes(text):
        problem = _boundary(path, include, own) or (own and _layer(part, include))
        if problem:
            findings.append(f"{path}:{line}: {problem} ({include})")
    if own and part not in ("cellar", "test"):
        findings += _uses(path, text, part)
    return findings


def _boundary(path, include, own):
    """Between common/, the services and the tools."""
    target = include.split("/")
    top = path.parts[0]
    if top == "common" and target[0] == "services":
        return "common/ must not know a service"
    # Sign-in is everybody's: what verifies tokens and gets them speaks to identity.
    # Tests may take any service's messages as examples, and walk all of them.
    api = target[1] if target[0] == "sockel" and target[1] in _SERVICES else None
    if top == "common" and api and not path.stem.endswith("_test") and not (
            api == "identity" and path.parts[1] in ("auth", "client", "rpc")):
        return "common/ must not know a service's API"
    if own and own != "standalone" and target[0] == "services" and target[1] != own:
        return f"{own} must not include another service; call its API"
    if top == "tools" and target[0] == "services":
        return "a tool must not know a service from inside; it calls the API"
    return None


def _layer(part, include):
    """Between the door, the room and the cellar of one service."""
    speaks_grpc = include.startswith("grpcpp/") or include.endswith(".grpc.pb.h") \
        or (include.startswith("common/rpc/") and include != _STREAMS)
    if part == "room" and speaks_grpc:
        return "a room must not know gRPC: that is the door's"
    if part not in ("cellar", "test") and include.startswith("pqxx/"):
        return "only a *_store may use the database library"
    return None


def _uses(path, text, part):
    """What comes in without an include of one's own."""
    places = [(_statement_line(text), "SQL outside a *_store")]
    if "pqxx/" not in "".join(include for _, include in _includes(text)):
        places.append((_first_use(text, "pqxx"), "only a *_store may use the database library"))
    if part == "room":
        places.append((_first_use(text, "grpc"), "a room must not know gRPC: that is the door's"))
    return [f"{path}:{line}: {problem}" for line, problem in places if line]


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
