"""tools/dev demo: the whole way, from an order to evidence, with real documents.

Everything is done with the command-line client, as people and applications do it.
Only three things are not: reading the mailbox, looking at the files, and being
the attacker who changes a byte in the database.
"""

import json
import os
import re
import secrets
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

import build
import demo_documents as documents
import demo_instance
import layout
import mail
import processes
import services
import ui
from demo_cli import CONFLICT, PERMISSION_DENIED, UNAUTHENTICATED, VERIFICATION_FAILED
from demo_cli import Client, Person, Refused
from demo_evidence import Tampering, change_one_byte
from demo_texts import OFFERING, decision_template, decision_text, order, receipt_text
from postgres import Cluster

_PLAN = "offerings/efile/plans/standard"
_APPLICANT = "max.mustermann@buerger.example"
_NOWHERE = {service: "127.0.0.1:1" for service in services.SERVICES}
_MAIL_SECONDS = 30


def run(args, state):
    folder = Path(os.path.abspath(args.folder)) if args.folder is not None else None
    if folder is not None and not folder.is_dir():
        raise ui.Failure(f"{args.folder} is not a folder", "For example: tools/dev demo ~/Documents")
    demo_instance.ensure_running(state)
    home = state.root / "demo"
    home.mkdir(mode=0o700, exist_ok=True)
    with demo_instance.alone(home):
        Demo(state, home, folder).play()


def _base36(number):
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits


def _require(condition, message):
    if not condition:
        raise ui.Failure(message)


