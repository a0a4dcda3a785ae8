"""tools/dev up with the built services: ready, repaired, side by side."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import health
import layout
import pytest
from daemon import start_time

REPO = Path(__file__).resolve().parents[2]
SERVICES = ("identity", "efile", "notification", "catalog")


class Instance:
    def __init__(self, folder):
        self.folder = folder

    def dev(self, command, *arguments, check=True, environment=None):
        run = subprocess.run([REPO / "tools/dev", command, "--state", self.folder, *arguments],
                             env={**os.environ, **(environment or {})}, capture_output=True, text=True,
                             check=False)
        assert not check or run.returncode == 0, run.stdout + run.stderr
        return run

    def up(self, *arguments):
        return self.dev("up", "--no-build", "--no-fsync", *arguments).stdout

    def pid(self, name):
        return json.loads((self.folder / "run" / f"{name}.pid").read_text())["pid"]

    def kill(self, name):
        os.kill(self.pid(name), signal.SIGKILL)

    def base_port(self):
        return json.loads((self.folder / "instance.json").read_text())["settings"]["base_port"]

    def serves(self):
        return all(health.serves(f"127.0.0.1:{self.base_port() + 1 + index}")
                   for index in range(len(SERVICES)))


@pytest.fixture
def instance(room):
    made = Instance(room / "one")
    yield made
    made.dev("clean")


def test_is_ready_within_ten_seconds_and_says_how_to_go_on(instance):
    started = time.monotonic()
    text = instance.up("--fsync")
    assert time.monotonic() - started < 10
    assert instance.serves()
    secret = instance.folder / "secrets" / "operator.password"
    assert str(secret) in text
    assert secret.stat().st_mode & 0o777 == 0o600
    assert len(text.rpartition("Try:")[2].strip().splitlines()) == 3


def test_a_second_up_changes_nothing(instance):
    instance.up()
    before = {name: instance.pid(name) for name in (*SERVICES, "postgres", "mail")}
    secret = (instance.folder / "secrets" / "operator.password").read_text()
    instance.up()
    assert before == {name: instance.pid(name) for name in before}
    assert secret == (instance.folder / "secrets" / "operator.password").read_text()


@pytest.mark.parametrize("victims", [*((name,) for name in (*SERVICES, "postgres", "mail")),
                                     (*SERVICES, "postgres", "mail")], ids="+".join)
def test_repairs_what_was_killed_and_keeps_the_rest(instance, victims):
    instance.up()
    before = {name: instance.pid(name) for name in (*SERVICES, "postgres", "mail")}
    for name in victims:
        instance.kill(name)
    assert instance.dev("status", check=False).returncode == 1
    instance.up()
    after = {name: instance.pid(name) for name in before}
    assert {name for name in before if before[name] != after[name]} == set(victims)
    assert instance.dev("status").returncode == 0


@pytest.mark.parametrize("reached", ["postgres/data.new*", "run/postgres.pid", "run/mail.pid",
                                     "log/identity-bootstrap.log"])
def test_goes_on_where_a_killed_up_stopped(instance, reached):
    up = subprocess.Popen([REPO / "tools/dev", "up", "--no-build", "--no-fsync", "--state",
                           instance.folder], stdout=subprocess.DEVNULL)
    assert layout.wait_until(lambda: list(instance.folder.glob(reached)) or up.poll() is not None, 30)
    up.kill()
    assert up.wait() == -signal.SIGKILL, "it was over before it was killed"
    instance.up()
    assert instance.serves()
    assert instance.dev("status").returncode == 0


def test_a_proxy_to_the_internet_is_none_for_the_instance(instance):
    nowhere = "http://127.0.0.1:9"
    instance.dev("up", "--no-build", "--no-fsync", environment={
        "http_proxy": nowhere, "https_proxy": nowhere, "HTTPS_PROXY": nowhere, "grpc_proxy": nowhere})
    assert instance.serves()


def test_instances_live_side_by_side(instance, room):
    other = Instance(room / "two")
    try:
        instance.up()
        other.up("--replicas", "2")
        assert instance.serves() and other.serves()
        assert instance.base_port() != other.base_port()
        other.dev("down")
        assert instance.serves()
    finally:
        other.dev("clean")


def test_all_in_one_process(instance):
    instance.up("--standalone")
    assert instance.serves()
    assert sorted(path.stem for path in (instance.folder / "run").glob("*.pid")) == [
        "mail", "postgres", "standalone"]


def test_down_leaves_no_process_and_keeps_the_data(instance):
    instance.up()
    pids = [instance.pid(name) for name in (*SERVICES, "postgres", "mail")]
    instance.dev("down")
    assert not [pid for pid in pids if start_time(pid) is not None]
    assert layout.State(instance.folder).exists()
    instance.up()
    assert instance.serves()


def test_says_what_is_wrong_when_a_service_cannot_start(instance):
    instance.up()
    instance.dev("down")
    (instance.folder / "secrets" / "efile" / "master.key").write_text("not a key")
    run = instance.dev("up", "--no-build", check=False)
    assert run.returncode == 1
    assert "efile" in run.stderr
    assert str(instance.folder / "log" / "efile.log") in run.stderr


def test_refuses_other_settings_while_running(instance):
    instance.up()
    run = instance.dev("up", "--no-build", "--replicas", "2", check=False)
    assert run.returncode == 1
    assert "tools/dev down" in run.stderr


def test_a_taken_port_is_named(instance, room):
    instance.up()
    other = Instance(room / "two")
    run = other.dev("up", "--no-build", "--base-port", str(instance.base_port()), check=False)
    assert run.returncode == 1
    assert str(instance.base_port()) in run.stderr
    other.dev("clean")
