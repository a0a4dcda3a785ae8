"""Where things are: the repo, the build folders, and the state folder of one instance."""

import fcntl
import hashlib
import json
import os
import time
from contextlib import contextmanager
from pathlib import Path

import ui

REPO = Path(__file__).resolve().parents[2]
BUILD = REPO / "build"
VENV = BUILD / "venv"
NPM = BUILD / "npm"
TOOLS = Path(__file__).resolve().parent

# sun_path holds 107 bytes, and PostgreSQL appends its socket's name.
_MAX_SOCKET_DIR = 85


def write_atomically(path, text, mode=0o600, owner=None):
    """A reader, or the next run after a kill, sees the old file or the new one. `owner`: user and
    group id; they may write the folder, so that nothing in it may lead root elsewhere."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    data = text if isinstance(text, bytes) else text.encode()
    temporary.unlink(missing_ok=True)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(fd, "wb") as file:
        os.fchmod(file.fileno(), mode)
        if owner is not None:
            os.fchown(file.fileno(), *owner)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)


@contextmanager
def locked(path, prepare, what):
    """One tools/dev at a time, by the lock file `path`; others wait, and say for `what`. `prepare`
    makes the folder of the lock, or raises; it is asked again when who was waited for has removed
    the folder. Not to be taken by who has it: that would wait for itself."""
    while True:
        prepare()
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _wait_for(fd, what)
            if _is_at(fd, path):
                os.ftruncate(fd, 0)
                os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
                yield
                return
        finally:
            os.close(fd)


def _wait_for(fd, what):
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(fd, 32).decode().strip() or "?"
        ui.say(f"Waiting for another tools/dev (process {holder}) on {what}")
        fcntl.flock(fd, fcntl.LOCK_EX)


def _is_at(fd, path):
    """False when the file that is open was removed: a lock on it keeps nobody out."""
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def build_locked():
    """For whoever changes what all that is done with this clone shares, below build/."""
    return locked(BUILD / ".lock", lambda: BUILD.mkdir(exist_ok=True), BUILD)


class NoInstance(ui.Failure):
    """There is no instance in the folder, or not any more."""


class State:
    """One instance of the suite. Everything it owns lies below `root`."""

    def __init__(self, root):
        # Without links, because processes are known by the folder they run in.
        self.root = Path(os.path.realpath(root))
        self.marker = self.root / "instance.json"
        self.run = self.root / "run"
        self.log = self.root / "log"
        self.secrets = self.root / "secrets"
        self.config = self.root / "config"
        self.content = self.root / "content"
        self.mail = self.root / "mail"
        self.postgres = self.root / "postgres"

    def exists(self):
        return os.path.exists(self.marker)  # False also where nobody may look

    def require(self):
        if not self.exists():
            raise NoInstance(f"there is no instance in {self.root}",
                             f"Start one with: tools/dev up{self.flag()}")
        self._require_own()

    def is_default(self):
        return self.root == Path(os.path.realpath(REPO / "var"))

    def flag(self):
        """How to name this instance on the command line."""
        return "" if self.is_default() else f" --state {self.root}"

    def check(self):
        """Refuses what holds no instance and cannot become one's folder."""
        try:
            foreign = self.root.exists() and not self.exists() and any(self.root.iterdir())
        except OSError as error:
            raise self._unusable(error) from None
        if foreign:
            raise ui.Failure(f"{self.root} holds files that are not an instance's",
                             "Name an empty or new folder with --state.")

    def _unusable(self, error):
        return ui.Failure(f"{self.root} cannot be the folder of an instance: {error.strerror}",
                          "Name an empty or new folder with --state.")

    def create(self):
        self.check()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from None
        # PostgreSQL's own user has to pass through when root starts it.
        self._require_own()
        self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.run, self.log, self.secrets, self.config, self.content):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not self.exists():
            self.save({})

    def _require_own(self):
        owner = self.root.stat().st_uid
        if owner != os.geteuid():
            raise ui.Failure(f"{self.root} belongs to user id {owner}, not to you",
                             "Run tools/dev as that user, or name another folder with --state.")

    def load(self):
        try:
            return json.loads(self.marker.read_text())
        except (OSError, ValueError):
            return {}

    def save(self, settings):
        write_atomically(self.marker, json.dumps(settings, indent=2, sort_keys=True) + "\n")

    def update(self, **changes):
        self.save({**self.load(), **changes})

    def socket_dir(self):
        """Below the state folder, or below /tmp if that path is too long for a socket."""
        own = self.postgres / "socket"
        if len(os.fsencode(own)) <= _MAX_SOCKET_DIR:
            return own
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path("/tmp") / f"sockel-{os.geteuid()}-{digest}"

    def locked(self):
        """One tools/dev at a time changes an instance; others wait. Raises NoInstance, also when the
        one that was waited for has removed it."""
        return locked(self.run / "lock", self.require, self.root)

    def created(self):
        """The same for an instance that is made if there is none."""
        return locked(self.run / "lock", self.create, self.root)


def wait_until(condition, seconds, interval=0.02):
    """True as soon as condition() holds, False after the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
        interval = min(interval * 1.5, 0.2)
    return True


def private_dir(path, uid, gid):
    """A folder of mode 0700 for one user; refuses a planted link or a foreign folder."""
    foreign = ui.Failure(f"{path} is not a folder of user id {uid}", f"Remove it: rm -r {path}")
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        raise foreign from None
    try:
        if os.fstat(fd).st_uid not in (uid, os.geteuid()):
            raise foreign
        os.fchown(fd, uid, gid)
        os.fchmod(fd, 0o700)
    finally:
        os.close(fd)
