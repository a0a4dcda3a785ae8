"""The state folder: what is accepted, and where the socket goes."""

import os

import layout
import pytest
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
