"""The private cluster starts, and starts again after kill -9."""

import os
import signal
import subprocess
import threading

import layout
import pytest
import ui
from postgres import Cluster, require_search


@pytest.fixture
def cluster(state):
    made = Cluster(state)
    made.ensure_running()
    made.write_pgpass({"postgres": made.password_file.read_text().strip()})
    yield made
    made.stop()


def test_listens_on_no_tcp_port(cluster):
    assert cluster.sql("SHOW listen_addresses") == "\n"
    assert cluster.sql("SHOW data_checksums") == "on\n"


def test_never_runs_as_root(cluster):
    assert os.stat(f"/proc/{cluster.daemon.pid()}").st_uid != 0


def test_repairs_after_a_kill(cluster):
    cluster.sql("CREATE TABLE kept AS SELECT 42 AS answer; CHECKPOINT")
    first = cluster.daemon.pid()
    cluster.daemon.send(signal.SIGKILL)
    assert layout.wait_until(lambda: cluster.daemon.pid() is None, 5)
    cluster.ensure_running()
    assert cluster.daemon.pid() != first
    assert cluster.sql("SELECT answer FROM kept") == "42\n"


def test_one_that_is_alive_but_does_not_answer_yet_is_waited_for(cluster):
    first = cluster.daemon.pid()
    cluster.daemon.send(signal.SIGSTOP)
    starting = threading.Thread(target=cluster.ensure_running)
    starting.start()
    starting.join(4)  # longer than one question whether it answers
    assert starting.is_alive(), "it did not wait"
    cluster.daemon.send(signal.SIGCONT)
    starting.join(30)
    assert not starting.is_alive()
    assert cluster.daemon.pid() == first
    assert cluster.sql("SELECT 1") == "1\n"


def test_somebody_who_stands_in_its_folder_is_left_alone(cluster):
    visitor = subprocess.Popen(["sleep", "60"], cwd=cluster.data)
    try:
        cluster.daemon.send(signal.SIGKILL)
        assert layout.wait_until(lambda: cluster.daemon.pid() is None, 5)
        cluster.ensure_running()
        assert visitor.poll() is None
    finally:
        visitor.kill()
        visitor.wait()


def test_it_never_gets_the_right_to_write_everywhere():
    docker = 0xA80425FB  # what a container gets by default: dac_override, but not dac_read_search
    with pytest.raises(ui.Failure) as refused:
        require_search("/root", docker)
    assert "--state" in refused.value.hint
    require_search("/root", docker | 1 << 2)


def test_a_link_in_its_folder_leads_root_nowhere(tmp_path):
    """The folder belongs to the user that PostgreSQL runs as, who could put one there."""
    victim = tmp_path / "shadow"
    victim.write_text("untouched")
    (tmp_path / f".sockel.conf.{os.getpid()}").symlink_to(victim)
    (tmp_path / "sockel.conf").symlink_to(victim)
    layout.write_atomically(tmp_path / "sockel.conf", "new", owner=(os.geteuid(), os.getegid()))
    assert victim.read_text() == "untouched"
    assert not (tmp_path / "sockel.conf").is_symlink()


def test_a_stale_lock_file_with_a_living_foreign_process_is_no_obstacle(cluster):
    text = (cluster.data / "postmaster.pid").read_text().splitlines()
    cluster.stop()
    (cluster.data / "postmaster.pid").write_text("\n".join(["1", *text[1:]]) + "\n")
    os.chown(cluster.data / "postmaster.pid", cluster.uid, cluster.gid)
    cluster.ensure_running()
    assert cluster.sql("SELECT 1") == "1\n"


def test_a_running_cluster_is_left_alone(cluster):
    first = cluster.daemon.pid()
    cluster.ensure_running()
    assert cluster.daemon.pid() == first


def test_its_log_holds_nothing_of_what_statements_carry(cluster):
    cluster.sql("CREATE TABLE people (login text PRIMARY KEY); INSERT INTO people VALUES ('geheim')")
    with pytest.raises(ui.Failure, match="geheim"):
        cluster.sql("INSERT INTO people VALUES ('geheim')")
    text = cluster.daemon.log_file.read_text()
    assert "duplicate key value" in text
    assert "geheim" not in text
    # A slow one is not written down either.
    assert cluster.sql("SHOW log_min_duration_statement") == "-1\n"
    assert cluster.sql("SHOW log_parameter_max_length") == "0\n"


def test_refuses_a_wrong_password(cluster):
    cluster.write_pgpass({"postgres": "wrong"})
    with pytest.raises(Exception, match="password authentication failed"):
        cluster.sql("SELECT 1")
