"""tools/dev status, logs, psql, clean: looking at an instance, and removing it."""

import os
import subprocess
import time

import health
import layout
import processes
import services
import suite
import ui
from postgres import binary as postgres_binary, Cluster


def _resident_mib(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return f"{int(line.split()[1]) // 1024} MiB"
    except OSError:
        pass
    return ""


def _age(path):
    seconds = int(time.time() - path.stat().st_mtime)
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def _ports(settings):
    """Daemon name → its gRPC ports."""
    if settings.standalone:
        return {"standalone": [settings.grpc_port(service) for service in services.SERVICES]}
    return {processes.replica_name(service, replica): [settings.grpc_port(service, replica)]
            for replica in range(settings.replicas) for service in services.SERVICES}


def _survey(state):
    """Rows for people: name, state, pid, age, memory, ports. And whether all of it serves."""
    known = state.load().get("settings")
    ports = _ports(services.Settings(**known)) if known else {}
    living = {daemon.name: daemon for daemon in processes.daemons(state) if daemon.pid()}
    targets = {f"{name}:{port}": f"127.0.0.1:{port}"
               for name, found in ports.items() if name in living for port in found}
    late = health.wait_serving(targets, 1)
    rows, good = [], bool(known)
    for name in ["postgres", "mail", *ports]:
        daemon = living.get(name)
        serving = daemon and not any(target.startswith(f"{name}:") for target in late)
        good = good and bool(serving)
        word = "stopped" if not daemon else "running" if serving else "not serving"
        where = " ".join(f"127.0.0.1:{port}" for port in ports.get(name, []))
        rows.append((name, word, daemon.pid() if daemon else "", _age(daemon.pid_file) if daemon else "",
                     _resident_mib(daemon.pid()) if daemon else "", where))
    return rows, good


def serves(state):
    """Whether every process of the instance runs and answers."""
    return _survey(state)[1]


def status(_args, state):
    """Exit code 0 if all of it serves, 1 if not."""
    state.require()
    rows, good = _survey(state)
    ui.say(f"Instance in {state.root}")
    ui.table(rows, ("process", "state", "pid", "up for", "memory", "gRPC"))
    return 0 if good else 1


def logs(args, state):
    state.require()
    found = sorted(state.log.glob("*.log"))
    if args.service:
        found = [path for path in found
                 if path.stem == args.service or path.stem.startswith(args.service + "-")]
    if not found:
        raise ui.Failure(f"there is no log of `{args.service or state.root}`", "See: "
                         + " ".join(path.stem for path in sorted(state.log.glob("*.log"))))
    os.execvp("tail", ["tail", "-n", str(args.lines), *(["-F"] if args.follow else []), "--",
                       *map(str, found)])


def psql(args, state):
    state.require()
    cluster = Cluster(state)
    role = {"superuser": "postgres", "owner": services.owner_role(args.service),
            "runtime": services.runtime_role(args.service)}[args.role]
    if cluster.daemon.pid() is None:
        raise ui.Failure("PostgreSQL is not running", f"Run: tools/dev up{state.flag()}")
    command = [postgres_binary("psql"), *args.arguments]
    os.execvpe(command[0], command, cluster.environment(role, f"sockel_{args.service}"))


def clean(args, state):
    if suite.remove(state):
        ui.say(f"Removed {state.root}")
    else:
        ui.say(f"There is no instance in {state.root}.")
    if args.all and layout.BUILD.exists():
        with layout.build_locked():
            subprocess.run(["rm", "-rf", "--", str(layout.BUILD)], check=True)
        ui.say(f"Removed {layout.BUILD}")
