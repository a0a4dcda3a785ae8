"""What the suite consists of: its services, their ports, databases and configuration files."""

import json
import socket
from dataclasses import dataclass

import credentials
import layout
import ui

SERVICES = ("identity", "efile", "notification", "catalog")
MAX_REPLICAS = 8
FIRST_BASE_PORT = 7000
# One instance's block of ports: mail at +0, gRPC from +1, metrics from +101;
# each further replica ten higher.
PORT_BLOCK = 200
_METRICS = 101


@dataclass(frozen=True)
class Settings:
    """How an instance is laid out; kept in its folder so that `up` repairs the same one."""

    base_port: int
    replicas: int
    standalone: bool

    def grpc_port(self, service, replica=0):
        return self.base_port + 1 + SERVICES.index(service) + 10 * replica

    def metrics_port(self, service, replica=0):
        return self.grpc_port(service, replica) + _METRICS - 1

    def smtp_port(self):
        return self.base_port

    def target(self, service):
        """What a gRPC client is given: all replicas of a service."""
        addresses = [f"127.0.0.1:{self.grpc_port(service, replica)}"
                     for replica in range(self.replicas)]
        return ",".join(addresses)

    def is_usual(self):
        """Whether the command-line client finds it without being told where it is."""
        return self.base_port == FIRST_BASE_PORT and self.replicas == 1

    def ports(self):
        found = [self.smtp_port()]
        for replica in range(self.replicas):
            for service in SERVICES:
                found += [self.grpc_port(service, replica), self.metrics_port(service, replica)]
        return found


def is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def first_busy_port(settings, own=None):
    """The first port of the block that somebody listens on, `own` left out."""
    return next((port for port in settings.ports() if port != own and not is_free(port)), None)


def busy_port(port):
    """The failure of somebody who wanted just this block."""
    return ui.Failure(f"port {port} is in use by another program",
                      "Choose others with --base-port N, or leave the choice to --ports auto.")


def free_settings(replicas, standalone, above=FIRST_BASE_PORT):
    """The first block of ports, from `above` on, that nobody listens on."""
    # Below the range from which the kernel takes the ports of outgoing connections.
    for base in range(above, 32768 - PORT_BLOCK, PORT_BLOCK):
        settings = Settings(base, replicas, standalone)
        if first_busy_port(settings) is None:
            return settings
    raise ui.Failure("no free block of ports was found", "Name one with --base-port.")


def owner_role(service):
    return f"sockel_{service}_owner"


def runtime_role(service):
    return f"sockel_{service}"


def _password_file(state, role):
    return state.secrets / f"postgres-{role.replace('_', '-')}"


def prepare_databases(state, cluster):
    """Roles and one database per service. Running it again changes nothing."""
    passwords = {"postgres": cluster.password_file.read_text().strip()}
    # The psql of an `up` that was killed may still be at it: let it finish first.
    script = ["SELECT FROM pg_advisory_lock(hashtext('tools/dev prepare_databases'));"]
    for service in SERVICES:
        for role in (owner_role(service), runtime_role(service)):
            passwords[role] = credentials.ensure_password(_password_file(state, role))
            script += [f"SELECT 'CREATE ROLE {role}' WHERE NOT EXISTS "
                       f"(SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec",
                       f"ALTER ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{passwords[role]}';"]
        name = f"sockel_{service}"
        script += [f"SELECT 'CREATE DATABASE {name} OWNER {owner_role(service)}' WHERE NOT EXISTS "
                   f"(SELECT FROM pg_database WHERE datname = '{name}') \\gexec",
                   f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;",
                   f"GRANT CONNECT ON DATABASE {name} TO {runtime_role(service)};"]
    cluster.write_pgpass(passwords)
    cluster.sql("\n".join(script) + "\n")


def prepare_secrets(state):
    """Keys every replica of a service shares."""
    for service in SERVICES:
        folder = state.secrets / service
        folder.mkdir(mode=0o700, exist_ok=True)
        credentials.ensure_key(folder / "page-token.key")
        credentials.ensure_ed25519_pem(folder / "ledger-signing.pem")
        credentials.ensure_es256_jwk(folder / "service-account.jwk",
                                     folder / "service-account.public.jwk")
    for service in ("identity", "efile"):
        credentials.ensure_key(state.secrets / service / "master.key")


def config(state, settings, socket_dir, service, replica=0):
    """The configuration of one replica, as a tree."""
    secrets = state.secrets / service
    database = f"host={socket_dir} port=5432 dbname=sockel_{service}"
    tree = {
        "listen": f"127.0.0.1:{settings.grpc_port(service, replica)}",
        "metrics_listen": f"127.0.0.1:{settings.metrics_port(service, replica)}",
        "tls": {"plaintext": True},
        "database": {
            "conninfo": f"{database} user={runtime_role(service)}",
            "password_file": _password_file(state, runtime_role(service)),
            "owner_conninfo": f"{database} user={owner_role(service)}",
            "owner_password_file": _password_file(state, owner_role(service)),
        },
        "ledger": {"signing_key_file": secrets / "ledger-signing.pem"},
        "page_token_key_file": secrets / "page-token.key",
        "log": {"level": "info"},
    }
    if settings.replicas > 1:
        # Time for clients that follow its health to go over to another one.
        tree["drain"] = {"delay": "500ms"}
    if service != "identity":
        tree["identity"] = {"target": settings.target("identity")}
        tree["service_account"] = {"name": f"tenants/provider/serviceAccounts/{service}",
                                   "key_file": secrets / "service-account.jwk"}
        tree["services"] = {other: {"target": settings.target(other)}
                            for other in SERVICES if other != service}
    tree.update(_own_section(state, settings, service))
    return tree


def _own_section(state, settings, service):
    if service == "identity":
        return {"identity": {"master_key_file": state.secrets / "identity" / "master.key"}}
    if service == "efile":
        return {"efile": {"content_root": state.content / "efile",
                          "master_key_file": state.secrets / "efile" / "master.key"}}
    if service == "notification":
        # A sink on the same machine answers at once, and the less time it is given, the sooner
        # a mail is tried again whose worker was killed.
        return {"notification": {"smtp": {"host": "127.0.0.1", "port": settings.smtp_port(),
                                          "security": "none", "send_timeout": "2s"}}}
    return {}


def yaml(tree, indent=0):
    """Block style, strings quoted as JSON, which YAML reads the same."""
    lines = []
    for key, value in tree.items():
        if isinstance(value, dict):
            lines += [" " * indent + f"{key}:", yaml(value, indent + 2).rstrip("\n")]
        elif isinstance(value, (bool, int)):
            lines.append(" " * indent + f"{key}: {json.dumps(value)}")
        else:
            lines.append(" " * indent + f"{key}: {json.dumps(str(value))}")
    return "\n".join(lines) + "\n"


def write_config(state, name, tree):
    path = state.config / f"{name}.yaml"
    text = "# Written by tools/dev up; changes are lost.\n" + yaml(tree)
    if not path.exists() or path.read_text() != text:
        layout.write_atomically(path, text)
    return path
