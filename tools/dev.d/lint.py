"""tools/dev lint and fmt: what can be checked without running anything."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import build
import layering
import layout
import setup
import ui

_MAX_LINES = 400
_CLANG_FORMAT = "clang-format-14"
_GOOGLEAPIS = ("third_party", "googleapis")


class Report:
    """Counts checks, so that the test command can add them to its sum."""

    def __init__(self):
        self.passed, self.failed, self.skipped = [], [], []

    def check(self, name, findings):
        """findings: lines of text; None means that the check could not be done."""
        if findings is None:
            self.skipped.append(name)
            ui.say(f"  skipped  {name}")
        elif findings:
            self.failed.append(name)
            ui.say(f"  FAILED   {name}")
            for line in findings:
                ui.say(f"           {line}")
        else:
            self.passed.append(name)
            ui.say(f"  passed   {name}")


def tracked_files(*suffixes):
    """Files of the repo, also new ones that are not committed yet."""
    result = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=layout.REPO, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ui.Failure("git ls-files failed: " + result.stderr.strip(), "Run it in a clone.")
    return [name for name in sorted(set(result.stdout.splitlines()))
            if name.endswith(suffixes) and (layout.REPO / name).is_file()]


def _sources():
    return tracked_files(".h", ".cc")


def _format_findings():
    files = _sources()
    if not files:
        return []
    result = subprocess.run([_CLANG_FORMAT, "--dry-run", "--Werror", *files], cwd=layout.REPO,
                            capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return []
    wrong = sorted(set(re.findall(r"^([^\s:]+):\d+:\d+: error:", result.stderr, re.M)))
    return [f"{name}: not formatted; run tools/dev fmt" for name in wrong] or [result.stderr.strip()]


def _size_warnings():
    for name in tracked_files(".h", ".cc", ".py", ".proto", ".ts"):
        lines = (layout.REPO / name).read_text(encoding="utf-8").count("\n")
        if lines > _MAX_LINES:
            ui.say(f"  warning  {name} has {lines} lines; above {_MAX_LINES} there is a second "
                   "subject in it")


def _lockfile_findings():
    """A lockfile pins by hash; an address in it would tie the repo to one registry."""
    return [f"{name}: holds addresses of a registry; put omit-lockfile-registry-resolved=true "
            "into its .npmrc and make it anew" for name in tracked_files("package-lock.json")
            if '"resolved": "http' in (layout.REPO / name).read_text(encoding="utf-8")]


# protos


def _googleapis():
    """google/api and google/rpc, as the build fetched them."""
    for preset in build.PRESETS:
        folder = build.folder(preset).joinpath(*_GOOGLEAPIS)
        if (folder / "google" / "api" / "annotations.proto").exists():
            return folder
    return None


def _make_buf_workspace(root, google):
    """Fills a folder in which buf finds our protos and those they import."""
    shutil.copytree(layout.REPO / "protos", root / "protos")
    for name in ("api", "rpc", "type"):
        shutil.copytree(google / "google" / name, root / "googleapis" / "google" / name,
                        ignore=lambda folder, names: [n for n in names if n.endswith((".py", ".pyi"))])
    (root / "buf.work.yaml").write_text("version: v1\ndirectories: [protos, googleapis]\n",
                                        encoding="utf-8")


def _buf(root, *arguments):
    program = next((setup.npm_tools() / "@bufbuild").glob("buf-linux-*/bin/buf"))
    result = subprocess.run([str(program), *map(str, arguments)], cwd=root, capture_output=True,
                            text=True, check=False)
    return [] if result.returncode == 0 else (result.stdout + result.stderr).strip().splitlines()


def _last_release():
    result = subprocess.run(["git", "describe", "--tags", "--abbrev=0", "--match", "v*"],
                            cwd=layout.REPO, capture_output=True, text=True, check=False)
    return result.stdout.strip() or None


def _breaking_findings(root):
    """Compares with the protos of the last release; before the first there is nothing to break."""
    release = _last_release()
    if release is None:
        return None
    return _buf(root, "breaking", "protos", "--against",
                f"{layout.REPO / '.git'}#tag={release},subdir=protos")


def _check_protos(report):
    google = _googleapis()
    linted = broken = None
    if google is not None:
        # Of its own: two at a time would take each other's files away.
        with tempfile.TemporaryDirectory(prefix="sockel-buf-") as folder:
            workspace = Path(folder)
            _make_buf_workspace(workspace, google)
            linted, broken = _buf(workspace, "lint", "protos"), _breaking_findings(workspace)
    report.check("buf lint", linted)
    report.check("buf breaking against the last release", broken)


def checks(report):
    report.check("C++ format", _format_findings())
    report.check("layering", layering.check(layout.REPO)[1])
    report.check("lockfiles without registry addresses", _lockfile_findings())
    _check_protos(report)
    _size_warnings()
    return report


def run(_args):
    setup.packages()
    report = checks(Report())
    if report.skipped:
        ui.say("Skipped: buf lint needs the protos of google/api, which are there after "
               "tools/dev build; buf breaking needs a release tag.")
    return 1 if report.failed else 0


def fmt(_args):
    setup.packages()
    files = _sources()
    if files:
        subprocess.run([_CLANG_FORMAT, "-i", *files], cwd=layout.REPO, check=True)
    ui.say(f"{len(files)} files are formatted")
