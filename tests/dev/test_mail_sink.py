"""Who has the mail sink's port has the block; a sink that cannot start is no matter of ports."""

import socket
from argparse import Namespace

import health
import mail_sink
import pytest
import services
import ui
from daemon import Daemon


@pytest.fixture
def settings(state, monkeypatch):
    monkeypatch.setattr(mail_sink.sys, "executable", "/usr/bin/python3")  # it has aiosmtpd
    free = services.free_settings(1, False)
    state.update(settings=vars(free))
    yield free
    Daemon(state, "mail").stop()


def start(state, settings, base_port=None):
    return mail_sink.start(Namespace(base_port=base_port), state, settings)


def test_it_takes_the_first_port_of_the_block(state, settings):
    assert start(state, settings) == settings
    assert health.listens(f"127.0.0.1:{settings.smtp_port()}")


@pytest.mark.parametrize("service", [None, "catalog"], ids=["its own port", "a later port"])
def test_a_block_that_somebody_else_took_is_left_to_him(state, settings, service):
    port = settings.grpc_port(service) if service else settings.smtp_port()
    with socket.create_server(("127.0.0.1", port)):
        moved = start(state, settings)
    assert moved.base_port > settings.base_port
    assert state.load()["settings"] == vars(moved)


def test_a_block_that_was_asked_for_and_is_taken_is_said_and_leaves_nothing_running(state, settings):
    busy = settings.metrics_port("efile")
    with socket.create_server(("127.0.0.1", busy)):
        with pytest.raises(ui.Failure, match=f"port {busy} is in use"):
            start(state, settings, settings.base_port)
    assert Daemon(state, "mail").pid() is None


def test_a_sink_that_cannot_start_is_said_with_its_log(state, settings, tmp_path, monkeypatch):
    broken = tmp_path / "smtp_sink.py"
    broken.write_text("raise SystemExit('there is no aiosmtpd')\n")
    monkeypatch.setattr(mail_sink, "_PROGRAM", broken)
    with pytest.raises(ui.Failure, match="there is no aiosmtpd"):
        start(state, settings)
    assert state.load()["settings"] == vars(settings)


def test_beside_running_services_it_comes_back_to_its_own_port(state, settings):
    """Their ports are in use, and rightly so."""
    service = Daemon(state, "efile")
    service.start(["sleep", "60"])
    try:
        with socket.create_server(("127.0.0.1", settings.grpc_port("efile"))):
            assert start(state, settings) == settings
    finally:
        service.stop()