class Demo:
    """One run: a new ministry, one dossier."""

    def __init__(self, state, home, folder):
        known = state.load()
        settings = services.Settings(**known["settings"])
        self.state, self.home, self.folder = state, home, folder
        self.client = Client(build.binary(known["preset"], "sockel"), home,
                             {service: settings.target(service) for service in services.SERVICES})
        self.tampering = Tampering(Cluster(state), home / "tampered.json")
        self.tenant = "m" + _base36(int(time.time() * 1000))
        self.room = home / "runs" / self.tenant  # files of this run
        self.times = []
        self.mails = []

    def play(self):
        self._clean_up()
        for step in (self.sign_in_operators, self.publish_offering, self.place_order,
                     self.approve_order, self.set_up_ministry, self.sign_in_application,
                     self.choose_documents, self.file_documents, self.tell_caseworker,
                     self.check_documents, self.decide, self.close_dossier, self.export_evidence,
                     self.verify_offline, self.change_database):
            step()
        self._leave_little_behind()
        self._print_summary()

    @contextmanager
    def _step(self, text):
        started = time.monotonic()
        with ui.step(text):
            yield
        self.times.append((text, time.monotonic() - started))

    def _person(self, profile):
        return Person(self.client, profile)

    # Before and after

    def _clean_up(self):
        """What a killed run left: big files, and a changed byte."""
        shutil.rmtree(self.home / "runs", ignore_errors=True)
        if self.tampering.put_back():
            ui.say("Put back the byte that an interrupted demo had changed.")
        self.room.mkdir(mode=0o700, parents=True)

    def _leave_little_behind(self):
        for name in ("downloaded", "found"):
            shutil.rmtree(self.room / name, ignore_errors=True)
        (self.room / "changed.zip").unlink(missing_ok=True)

    # The provider

    def sign_in_operators(self):
        with self._step("The provider's operator signs in, and a second one to approve"):
            self.operator = self._person("operator").sign_in(
                "provider", processes.OPERATOR_LOGIN, self.state.secrets / processes.OPERATOR_SECRET)
            self.approver = self._sign_in_approver()

    def _sign_in_approver(self):
        """Made when absent; finished when a killed run left it half made."""
        listed = self.operator.ask("users", "list")["users"]
        user = next((user for user in listed if user["login"] == "approver"), None)
        if user is None:
            user = self.operator.ask("users", "create", "--login", "approver", "--display-name",
                                     "Petra Prüfer", "--email", "approver@provider.example")
        bound = self.operator.ask("roles", "list", "--principal", user["name"])["role_bindings"]
        if not any(binding["role"] == "operator" for binding in bound):
            self.operator.run("roles", "bind", "operator", user["name"])
        password = self.home / "approver.password"
        approver = self._person("approver")
        if password.exists():
            try:
                return approver.sign_in("provider", "approver", password)
            except Refused as refused:
                if refused.code != UNAUTHENTICATED:
                    raise
        return self._activate(self.operator, approver, "provider", "approver", password)

    def _activate(self, admin, person, tenant, login, password_file, code=None):
        """A first password, by a one-time code; then the sign-in."""
        if code is None:
            code = admin.ask("users", "issue-code", login)["code"]
        layout.write_atomically(password_file, secrets.token_urlsafe(24) + "\n")
        person.activate(tenant, login, code, password_file)
        return person.sign_in(tenant, login, password_file)

    def publish_offering(self):
        with self._step("The provider publishes the offering `efile`"):
            listed = self.operator.ask("offerings", "list")["offerings"]
            state = next((offering["state"] for offering in listed
                          if offering["name"] == "offerings/efile"), None)
            if state is None:
                self.operator.run("offerings", "create", "-f", "-", stdin=json.dumps(OFFERING))
            elif state == "DRAFT" and not self._has_plan():
                plan = OFFERING["plans"][0]
                self.operator.run("offerings", "add-plan", "efile", "-f", "-", stdin=json.dumps(plan))
            if state != "PUBLISHED":
                self.operator.run("offerings", "publish", "efile")
            _require(self._has_plan(), "the offering `efile` is published without the plan `standard`")

    def _has_plan(self):
        plans = self.operator.ask("offerings", "plans", "efile")["plans"]
        return any(plan["name"] == _PLAN for plan in plans)

    def place_order(self):
        with self._step(f"The ministry `{self.tenant}` orders the e-file"):
            self.key = self.room / "application.jwk"
            public_key = self.operator.run("service-accounts", "generate-key", self.key).strip()
            placed = self.operator.ask(
                "-t", "provider", "orders", "create", "-f", "-",
                stdin=json.dumps(order(_PLAN, self.tenant, public_key), ensure_ascii=False))
            _require(placed["state"] == "SUBMITTED", f"the order is {placed['state']}")
            self.order = placed["name"]

    def approve_order(self):
        with self._step("Another person approves; the services are set up"):
            refused = self.operator.refused("orders", "approve", self.order)
            _require((refused.code, refused.reason) == (PERMISSION_DENIED, "OWN_ORDER"),
                     f"approving one's own order gave another error: {refused}")
            done = self.approver.ask("orders", "approve", self.order, "--reason", "Haushalt geprüft",
                                     "--wait")
            _require(done["state"] == "COMPLETED", f"the order is {done['state']}: {done['failure']}")
            active = self.operator.ask("subscriptions", "get", done["subscription"])
            _require(active["state"] == "ACTIVE", f"the subscription is {active['state']}")
            self.made = {role: name for step in done["steps"]
                         for role, name in step["outputs"].items()}

    # The ministry

    def set_up_ministry(self):
        with self._step("Its administrator gets a code by mail, signs in, makes two colleagues"):
            invitation = self._wait_for_mail(f"admin@{self.tenant}.example")
            code = re.search(r"Aktivierungscode:\s*(\S+)", invitation["text"])
            _require(code, "the invitation holds no activation code")
            self.admin = self._activate(None, self._person("admin"), self.tenant, "admin",
                                        self.room / "admin.password", code.group(1))
            _require(self.admin.name == self.made["admin"], "somebody else signed in as admin")
            self.caseworker = self._colleague("erika", "Erika Musterfrau", "caseworker")
            self.registrar = self._colleague("rudi", "Rudi Registrar", "records-manager", "auditor")

    def _colleague(self, login, display_name, *roles):
        options = [part for role in roles for part in ("--role", role)]
        self.admin.run("users", "create", "--login", login, "--display-name", display_name,
                       "--email", f"{login}@{self.tenant}.example", *options)
        return self._activate(self.admin, self._person(login), self.tenant, login,
                              self.room / f"{login}.password")

    def sign_in_application(self):
        with self._step("Its application signs in with its key, opens a dossier"):
            self.application = self._person("application").sign_in_with_key(
                self.made["service_account"], self.key)
            self.application.run("templates", "create", "decision", "-f", "-",
                                 stdin=json.dumps(decision_template(), ensure_ascii=False))
            self.dossier = self.application.ask("dossiers", "create", "--entry", "51",
                                                "--subject", "Antrag von Max Mustermann")

    # The documents

    def choose_documents(self):
        chosen = []
        with self._step("Documents are read" if self.folder else "Documents are looked for"):
            if self.folder is None:
                self.folder = self.room / "found"
                chosen = documents.find_on_machine(self.folder)
            self.sources, skipped = documents.scan(self.folder)
        _require(self.sources, f"there is no file in {self.folder}")
        self.bytes = sum(source.size for source in self.sources)
        ui.say(f"  {len(self.sources)} files, {_megabytes(self.bytes)}: "
               + documents.kinds(source.label for source in self.sources))
        for path in chosen:
            ui.say(f"    {documents.printable(path)}")
        for path in skipped:
            ui.say(f"  skipped, because it is no regular file: {documents.printable(path)}")

    def file_documents(self):
        started = time.monotonic()
        with self._step(f"The application files {len(self.sources)} documents"):
            self.application.run("documents", "put", self.dossier["name"], self.folder,
                                 "--sender", _APPLICANT, "--type", "application", progress=True)
        self.up_seconds = time.monotonic() - started

    def tell_caseworker(self):
        with self._step("The caseworker is told by e-mail and inbox, and reads it"):
            name, reference = self.dossier["name"], self.dossier["reference"]
            subject = f"Neuer Vorgang {reference}"
            self.application.run("notifications", "send", "--to", self.caseworker.name,
                                 "--channel", "EMAIL", "--channel", "INBOX", "--reference", name,
                                 "--subject", subject, "--text",
                                 receipt_text(reference, len(self.sources)), "--wait")
            received = self._wait_for_mail(f"erika@{self.tenant}.example")
            _require(received["subject"] == subject and reference in received["text"],
                     "the e-mail to the caseworker is not the one that was sent")
            unread = self.caseworker.ask("inbox", "list", "--unread")["inbox_items"]
            _require([item["reference"] for item in unread] == [name],
                     "the inbox does not hold exactly the one item")
            read = self.caseworker.ask("inbox", "read", unread[0]["name"])
            _require(reference in read["content"]["text_body"], "the inbox item says something else")
            unread = self.caseworker.ask("inbox", "list", "--unread")["inbox_items"]
            _require(not unread, "the inbox item is still unread")

    def check_documents(self):
        with self._step("The caseworker lists the documents"):
            self.listed = self.caseworker.ask("documents", "list", self.dossier["name"])["documents"]
            documents.compare_listed(self.sources, self.listed)
        downloaded = self.room / "downloaded"
        started = time.monotonic()
        with self._step("The caseworker downloads every document"):
            self.caseworker.run("documents", "get", self.dossier["name"], "--out", downloaded,
                                progress=True)
        self.down_seconds = time.monotonic() - started
        with self._step("Size and SHA-256 of each are compared with the file it came from"):
            documents.compare_folder(self.sources, downloaded)
        shutil.rmtree(downloaded)

    def decide(self):
        with self._step("The caseworker files the decision; the applicant is told by e-mail"):
            reference = self.dossier["reference"]
            decision = self.room / "Bescheid.txt"
            decision.write_text(decision_text(reference, len(self.sources)), encoding="utf-8")
            self.caseworker.run("documents", "put", self.dossier["name"], decision,
                                "--type", "decision")
            self.sources.append(documents.Source(decision.name, decision.stat().st_size,
                                                 documents.sha256_of(decision)))
            before = len(self._mails_to(_APPLICANT))
            self.caseworker.run("notifications", "send", "--to", _APPLICANT, "--template", "decision",
                                "--param", f"reference={reference}", "--reference",
                                self.dossier["name"], "--wait")
            received = self._wait_for_mail(_APPLICANT, before)
            _require(reference in received["subject"] + received["text"],
                     "the e-mail to the applicant is not about this dossier")

    def close_dossier(self):
        with self._step("The dossier is closed; nothing can be filed any more"):
            closed = self.caseworker.ask("dossiers", "close", self.dossier["name"])
            _require(closed["state"] == "CLOSED", f"the dossier is {closed['state']}")
            late = self.room / "late.txt"
            late.write_text("Zu spät.\n", encoding="utf-8")
            refused = self.application.refused("documents", "put", self.dossier["name"], late)
            _require((refused.code, refused.reason) == (CONFLICT, "DOSSIER_CLOSED"),
                     f"filing into a closed dossier gave another error: {refused}")
            listed = self.caseworker.ask("documents", "list", self.dossier["name"])["documents"]
            documents.compare_listed(self.sources, listed)

    # The evidence

    def export_evidence(self):
        self.bundle = self.room / "evidence.zip"
        with self._step("The registry verifies the logs of all services and exports the evidence"):
            verdicts = self.registrar.ask("audit", "verify")["logs"]
            efile = next(log for log in verdicts if "/efile/" in log["log"])
            self.verifier_key = efile["verifier_key"]
            self.registrar.run("efile", "evidence", self.dossier["name"], "-o", self.bundle,
                               progress=True)

    def verify_offline(self):
        with self._step("The evidence is verified offline, and a falsified copy is detected"):
            # Another person, who knows the log's key and nothing else.
            stranger = Person(Client(self.client.program, self.room / "stranger", _NOWHERE), "court")
            verdict = stranger.ask("evidence", "verify", self.bundle,
                                   "--verifier-key", self.verifier_key)
            _require(verdict["verified"] and verdict["key_confirmed"] and verdict["complete"]
                     and verdict["documents"] == len(self.sources),
                     f"the evidence is not about all {len(self.sources)} documents: {verdict}")
            changed = self.room / "changed.zip"
            victim = change_one_byte(self.bundle, changed)
            refused = stranger.refused("evidence", "verify", changed,
                                       "--verifier-key", self.verifier_key)
            _require(refused.code == VERIFICATION_FAILED,
                     f"a changed byte of {victim} was not told as a failed verification: {refused}")

    def change_database(self):
        with self._step("A byte of the log in the database is changed, detected, and put back"):
            with self.tampering.one_byte_of_an_entry(self.tenant, self.listed[0]["name"]) as index:
                refused = self.registrar.refused("audit", "verify", "efile")
                _require(refused.code == VERIFICATION_FAILED,
                         f"the changed byte of entry {index} was not told as such: {refused}")
            self.registrar.run("audit", "verify", "efile")
        ui.say(f"  detected: {refused.message.splitlines()[0]}")

    # The mailbox

    def _mails_to(self, address):
        kept = [mail.as_json(number, message)
                for number, message in enumerate(mail.messages(self.state), 1)]
        return [message for message in kept if address in message["to"]]

    def _wait_for_mail(self, address, known=0):
        """The first mail to `address` after the `known` ones."""
        layout.wait_until(lambda: len(self._mails_to(address)) > known, _MAIL_SECONDS)
        found = self._mails_to(address)[known:]
        _require(found, f"no e-mail to {address} arrived within {_MAIL_SECONDS} s")
        self.mails.append(found[0])
        return found[0]

    def _print_summary(self):
        flag = self.state.flag()
        ui.say()
        ui.table([(text, f"{seconds:.1f} s") for text, seconds in self.times]
                 + [("Together", f"{sum(seconds for _, seconds in self.times):.1f} s")],
                 ("step", "time"))
        ui.say()
        count = len(self.sources) - 1
        ui.table([("documents", f"{count}, {self.bytes:,} bytes ({_megabytes(self.bytes)})"),
                  ("filed", _rate(self.bytes, count, self.up_seconds)),
                  ("downloaded", _rate(self.bytes, count, self.down_seconds)),
                  ("evidence", f"{self.bundle} ({_megabytes(self.bundle.stat().st_size)}, "
                               "kept until the next demo)"),
                  ("verifier key", self.verifier_key)], ("what", "result"))
        ui.say()
        ui.table([(message["number"], ", ".join(message["to"]), message["subject"])
                  for message in self.mails], ("mail", "to", "subject"))
        ui.say(f"\nEverything is as it should be. Read the mail with: tools/dev mail{flag}")


def _megabytes(number):
    return f"{number / 1e6:.1f} MB"


def _rate(number, count, seconds):
    seconds = max(seconds, 0.001)
    return f"{seconds:.1f} s, {number / 1e6 / seconds:.1f} MB/s, {count / seconds:.0f} documents/s"
