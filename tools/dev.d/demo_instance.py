"""The instance that a demo runs on: there, whole, and for one demo at a time."""

import fcntl
import os
from contextlib import contextmanager
from types import SimpleNamespace

import build
import inspect_suite
import processes
import suite
import ui


def ensure_running(state):
    """Starts what is not there, repairs what was killed; builds only if nothing is built."""
    if state.exists() and inspect_suite.serves(state):
        ui.say(f"The instance in {state.root} is running.")
        return
    preset = state.load().get("preset", "dev")
    built = all(build.binary(preset, name).exists() for name in processes.build_targets())
    suite.up(SimpleNamespace(no_build=built, preset=preset, base_port=None, replicas=None,
                             standalone=None, fsync=None), state)
    ui.say()


@contextmanager
def alone(home):
    """The profiles of the people are shared by all demos of an instance."""
    fd = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ui.Failure("another demo is running on this instance", "Wait until it is over.") from None
    finally:
        os.close(fd)
