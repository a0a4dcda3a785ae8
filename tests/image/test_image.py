"""The image is complete and reproducible, and its programs run from it."""

import hashlib
import importlib.machinery
import importlib.util
import json
import os
import signal
import subprocess
import tarfile
import time
import urllib.request
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
SERVICES = ["identity", "efile", "notification", "catalog"]
PROGRAMS = [f"sockel-{service}" for service in SERVICES]


def make(folder):
    subprocess.run([REPO / "tools/image", "--preset", "dev", "--no-build", "--output", folder],
                   check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    return make(tmp_path_factory.mktemp("image") / "oci")


def blob(image, descriptor):
    data = (image / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()
    assert hashlib.sha256(data).hexdigest() == descriptor["digest"].partition(":")[2]
    assert len(data) == descriptor["size"]
    return data


@pytest.fixture(scope="session")
def manifest(image):
    index = json.loads((image / "index.json").read_text())
    return json.loads(blob(image, index["manifests"][0]))


@pytest.fixture(scope="session")
def config(image, manifest):
    return json.loads(blob(image, manifest["config"]))


@pytest.fixture(scope="session")
def root(image, manifest, tmp_path_factory):
    """The unpacked layers."""
    folder = tmp_path_factory.mktemp("root")
    folder.chmod(0o755)
    for layer in manifest["layers"]:
        blob(image, layer)
        with tarfile.open(image / "blobs" / layer["digest"].replace(":", "/")) as archive:
            archive.extractall(folder, **({"filter": "tar"} if hasattr(tarfile, "data_filter") else {}))
    (folder / "tmp").chmod(0o1777)
    return folder


def inside(root, *command):
    """The command line that runs a program with the image as its whole file system."""
    if os.geteuid() == 0:
        return ["chroot", "--userspec=65532:65532", str(root), *command]
    return ["unshare", "--user", "--map-root-user", "chroot", str(root), *command]


def may_change_root():
    """Whether this machine lets us; what is in the image is no part of the question."""
    return os.geteuid() == 0 or subprocess.run(
        ["unshare", "--user", "--map-root-user", "chroot", "/", "true"], capture_output=True,
        check=False).returncode == 0


needs_root_change = pytest.mark.skipif(
    not may_change_root(), reason="this machine lets no one but root change the root folder")


def test_is_the_same_twice(image, tmp_path):
    again = make(tmp_path / "again")
    assert (again / "index.json").read_text() == (image / "index.json").read_text()


def test_runs_as_nobody_special(config):
    assert config["config"]["User"] == "65532:65532"
    assert config["os"] == "linux"


def test_says_what_it_is(config):
    labels = config["config"]["Labels"]
    assert labels["org.opencontainers.image.licenses"] == "EUPL-1.2"
    assert labels["org.opencontainers.image.version"]


@pytest.fixture
def tool():
    """tools/image as a module: it has no name that could be imported."""
    loader = importlib.machinery.SourceFileLoader("image_tool", str(REPO / "tools/image"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("image_tool", loader))
    loader.exec_module(module)
    return module


def test_says_when_its_sources_are_not_the_commits(tool, tmp_path, monkeypatch):
    def git(*arguments):
        subprocess.run(["git", "-C", tmp_path, "-c", "user.name=t", "-c", "user.email=t@example.org",
                        *arguments], check=True, capture_output=True)
    git("init")
    (tmp_path / "main.cc").write_text("int main() {}\n")
    git("add", "main.cc")
    git("commit", "-m", "First")
    monkeypatch.setattr(tool, "REPO", tmp_path)
    clean = tool.commit()
    (tmp_path / "main.cc").write_text("int main() { return 1; }\n")
    assert tool.commit() == [clean[0] + "-modified", *clean[1:]]


def test_holds_no_shell_and_no_set_user_programs(root):
    programs = sorted(path.name for path in (root / "usr/bin").iterdir())
    assert programs == sorted(["sockel", "sockel-standalone", *(f"sockel-{s}" for s in SERVICES)])
    assert not [path for path in root.rglob("*") if not path.is_symlink()
                and path.is_file() and path.stat().st_mode & 0o6000]


def test_names_its_packages_for_scanners(root):
    records = {path.name: path.read_text() for path in (root / "var/lib/dpkg/status.d").iterdir()}
    assert "Version: " in records["libgrpc29"]
    assert {"libc6", "libssl3", "libpq5", "tzdata"} <= set(records)


@pytest.mark.parametrize("program", [*PROGRAMS, "sockel", "sockel-standalone"])
def test_every_library_of_a_program_is_there(root, program):
    """As the image's own loader finds them, which anybody may run."""
    loader, = (root / "usr/lib64").glob("ld-linux-*")
    folders = sorted({str(path.parent) for path in (root / "usr/lib").rglob("*.so*")})
    run = subprocess.run([loader, "--inhibit-cache", "--library-path", ":".join(folders), "--list",
                          root / "usr/bin" / program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    found = [line.split(" => ")[1] for line in run.stdout.splitlines() if " => " in line]
    assert found and not [line for line in found if not line.startswith(str(root))]


@needs_root_change
@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_run_inside(root, program):
    run = subprocess.run(inside(root, f"/usr/bin/{program}", "version"), capture_output=True,
                         text=True, check=False)
    assert run.returncode == 0, run.stderr


@needs_root_change
def test_a_service_serves_from_it(root):
    """Up and measurable without its database, and not ready: that is what a pod would show."""
    folder = root / "tmp" / "service"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    for name in ("page-token.key", "master.key"):
        (folder / name).write_text("0123456789abcdef" * 4)
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", folder / "ledger.pem"],
                   check=True, capture_output=True)
    (folder / "ledger.pem").chmod(0o644)
    (folder / "identity.yaml").write_text("""
listen: 127.0.0.1:0
metrics_listen: 127.0.0.1:0
tls: {plaintext: true}
database: {conninfo: "host=/nowhere dbname=sockel_identity user=sockel_identity"}
ledger: {signing_key_file: /tmp/service/ledger.pem}
page_token_key_file: /tmp/service/page-token.key
identity: {master_key_file: /tmp/service/master.key}
""")
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(
            inside(root, "/usr/bin/sockel-identity", "serve", "--config",
                   "/tmp/service/identity.yaml", "--port-file", "/tmp/service/ports"),
            stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not (folder / "ports").exists():
            assert server.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        port = json.loads((folder / "ports").read_text())["identity"]["metrics"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert "sockel_rpc_handled_total" in answer.read().decode()
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0, (folder / "log").read_text()
    finally:
        server.kill()
        server.wait()
