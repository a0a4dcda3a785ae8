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
# Lets a process search folders it could not enter; nothing can be written by it.
_SEARCH_CAPS = (("dac_read_search", 2), ("dac_override", 1))

_SETTINGS = """\
# Written by tools/dev at every start; changes are lost.
listen_addresses = ''
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = 128MB
jit = off
log_min_duration_statement = 1000
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
        """Creates the cluster if there is none, repairs what a kill left, starts it."""
        if self.daemon.pid() and self._answers():
            return
        self._create()
        self._remove_leftovers()
        self._write_settings()
        process = self._start()
        if self._wait(process):
            return
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
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        secret = self.home / "initdb-password"
        layout.write_atomically(secret, self.password_file.read_bytes())
        os.chown(secret, self.uid, self.gid)
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
        path = self.data / "sockel.conf"
        layout.write_atomically(path, text)
        os.chown(path, self.uid, self.gid)

    def _synced(self):
        return self.state.load().get("fsync", True)

    def _remove_leftovers(self):
        """After a kill -9: ends orphaned backends, removes lock files of dead processes.

        Only called while our postmaster is not alive; a process is an orphan of
        this cluster if it runs in its data folder, which is ours alone.
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
        # Another tools/dev holds no server here: the caller has the instance's lock.
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if os.readlink(f"/proc/{entry}/cwd") == str(self.data):
                        found.append(int(entry))
                except OSError:
                    pass
        return found

    def _start(self):
        return self.daemon.start(self._as_owner([binary("postgres"), "-D", self.data]))

    def _wait(self, process):
        """Crash recovery of a large database takes its time; a dead server does not."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self._answers():
                return True
            if process.poll() is not None:
                return False
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
        if self._blocked_folder():
            # The state folder lies below one that others may not enter, e.g. /root.
            capability = self._search_capability()
            drop += [f"--inh-caps=-all,+{capability}", f"--ambient-caps=+{capability}",
                     f"--bounding-set=-all,+{capability}"]
        else:
            drop += ["--inh-caps=-all", "--bounding-set=-all"]
        return drop + ["--"] + command

    def _blocked_folder(self):
        for folder in self.home.parents:
            found = folder.stat()
            if not found.st_mode & 0o001 and found.st_uid != self.uid:
                return folder
        return None

    def _search_capability(self):
        with open("/proc/self/status", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file if ":" in line)
        bounding = int(lines["CapBnd"], 16)
        for name, bit in _SEARCH_CAPS:
            if bounding >> bit & 1:
                return name
        raise ui.Failure(f"the user `postgres` may not enter {self._blocked_folder()}",
                         "Name a folder elsewhere with --state, e.g. --state /var/tmp/sockel")


def _cluster_user():
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise ui.Failure("the system user `postgres` is missing", "Run: tools/dev setup") from None
    return user.pw_uid, user.pw_gid
