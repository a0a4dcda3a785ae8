"""The built command-line client, as a person at a terminal and a script use it."""

import base64
import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from patience import PRESET
from sockel.identity.v1 import authentication_pb2, role_binding_pb2
from suite import PASSWORD, REPO, wait_until

UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID, CONFLICT = 3, 4, 5, 6, 7


class Terminal:
    """Runs `sockel` with a folder of its own for profiles."""

    def __init__(self, suite, folder):
        self.warnings = ""  # of the last run that succeeded
        self.output = ""  # of the last run
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SOCKEL_")}
        targets = {f"SOCKEL_{service.upper()}": target for service, target in suite.targets.items()}
        self._environment = {**clean, **targets, "SOCKEL_CONFIG": str(folder)}

    def run(self, *arguments, stdin=None, code=0):
        run = subprocess.run([REPO / f"build/{PRESET}/bin/sockel", *arguments], input=stdin,
                             text=True, capture_output=True, env=self._environment, check=False)
        assert run.returncode == code, f"{arguments}: {run.returncode} {run.stdout} {run.stderr}"
        self.warnings = run.stderr if code == 0 else ""
        self.output = run.stdout
        return run.stdout if code == 0 else run.stderr

    def json(self, *arguments, **more):
        return json.loads(self.run("--output", "json", *arguments, **more))

    def login(self, user):
        return self.json("login", "--tenant", "smi", "--user", user, "--password-stdin",
                         stdin=PASSWORD + "\n")


@pytest.fixture(name="terminal")
def _terminal(suite, tmp_path):
    return Terminal(suite, tmp_path)


@pytest.fixture(name="caseworker", scope="module")
def _caseworker(suite, smi):
    suite.user(smi.admin, "smi", "am-terminal", "caseworker")
    return "am-terminal"


def test_logout_ends_the_session_of_whoever_may_nothing_else(suite, smi, caseworker, terminal):
    session = terminal.login(caseworker)["session"]
    assert terminal.json("whoami")["principal"] in session
    sessions = authentication_pb2.ListSessionsRequest(parent=session.partition("/sessions/")[0])
    alive = [one.name for one in smi.admin.authentication.ListSessions(sessions).sessions]
    assert session in alive
    terminal.run("logout")
    assert "login" in terminal.run("whoami", code=UNAUTHENTICATED)
    alive = [one.name for one in smi.admin.authentication.ListSessions(sessions).sessions]
    assert session not in alive


def test_logout_forgets_the_tokens_of_a_session_that_ended_elsewhere(smi, caseworker, terminal):
    session = terminal.login(caseworker)["session"]
    smi.admin.authentication.RevokeSession(authentication_pb2.RevokeSessionRequest(name=session))
    terminal.run("logout")
    assert terminal.warnings == ""
    terminal.run("whoami", code=UNAUTHENTICATED)


def test_a_refusal_says_what_is_missing_and_has_its_exit_code(caseworker, terminal):
    terminal.login(caseworker)
    assert "identity.users.list" in terminal.run("users", "list", code=PERMISSION_DENIED)
    error = json.loads(terminal.run(
        "--output", "json", "dossiers", "get",
        "tenants/smi/dossiers/0190a1b2-0000-7000-8000-000000000000", code=NOT_FOUND))["error"]
    assert error["reason"] == "RESOURCE_NOT_FOUND"


def test_whoever_loses_a_role_goes_on_without_signing_in_again(suite, smi, terminal):
    name = suite.user(smi.admin, "smi", "am-weniger", "caseworker")
    binding = suite.bind(smi.admin, name, "auditor")
    terminal.login("am-weniger")
    assert sorted(terminal.json("whoami")["roles"]) == ["auditor", "caseworker"]
    smi.admin.role_bindings.DeleteRoleBinding(
        role_binding_pb2.DeleteRoleBindingRequest(name=binding))
    # Each of these runs succeeds, also the first whose token is revoked.
    wait_until(lambda: terminal.json("whoami")["roles"] == ["caseworker"], 30, "the token without it")


def test_a_message_is_not_sent_to_a_login_that_cannot_be_looked_up(caseworker, terminal):
    terminal.login(caseworker)
    error = terminal.run("notifications", "send", "--to", caseworker, "--channel", "INBOX",
                         "--subject", "s", "--text", "t", code=PERMISSION_DENIED)
    assert "id or name" in error


@pytest.fixture(name="filed")
def _filed(caseworker, terminal, tmp_path):
    """The name of a dossier with three documents whose file names do not fit beside each other."""
    terminal.login(caseworker)
    dossier = terminal.json("dossiers", "create", "--entry", "51", "--subject", "Dateien")["name"]
    for place, content in (("in/.hidden", "one"), ("in/a/zero", "two"), ("in/b/zero", "three")):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(content)
    terminal.run("documents", "put", dossier, tmp_path / "in")
    return dossier


def test_get_tells_the_file_of_each_document(filed, terminal, tmp_path):
    out = tmp_path / "out"
    got = terminal.json("documents", "get", filed, "--out", out)["documents"]
    assert {Path(document["path"]) for document in got} == set(out.iterdir())
    assert {path.name for path in out.iterdir()} == {"_hidden", "zero", "zero-2"}
    for document in got:
        digest = hashlib.sha256(Path(document["path"]).read_bytes()).digest()
        assert base64.b64decode(document["content"]["sha256"]) == digest
    table = terminal.run("documents", "get", filed, "--out", out)
    assert all(document["path"] in table for document in got)


def test_one_document_is_got_on_standard_output(filed, terminal, tmp_path):
    listed = terminal.json("documents", "list", filed)["documents"]
    hidden = next(document for document in listed if document["file_name"] == ".hidden")
    assert terminal.run("documents", "get", hidden["name"], "--out", "-") == "one"
    terminal.run("documents", "get", filed, "--out", "-", code=INVALID)
    os.mkfifo(tmp_path / "pipe")
    refusal = terminal.run("documents", "get", hidden["name"], "--out", tmp_path / "pipe",
                           code=CONFLICT)
    assert str(tmp_path / "pipe") in refusal


def test_put_counts_what_was_filed(filed, terminal, tmp_path):
    terminal.run("dossiers", "close", filed)
    (tmp_path / "late").write_text("too late")
    terminal.run("documents", "put", filed, tmp_path / "late", code=CONFLICT)
    assert terminal.output.startswith("0 documents, 0 B, ")
