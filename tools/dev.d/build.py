"""tools/dev build: CMake presets, with what they need installed first."""

import fcntl
import os
import subprocess
from contextlib import contextmanager

import layout
import setup
import ui

# Compiled with Clang: what tools/dev test does not need is not installed before it is asked for.
_CLANG_PRESETS = ("asan-ubsan", "tsan", "tidy")
PRESETS = ("dev", "release", "asan-ubsan", "tsan", "tidy", "coverage")


def folder(preset):
    return layout.BUILD / preset


def binary(preset, name):
    return folder(preset) / "bin" / name


def configure(preset):
    """CMake's first run; later ones it starts itself when its files change."""
    if preset in _CLANG_PRESETS:
        setup.clang(*(["clang-tidy-14"] if preset == "tidy" else []))
    with _locked():
        if not (folder(preset) / "build.ninja").exists():
            _run(["cmake", "--preset", preset, "-DPython3_EXECUTABLE=/usr/bin/python3"])


def build(preset, targets=()):
    """Builds `targets`, or everything, with whatever that needs first."""
    setup.packages()
    configure(preset)
    with _locked():
        _run(["cmake", "--build", "--preset", preset] + (["--target", *targets] if targets else []))


@contextmanager
def _locked():
    """Two builds in one folder would destroy each other's work."""
    layout.BUILD.mkdir(exist_ok=True)
    fd = os.open(layout.BUILD / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            ui.say("Waiting for another build of this clone")
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _run(command):
    ui.say(ui.bold(ui.quoted(command)))
    # Paths below the clone do not count for ccache, so that clones share their results.
    environment = {"CCACHE_BASEDIR": str(layout.REPO), "CCACHE_NOHASHDIR": "1", **os.environ}
    if subprocess.run(command, cwd=layout.REPO, env=environment, check=False).returncode != 0:
        raise ui.Failure(f"{ui.quoted(command)} failed (see above)",
                         f"If the build folder is to blame: rm -r {layout.BUILD}/<preset>, then again.")


def run(args):
    build(args.preset, args.targets)
