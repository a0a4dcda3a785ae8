"""The private cluster starts, and starts again after kill -9."""

import os
import signal

import layout
import pytest
from postgres import Cluster


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


def test_refuses_a_wrong_password(cluster):
    cluster.write_pgpass({"postgres": "wrong"})
    with pytest.raises(Exception, match="password authentication failed"):
        cluster.sql("SELECT 1")
