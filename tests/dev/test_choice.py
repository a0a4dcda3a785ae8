"""`up` on an instance that was there before starts it as it was, or says why it cannot."""

import socket
from argparse import Namespace

import choice
import pytest
import services
import ui
from daemon import Daemon


def asked(**flags):
    return Namespace(**{"preset": None, "base_port": None, "replicas": None, "standalone": None,
                        "fsync": None, **flags})


def test_the_build_that_ran_before_is_the_one_that_runs(state):
    assert choice.preset(asked(), state) == "dev"
    state.update(preset="release")
    assert choice.preset(asked(), state) == "release"
    assert choice.preset(asked(preset="dev"), state) == "dev"


def test_ports_and_replicas_stay_as_they_were(state):
    free = services.free_settings(3, False)
    state.update(settings=vars(free))
    assert choice.settings(asked(), state) == free
    assert choice.settings(asked(replicas=1), state).replicas == 1


def test_a_port_that_somebody_took_meanwhile_moves_the_instance(state):
    free = services.free_settings(1, False)
    state.update(settings=vars(free))
    with socket.create_server(("127.0.0.1", free.grpc_port("catalog"))):
        assert choice.settings(asked(), state).base_port > free.base_port
        with pytest.raises(ui.Failure, match=str(free.grpc_port("catalog"))):
            choice.settings(asked(base_port=free.base_port), state)


@pytest.fixture
def running(state):
    """An instance of which PostgreSQL and a service run."""
    state.update(settings=vars(services.free_settings(1, False)))
    made = [Daemon(state, name) for name in ("postgres", "efile")]
    for daemon in made:
        daemon.start(["sleep", "60"])
    yield state
    for daemon in made:
        daemon.stop()


@pytest.mark.parametrize("flags", [{"replicas": 2}, {"standalone": True}, {"base_port": 9000}])
def test_a_running_instance_does_not_become_another(running, flags):
    with pytest.raises(ui.Failure) as refused:
        choice.settings(asked(**flags), running)
    assert "tools/dev down" in refused.value.hint


def test_postgresql_is_not_said_to_wait_for_the_disk_when_it_does_not(running):
    assert choice.fsync(asked(fsync=True), running)
    with pytest.raises(ui.Failure) as refused:
        choice.fsync(asked(fsync=False), running)
    assert "tools/dev down" in refused.value.hint
    Daemon(running, "postgres").stop()
    assert not choice.fsync(asked(fsync=False), running)
