"""A private PostgreSQL cluster: Unix socket only, own user if root starts it."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

import credentials
import layout
import ui
from daemon import Daemon

VERSION = "15"
# Lets a process read where it could not; nothing can be written by it.
_SEARCH, _SEARCH_BIT = "dac_read_search", 2
_RECOVERY_SECONDS = 120

_SETTINGS = """\
# Written by tools/dev at every start; changes are lost.
listen_addresses = ''
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = 128MB
jit = off
# Statements carry what people write and how they are called.
log_min_error_statement = panic
log_error_verbosity = terse
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_line_prefix = '%m [%p] %q%u@%d '
log_timezone = 'UTC'
timezone = 'UTC'
"""
# For instances that are thrown away: a power cut may damage them, a kill does not.
_HASTY_SETTINGS = "fsync = off\nfull_page_writes = off\n"


def binary(name):
    path = Path("/usr/lib/postgresql") / VERSION / "bin" / name
    if path.exists():
        return str(path)
    found = shutil.which(name)
    if not found:
        raise ui.Failure(f"PostgreSQL {VERSION} is not installed ({name} not found)",
                         "Run: tools/dev setup")
    return found


class Cluster:
    """One cluster in the folder postgres/ of a state folder."""

    def __init__(self, state):
        self.state = state
        self.home = state.postgres
        self.data = self.home / "data"
        self.socket_dir = state.socket_dir()
        self.daemon = Daemon(state, "postgres")
        self.password_file = state.secrets / "postgres-superuser"
        self.pgpass = state.secrets / "pgpass"
        self.uid, self.gid = _cluster_user()

    # Starting and stopping

    def ensure_running(self):
        """Creates the cluster if there is none, repairs what a kill left, starts it. One that is
        alive, but recovers or is going down, is waited for."""
        if not self._wait():
            self._create()
            self._remove_leftovers()
            self._write_settings()
            self.daemon.start(self._as_owner([binary("postgres"), "-D", self.data]))
            if not self._wait():
                raise ui.Failure("PostgreSQL does not start. The end of its log:\n"
                                 + ui.tail(self.daemon.log_file),
                                 f"The whole log: {self.daemon.log_file}")

    def stop(self):
        # SIGINT is PostgreSQL's fast shutdown: sessions end, a checkpoint is written.
        self.daemon.stop(signal.SIGINT, grace=60)

    def _create(self):
        layout.private_dir(self.home, self.uid, self.gid)
        credentials.ensure_password(self.password_file)
        if (self.data / "PG_VERSION").exists():
            return
        for leftover in self.home.glob("data.new*"):
            shutil.rmtree(leftover, ignore_errors=True)
        # A name of one's own: an initdb whose tools/dev was killed may still be at work.
        unfinished = self.home / f"data.new.{os.getpid()}"
        secret = self.home / "initdb-password"
        layout.write_atomically(secret, self.password_file.read_bytes(), owner=self._owner())
        command = [binary("initdb"), "--pgdata", unfinished, "--username=postgres",
                   "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8",
                   "--locale=C.UTF-8", "--data-checksums", "--no-instructions",
                   *([] if self._synced() else ["--no-sync"])]
        result = self._run(command)
        secret.unlink(missing_ok=True)
        if result.returncode != 0:
            raise ui.Failure("initdb failed:\n" + result.stderr.rstrip())
        with open(unfinished / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("\ninclude 'sockel.conf'\n")
        unfinished.rename(self.data)

    def _write_settings(self):
        layout.private_dir(self.socket_dir, self.uid, self.gid)
        text = _SETTINGS.format(socket_dir=str(self.socket_dir).replace("'", "''"))
        text += "" if self._synced() else _HASTY_SETTINGS
        layout.write_atomically(self.data / "sockel.conf", text, owner=self._owner())

    def _owner(self):
        return self.uid, self.gid

    def _synced(self):
        return self.state.load().get("fsync", True)

    def _remove_leftovers(self):
        """After a kill -9: ends orphaned backends, removes lock files of dead processes.

        Only called while our postmaster is not alive.
        """
        layout.wait_until(lambda: not self._orphans(), 2)
        for pid in self._orphans():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if not layout.wait_until(lambda: not self._orphans(), 5):
            raise ui.Failure(f"processes of a killed PostgreSQL remain: {self._orphans()}",
                             "Wait a moment and try again.")
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        if self.socket_dir.is_dir():
            for path in self.socket_dir.glob(".s.PGSQL.*"):
                path.unlink(missing_ok=True)

    def _orphans(self):
        """Processes of PostgreSQL in our data folder; somebody's shell there is none of them.
        Another tools/dev holds no server here: the caller has the instance's lock."""
        program = os.path.realpath(binary("postgres"))
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
                if _link(pid, "cwd") == str(self.data)
                and _link(pid, "exe").removesuffix(" (deleted)") == program]

    def _wait(self):
        """Whether it answers, as soon as that is known: a server that is alive is waited for, and
        never harmed, for crash recovery of a large database takes its time."""
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while (pid := self.daemon.pid()) is not None:
            if self._answers():
                return True
            if time.monotonic() > deadline:
                raise ui.Failure(
                    f"PostgreSQL (process {pid}) is alive but has not answered for "
                    f"{_RECOVERY_SECONDS} s. The end of its log:\n" + ui.tail(self.daemon.log_file),
                    "If it recovers, wait and run the same again: it goes on meanwhile. If it hangs, "
                    f"stop it first: tools/dev down{self.state.flag()}")
            time.sleep(0.03)
        return False

    def _answers(self):
        command = [binary("pg_isready"), "-q", "-h", str(self.socket_dir), "-d", "postgres"]
        return subprocess.run(command, check=False).returncode == 0

    # Using it

    def environment(self, role="postgres", database="postgres"):
        """Variables with which libpq reaches the cluster without being asked for a password."""
        return {**os.environ, "PGHOST": str(self.socket_dir), "PGPORT": "5432", "PGUSER": role,
                "PGDATABASE": database, "PGPASSFILE": str(self.pgpass)}

    def write_pgpass(self, passwords):
        lines = [f"*:*:*:{role}:{password}" for role, password in sorted(passwords.items())]
        layout.write_atomically(self.pgpass, "\n".join(lines) + "\n")

    def sql(self, script, database="postgres"):
        """Runs a script as the superuser; secrets in it never show in a process list."""
        result = subprocess.run([binary("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-"],
                                input=script, env=self.environment(database=database), text=True,
                                capture_output=True, check=False)
        if result.returncode != 0:
            raise ui.Failure("PostgreSQL refused a statement:\n" + result.stderr.rstrip())
        return result.stdout

    def _run(self, command):
        return subprocess.run([str(part) for part in self._as_owner(command)], cwd="/", text=True,
                              capture_output=True, check=False)

    def _as_owner(self, command):
        """PostgreSQL refuses to be root: then it runs as the system user `postgres`."""
        if os.geteuid() != 0:
            return command
        drop = ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--init-groups",
                "--no-new-privs"]
        if blocked := self._blocked_folder():
            # The state folder lies below one that others may not enter, e.g. /root.
            require_search(blocked, _bounding_set())
            drop += [f"--inh-caps=-all,+{_SEARCH}", f"--ambient-caps=+{_SEARCH}",
                     f"--bounding-set=-all,+{_SEARCH}"]
        else:
            drop += ["--inh-caps=-all", "--bounding-set=-all"]
        return drop + ["--"] + command

    def _blocked_folder(self):
        for folder in self.home.parents:
            found = folder.stat()
            if not found.st_mode & 0o001 and found.st_uid != self.uid:
                return folder
        return None


def _link(pid, name):
    try:
        return os.readlink(f"/proc/{pid}/{name}")
    except OSError:  # gone, or not ours to look at
        return ""


def _bounding_set():
    with open("/proc/self/status", encoding="ascii") as file:
        lines = dict(line.split(":", 1) for line in file if ":" in line)
    return int(lines["CapBnd"], 16)


def require_search(folder, bounding_set):
    """Refuses a folder that only a right to write everywhere would open, as in a container that has
    cap_dac_override but not cap_dac_read_search: a database server must not have that."""
    if not bounding_set >> _SEARCH_BIT & 1:
        raise ui.Failure(f"the user `postgres` may not enter {folder}",
                         "Name a folder elsewhere with --state, e.g. --state /var/tmp/sockel")


def _cluster_user():
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise ui.Failure("the system user `postgres` is missing", "Run: tools/dev setup") from None
    return user.pw_uid, user.pw_gid
