"""People of the demo, each at the command-line client with a profile of their own."""

import json
import os
import subprocess
import sys

import ui

# Exit codes of `sockel`: part of its interface.
UNAUTHENTICATED, PERMISSION_DENIED, CONFLICT, UNAVAILABLE, VERIFICATION_FAILED = 3, 4, 7, 8, 9


class Refused(ui.Failure):
    """A call of the client that did not end with 0."""

    def __init__(self, command, code, error, hint=""):
        self.message = error.get("message") or "no reason was given"
        super().__init__(f"`{command}` ended with exit code {code}: {self.message}", hint)
        self.code = code
        self.reason = error.get("reason", "")


class Client:
    """The built client, working against one instance and keeping its profiles in `folder`."""

    def __init__(self, program, folder, targets):
        self.program = str(program)
        self.folder = folder
        self._targets = targets

    def environment(self, targets=None):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SOCKEL_")}
        endpoints = {f"SOCKEL_{service.upper()}": target
                     for service, target in (targets or self._targets).items()}
        return {**clean, **endpoints, "SOCKEL_CONFIG": str(self.folder)}

    def endpoint_options(self):
        return [part for service, target in self._targets.items()
                for part in (f"--{service}", target)]

    def run(self, *arguments, stdin=None, targets=None, progress=False):
        """Its standard output. With `progress`, what it draws reaches the terminal."""
        command = [self.program, "--output", "json", *map(str, arguments)]
        shown = progress and sys.stderr.isatty()
        if shown:
            ui.say()  # the bar has its own line
        result = subprocess.run(command, input=stdin, encoding="utf-8", errors="replace",
                                env=self.environment(targets),
                                stdin=subprocess.DEVNULL if stdin is None else None,
                                stdout=subprocess.PIPE, stderr=None if shown else subprocess.PIPE,
                                check=False)
        if result.returncode != 0:
            raise Refused(ui.quoted(["sockel", *arguments]), result.returncode,
                          _error(result.stderr or ""), _hint(result.returncode))
        return result.stdout


def _error(text):
    """The client's last word, a line of JSON; with what it said before about single files."""
    said = text.strip().splitlines()
    try:
        error = json.loads(said[-1])["error"]
    except (IndexError, ValueError, KeyError, TypeError):
        return {"message": "\n    ".join(said[-20:])}
    return {**error, "message": "\n    ".join([error.get("message", ""), *said[:-1][:20]])}


def _hint(code):
    if code == UNAVAILABLE:
        return "A service does not answer. Run the demo again: it repairs the instance first."
    return ""


class Person:
    """Somebody with a profile: a user, or an application."""

    def __init__(self, client, profile):
        self._client = client
        self.profile = profile
        self.name = ""  # resource name, once signed in

    def run(self, *arguments, **options):
        return self._client.run("-p", self.profile, *arguments, **options)

    def ask(self, *arguments, **options):
        """The answer as a tree."""
        return json.loads(self.run(*arguments, **options))

    def refused(self, *arguments):
        """The Refused that this must end with; a Failure when it is allowed."""
        try:
            self.run(*arguments)
        except Refused as refused:
            return refused
        raise ui.Failure(f"`{ui.quoted(['sockel', *arguments])}` should have been refused")

    def sign_in(self, tenant, login, password_file):
        self.run("login", "-t", tenant, "--user", login, "--password-file", password_file,
                 *self._client.endpoint_options())
        self.name = self.ask("whoami")["principal"]
        return self

    def sign_in_with_key(self, account, key_file):
        self.run("login", "--service-account", account, "--key-file", key_file,
                 *self._client.endpoint_options())
        self.name = self.ask("whoami")["principal"]
        return self

    def activate(self, tenant, login, code, password_file):
        self.run("activate", "-t", tenant, "--user", login, "--code-stdin",
                 "--password-file", password_file, stdin=code + "\n")
