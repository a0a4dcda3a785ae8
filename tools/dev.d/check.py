"""tools/dev test: everything CI runs, with one sum at the end."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree as xml
from contextlib import contextmanager
from pathlib import Path

import build
import layout
import lint
import processes
import setup
import ui

# Leaks and undefined behaviour end the test at once, with a stack trace.
_SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "LSAN_OPTIONS": f"suppressions={layout.TOOLS}/lsan.supp:print_suppressions=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    # What the libraries copy and free is not ours, and they do not say when it changes hands.
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:ignore_interceptors_accesses=1:"
                    f"suppressions={layout.TOOLS}/tsan.supp",
}
_PYTEST_SECONDS = 40 * 60
_PYTEST_END_SECONDS = 5 * 60
# What sends the suite things that nobody would, and kills it: on request also to programs that
# notice every wrong access to memory.
_HARD_TESTS = [f"tests/e2e/test_{name}.py" for name in ("generated_requests", "tenants", "faults")]


class Sum:
    """What passed, failed and was skipped, over all kinds of tests."""

    def __init__(self):
        self.parts = []
        self.tests = 0  # besides what counts as one, such as a build

    def add(self, name, passed, failed, skipped, seconds):
        self.parts.append((name, passed, failed, skipped, f"{seconds:.0f} s"))

    def add_tests(self, name, passed, failed, skipped, seconds):
        self.tests += passed + failed + skipped
        self.add(name, passed, failed, skipped, seconds)

    def total(self):
        return [sum(part[column] for part in self.parts) for column in (1, 2, 3)]


def run(args):
    total = Sum()
    os.chdir(layout.REPO)
    results = Path(tempfile.mkdtemp(prefix="sockel-results-"))
    try:
        _prepare(total)
        _lint(total)
        _build(total, "dev", processes.build_targets())
        # The C++ tests run where they see most; as built for use, and for races, on request.
        presets = ["asan-ubsan"] + (["dev", "tsan"] if args.all else [])
        for preset in presets:
            _build(total, preset, ["sockel_tests"])
        if args.all:
            _build(total, "asan-ubsan", processes.build_targets())
        for preset in presets:
            _ctest(args, total, preset, results)
        _pytest(args, total, results, "Python and clients", ["tests"])
        if args.all:
            _pytest(args, total, results, "Python, asan-ubsan", _HARD_TESTS,
                    {**_SANITIZERS, "SOCKEL_PRESET": "asan-ubsan"})
    except _Stop:
        pass
    finally:
        shutil.rmtree(results, ignore_errors=True)
    ui.say()
    ui.table(total.parts, ("part", "passed", "failed", "skipped", "time"))
    passed, failed, skipped = total.total()
    ui.say()
    ui.say(f"{passed} passed, {failed} failed, {skipped} skipped")
    if args.filter and not failed and not total.tests:
        ui.warn(f"there is no test whose name contains `{args.filter}`")
        return 1
    return 1 if failed or not passed else 0


class _Stop(Exception):
    """Nothing that follows makes sense."""


@contextmanager
def _vital(total, name):
    """A part that counts as one test, and without which the others cannot run."""
    started = time.monotonic()
    ui.say(ui.bold(f"\n== {name}"))
    try:
        yield
    except ui.Failure as failure:
        ui.warn(f"{failure}\n{failure.hint}")
        total.add(name, 0, 1, 0, time.monotonic() - started)
        raise _Stop from failure
    total.add(name, 1, 0, 0, time.monotonic() - started)


def _prepare(total):
    with _vital(total, "setup"):
        setup.packages()
        setup.venv()
        setup.npm_tools()


def _build(total, preset, targets):
    with _vital(total, f"build {preset}"):
        build.build(preset, targets)


def _lint(total):
    started = time.monotonic()
    ui.say(ui.bold("\n== lint"))
    build.configure("dev")  # fetches the protos that buf needs
    report = lint.checks(lint.Report())
    total.add("lint", len(report.passed), len(report.failed), len(report.skipped),
              time.monotonic() - started)


def spellings(text):
    """The ways in which a test's name may contain `text`: C++ tests are called ClosesADossier,
    Python tests test_closes_a_dossier."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", text)
    found = [text, text[:1].upper() + text[1:], "".join(word[:1].upper() + word[1:] for word in words),
             "_".join(words).lower()]
    return [spelling for spelling in dict.fromkeys(found) if spelling]


def gtest_filter(text):
    # There `-` and `:` are operators; `?` is any one character.
    return ":".join(f"*{re.sub('[-:]', '?', spelling)}*" for spelling in spellings(text))


def _read_junit(paths):
    """(passed, failed, skipped) over JUnit files, as GoogleTest, ctest and pytest write them."""
    passed = failed = skipped = 0
    for path in paths:
        for case in xml.parse(path).getroot().iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.find("skipped") is not None or case.get("result") in ("skipped", "suppressed") \
                    or case.get("status") in ("notrun", "disabled"):
                skipped += 1
            else:
                passed += 1
    return passed, failed, skipped


def _ctest(args, total, preset, results):
    started = time.monotonic()
    ui.say(ui.bold(f"\n== C++ tests, {preset}"))
    cases = results / f"gtest-{preset}"
    cases.mkdir()
    junit = results / f"ctest-{preset}.xml"
    environment = {**os.environ, **_SANITIZERS,
                   "GTEST_OUTPUT": f"xml:{cases}/", "GTEST_COLOR": "no"}
    if args.filter:
        environment["GTEST_FILTER"] = gtest_filter(args.filter)
    code = subprocess.run(["ctest", "--test-dir", str(build.folder(preset)), "--output-on-failure",
                           "--output-junit", str(junit), "-j", str(os.cpu_count())],
                          env=environment, check=False).returncode
    passed, failed, skipped = _read_junit(sorted(cases.glob("*.xml")))
    # A binary that crashed wrote no cases, or not all of them.
    broken = _read_junit([junit])[1] if junit.exists() else 0
    if code != 0:
        failed = max(failed, broken, 1)
    total.add_tests(f"C++ {preset}", passed, failed, skipped, time.monotonic() - started)


def _pytest(args, total, results, name, tests, environment=None):
    started = time.monotonic()
    ui.say(ui.bold(f"\n== {name}"))
    for package in sorted((layout.REPO / "tests").glob("*/package-lock.json")):
        setup.npm_project(package.parent)
    junit = results / f"{name}.xml"
    command = [setup.venv(), "-m", "pytest", *tests, f"--junitxml={junit}", "-q",
               "-p", "no:cacheprovider"]
    command += ["-k", " or ".join(spellings(args.filter))] if args.filter else []
    code = _patiently([str(part) for part in command],
                      {**os.environ, **(environment or {}), "PYTHONDONTWRITEBYTECODE": "1"})
    passed, failed, skipped = _read_junit([junit]) if junit.exists() else (0, 0, 0)
    if code not in (0, 5):  # 5: the filter left no test
        failed = max(failed, 1)
    total.add_tests(name, passed, failed, skipped, time.monotonic() - started)


def _patiently(command, environment):
    """Runs pytest, which is never just killed: it has instances to stop."""
    process = subprocess.Popen(command, env=environment)
    try:
        return process.wait(_PYTEST_SECONDS)
    except subprocess.TimeoutExpired:
        ui.warn(f"the Python tests are ended after {_PYTEST_SECONDS // 60} minutes")
        process.send_signal(signal.SIGINT)
        return _end(process) or 1
    except KeyboardInterrupt:  # the terminal has sent it to pytest, too
        _end(process)
        raise


def _end(process):
    try:
        return process.wait(_PYTEST_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
