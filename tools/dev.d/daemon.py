"""Processes that outlive tools/dev, known by process id and start time.

A process id alone says nothing after a kill or a reboot: the kernel gives it
away again. With the start time it names one process for ever, so that no
command here ever signals a process that tools/dev did not start.
"""

import json
import os
import signal
import subprocess

import layout


def start_time(pid):
    """Clock ticks since boot at which the process began; None if it is gone or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _boot_id():
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


class Daemon:
    """One background process of an instance: its pid file and its log."""

    def __init__(self, state, name):
        self.name = name
        self.pid_file = state.run / f"{name}.pid"
        self.log_file = state.log / f"{name}.log"

    def pid(self):
        """The process id if the process lives, else None."""
        try:
            known = json.loads(self.pid_file.read_text())
            pid = known["pid"]
            same = known["boot"] == _boot_id() and known["started"] == start_time(pid)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return pid if same else None

    def start(self, argv, env=None):
        """Starts the process in a session of its own; its output goes to the log.

        The child writes its pid file itself, before it becomes the program, so
        that no kill of tools/dev leaves a process nobody knows of.
        """
        boot = _boot_id()

        def record():
            pid = os.getpid()
            known = {"pid": pid, "started": start_time(pid), "boot": boot}
            layout.write_atomically(self.pid_file, json.dumps(known) + "\n")

        with open(self.log_file, "ab") as log:
            return subprocess.Popen([str(part) for part in argv], stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log, cwd="/", env=env,
                                    start_new_session=True, preexec_fn=record)

    def send(self, number):
        """Signals exactly this process; False if it is not there any more."""
        pid = self.pid()
        if pid is None:
            return False
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        try:
            if self.pid() != pid:  # gone, and its id reused, before the descriptor was open
                return False
            signal.pidfd_send_signal(fd, number)
            return True
        except ProcessLookupError:
            return False
        finally:
            os.close(fd)

    def stop(self, number=signal.SIGTERM, grace=20):
        """Asks, waits, and only then kills. True if it went by itself."""
        polite = True
        if self.send(number):
            polite = layout.wait_until(lambda: self.pid() is None, grace)
            if not polite:
                self.send(signal.SIGKILL)
                layout.wait_until(lambda: self.pid() is None, 5)
        self.pid_file.unlink(missing_ok=True)
        return polite
