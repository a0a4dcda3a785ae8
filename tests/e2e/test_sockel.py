"""The built command-line client, as a person at a terminal and a script use it."""

import json
import os
import subprocess

import pytest
from patience import PRESET
from sockel.identity.v1 import authentication_pb2
from suite import PASSWORD, REPO

UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND = 3, 4, 5


class Terminal:
    """Runs `sockel` with a folder of its own for profiles."""

    def __init__(self, suite, folder):
        self.warnings = ""  # of the last run that succeeded
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SOCKEL_")}
        targets = {f"SOCKEL_{service.upper()}": target for service, target in suite.targets.items()}
        self._environment = {**clean, **targets, "SOCKEL_CONFIG": str(folder)}

    def run(self, *arguments, stdin=None, code=0):
        run = subprocess.run([REPO / f"build/{PRESET}/bin/sockel", *arguments], input=stdin,
                             text=True, capture_output=True, env=self._environment, check=False)
        assert run.returncode == code, f"{arguments}: {run.returncode} {run.stdout} {run.stderr}"
        self.warnings = run.stderr if code == 0 else ""
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
