"""tools/dev build: CMake presets, with what they need installed first."""

import os
import subprocess

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
    with layout.build_locked():
        if not (folder(preset) / "build.ninja").exists():
            _run(["cmake", "--preset", preset, "-DPython3_EXECUTABLE=/usr/bin/python3"])


def build(preset, targets=()):
    """Builds `targets`, or everything, with whatever that needs first."""
    setup.packages()
    configure(preset)
    with layout.build_locked():
        _run(["cmake", "--build", "--preset", preset] + (["--target", *targets] if targets else []))


def _run(command):
    ui.say(ui.bold(ui.quoted(command)))
    # Paths below the clone do not count for ccache, so that clones share their results.
    environment = {"CCACHE_BASEDIR": str(layout.REPO), "CCACHE_NOHASHDIR": "1", **os.environ}
    if subprocess.run(command, cwd=layout.REPO, env=environment, check=False).returncode != 0:
        raise ui.Failure(f"{ui.quoted(command)} failed (see above)",
                         f"If the build folder is to blame: rm -r {layout.BUILD}/<preset>, then again.")


def run(args):
    build(args.preset, args.targets)
