"""The programs of an instance: their command lines, migrations, first operator."""

import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import build
import layout
import services
import ui
from daemon import Daemon

OPERATOR_LOGIN = "operator"
OPERATOR_SECRET = "operator.password"


class Process:
    """A replica of a service, or the standalone server."""

    def __init__(self, state, name, command, config_files, ports):
        self.name = name
        self.command = command
        self.config_files = config_files
        self.ports = ports  # service → gRPC port
        self.daemon = Daemon(state, name)
        self._started_with = state.run / f"{name}.started"

    def lives(self):
        return self.daemon.pid() is not None

    def _fingerprint(self):
        """Changes when the program was rebuilt or configured otherwise."""
        found = os.stat(self.command[0])
        digest = hashlib.sha256(f"{found.st_ino} {found.st_mtime_ns} {found.st_size}".encode())
        for path in self.config_files:
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def is_current(self):
        try:
            return self._started_with.read_text() == self._fingerprint()
        except OSError:
            return False

    def start(self):
        layout.write_atomically(self._started_with, self._fingerprint())
        self.daemon.start(self.command, env=_environment())


def _environment():
    """Variables like SOCKEL_LOG__LEVEL override the configuration, and may. Those without
    `__`, such as SOCKEL_IDENTITY, are meant for the command-line client or for tests. The way to
    the Internet leads nobody to services of the same machine."""
    return {name: value for name, value in os.environ.items()
            if (not name.startswith("SOCKEL_") or "__" in name)
            and not name.lower().endswith("_proxy")}


def build_targets():
    return [f"sockel-{service}" for service in services.SERVICES] + ["sockel-standalone", "sockel"]


def require_built(preset, standalone):
    """For --no-build: says what is missing before anything is started."""
    wanted = [f"sockel-{service}" for service in services.SERVICES]
    for name in wanted + (["sockel-standalone"] if standalone else []):
        if not build.binary(preset, name).exists():
            raise ui.Failure(f"{build.binary(preset, name)} is not built",
                             f"Run: tools/dev build --preset {preset}, or leave out --no-build.")


def daemons(state):
    """All processes that were started for this instance and not stopped since."""
    return [Daemon(state, path.stem) for path in sorted(state.run.glob("*.pid"))]


def replica_name(service, replica):
    return service if replica == 0 else f"{service}-{replica}"


def configure(state, settings, socket_dir, preset):
    """Writes the configuration files and says which processes they make."""
    files = {}
    for replica in range(settings.replicas):
        for service in services.SERVICES:
            tree = services.config(state, settings, socket_dir, service, replica)
            files[service, replica] = services.write_config(
                state, replica_name(service, replica), tree)
    if settings.standalone:
        program = build.binary(preset, "sockel-standalone")
        return [Process(state, "standalone", [program, "serve", "--config-dir", state.config],
                        list(files.values()),
                        {service: settings.grpc_port(service) for service in services.SERVICES})]
    return [Process(state, replica_name(service, replica),
                    [build.binary(preset, f"sockel-{service}"), "serve", "--config", path], [path],
                    {service: settings.grpc_port(service, replica)})
            for (service, replica), path in files.items()]


def _once(state, preset, service, *arguments):
    """Runs a subcommand of a service to its end."""
    log = state.log / f"{service}-{arguments[0]}.log"
    with open(log, "ab") as out:
        result = subprocess.run([build.binary(preset, f"sockel-{service}"), *map(str, arguments),
                                 "--config", state.config / f"{service}.yaml"],
                                env=_environment(), stdin=subprocess.DEVNULL, stdout=out,
                                stderr=out, check=False)
    if result.returncode != 0:
        raise ui.Failure(f"sockel-{service} {arguments[0]} failed. The end of its log:\n"
                         + ui.tail(log), f"The whole log: {log}")


def migrate(state, preset):
    with ThreadPoolExecutor(len(services.SERVICES)) as pool:
        for result in [pool.submit(_once, state, preset, service, "migrate")
                       for service in services.SERVICES]:
            result.result()


def bootstrap(state, preset):
    """The provider's tenant, its first operator and the services' own accounts."""
    accounts = [argument for service in services.SERVICES if service != "identity"
                for argument in ("--service-account",
                                 f"{service}={state.secrets / service / 'service-account.public.jwk'}")]
    _once(state, preset, "identity", "bootstrap", "--operator-login", OPERATOR_LOGIN,
          "--operator-password-file", state.secrets / OPERATOR_SECRET, *accounts)
