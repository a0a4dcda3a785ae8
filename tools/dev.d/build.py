"""tools/dev build: CMake presets, with what they need installed first."""

import subprocess

import layout
import setup
import ui

PRESETS = ("dev", "release", "asan-ubsan", "tsan", "tidy", "coverage")


def folder(preset):
    return layout.BUILD / preset


def binary(preset, name):
    return folder(preset) / "bin" / name


def build(preset, targets=()):
    """Configures if that was never done, then builds `targets`, or everything."""
    setup.packages()
    if preset == "tidy":
        setup.clang()
    if not (folder(preset) / "build.ninja").exists():
        _run(["cmake", "--preset", preset, "-DPython3_EXECUTABLE=/usr/bin/python3"])
    _run(["cmake", "--build", "--preset", preset] + (["--target", *targets] if targets else []))


def _run(command):
    ui.say(ui.bold(ui.quoted(command)))
    if subprocess.run(command, cwd=layout.REPO, check=False).returncode != 0:
        raise ui.Failure(f"{ui.quoted(command)} failed (see above)",
                         f"If the build folder is to blame: rm -r {layout.BUILD}/<preset>, then again.")


def run(args):
    build(args.preset, args.targets)
