"""The state folder: what is accepted, and where the socket goes."""

import os
import shutil
import threading
from contextlib import contextmanager

import layout
import pytest
import setup
import ui


def test_refuses_a_folder_with_other_files(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ui.Failure, match="not an instance's"):
        layout.State(tmp_path).create()


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/sockel"])
def test_refuses_what_cannot_be_a_folder(tmp_path, place):
    (tmp_path / "file").write_text("years of work")
    state = layout.State(tmp_path / place)
    with pytest.raises(ui.Failure, match="cannot be the folder") as refused:
        state.create()
    assert str(state.root) in str(refused.value)
    assert "--state" in refused.value.hint
    assert not state.exists()


def test_secrets_are_only_for_their_owner(state):
    assert state.secrets.stat().st_mode & 0o777 == 0o700
    layout.write_atomically(state.secrets / "key", "x")
    assert (state.secrets / "key").stat().st_mode & 0o777 == 0o600


def test_a_long_path_moves_the_socket(tmp_path):
    short = layout.State("/var/tmp/s").socket_dir()
    long = layout.State("/var/tmp/" + "x" * 120).socket_dir()
    assert str(short) == "/var/tmp/s/postgres/socket"
    assert len(os.fsencode(long / ".s.PGSQL.5432")) < 100
    assert long != layout.State("/var/tmp/" + "y" * 120).socket_dir()


def test_a_link_to_a_folder_is_that_folder(tmp_path):
    """Processes of an instance are known by the folder they run in."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "var").symlink_to(tmp_path / "disk")
    linked = layout.State(tmp_path / "var")
    linked.create()
    assert linked.root == tmp_path / "disk"
    assert layout.State(tmp_path / "disk").exists()


def test_a_planted_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "socket").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ui.Failure, match="is not a folder"):
        layout.private_dir(tmp_path / "socket", os.geteuid(), os.getegid())


@contextmanager
def one_that_waits(monkeypatch, lock, act):
    """What happens here, happens with the lock, and while another waits for it to act; what that
    returned or raised is in the list afterwards."""
    waits, came_to = threading.Event(), []
    monkeypatch.setattr(ui, "say", lambda text="": waits.set() if "Waiting" in text else None)

    def other():
        try:
            came_to.append(act())
        except BaseException as failure:
            came_to.append(failure)

    thread = threading.Thread(target=other, daemon=True)
    with lock:
        thread.start()
        assert waits.wait(20), "it did not wait"
        yield came_to
    thread.join(20)
    assert not thread.is_alive()


def inside(lock):
    with lock:
        return True


def test_who_waits_for_an_instance_that_is_removed_finds_none(state, monkeypatch):
    with one_that_waits(monkeypatch, state.locked(), lambda: inside(state.locked())) as came_to:
        shutil.rmtree(state.root)
    refused, = came_to
    assert isinstance(refused, layout.NoInstance) and str(state.root) in str(refused)
    assert not state.root.exists()


def test_an_up_that_waits_for_an_instance_that_is_removed_makes_it_anew(state, monkeypatch):
    def up():
        with state.created():
            assert state.exists()
            return (state.run / "lock").read_text()

    with one_that_waits(monkeypatch, state.locked(), up) as came_to:
        shutil.rmtree(state.root)
    assert came_to == [f"{os.getpid()}\n"]


def test_what_a_clone_shares_is_made_by_one_at_a_time(tmp_path, monkeypatch):
    for name, place in (("BUILD", "build"), ("VENV", "build/venv")):
        monkeypatch.setattr(layout, name, tmp_path / place)
    made = []

    def make(command):
        made.append(command)
        (layout.VENV / "bin").mkdir(parents=True, exist_ok=True)
        (layout.VENV / "bin" / "python").touch()

    monkeypatch.setattr(setup, "_quietly", make)
    with one_that_waits(monkeypatch, layout.build_locked(), setup.venv) as came_to:
        assert not made
        # As `clean --all` does: the lock that the other waits for is then on no file.
        shutil.rmtree(layout.BUILD)
    assert came_to == [setup.venv()]
    assert len(made) == 2 and (layout.BUILD / ".lock").exists()


def test_who_waited_does_not_make_again_what_is_there_now(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "BUILD", tmp_path)
    made = []
    with one_that_waits(monkeypatch, layout.build_locked(), lambda: setup._unless(
            lambda: bool(made), lambda: made.append("again"))) as came_to:
        made.append("once")
    assert (made, came_to) == (["once"], [None])
