"""Processes are known by id and start time, and no other process is ever signalled."""

import json
import os
import signal
import subprocess

import layout
import pytest
from daemon import Daemon, start_time


def test_records_itself_and_stops(state):
    daemon = Daemon(state, "sleeper")
    process = daemon.start(["sleep", "60"])
    assert daemon.pid() == process.pid
    assert daemon.stop()
    assert process.wait(5) == -signal.SIGTERM
    assert daemon.pid() is None


def test_a_reused_process_id_is_not_ours(state):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        daemon = Daemon(state, "sleeper")
        daemon.start(["true"]).wait(5)
        known = json.loads(daemon.pid_file.read_text())
        known.update(pid=stranger.pid, started=start_time(stranger.pid) - 1)
        daemon.pid_file.write_text(json.dumps(known))
        assert daemon.pid() is None
        daemon.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_process_of_another_boot_is_not_ours(state):
    daemon = Daemon(state, "sleeper")
    known = {"pid": os.getpid(), "started": start_time(os.getpid()), "boot": "another"}
    daemon.pid_file.write_text(json.dumps(known))
    assert daemon.pid() is None


def test_kills_what_ignores_the_request(state):
    daemon = Daemon(state, "stubborn")
    process = daemon.start(["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done"])
    assert layout.wait_until(lambda: daemon.log_file.read_text() == "deaf\n", 5)
    assert not daemon.stop(grace=0.5)
    assert process.wait(5) == -signal.SIGKILL


@pytest.mark.parametrize("text", ["", "garbage", "[]", '{"pid": 1}', "7"])
def test_a_broken_pid_file_means_not_running(state, text):
    daemon = Daemon(state, "sleeper")
    daemon.pid_file.write_text(text)
    assert daemon.pid() is None
