"""What `up` starts: what it is asked for, else what the instance had, else the usual."""

import processes
import services
import ui
from daemon import Daemon

_USUAL_PRESET = "dev"


def preset(args, state):
    return args.preset or state.load().get("preset", _USUAL_PRESET)


def settings(args, state):
    """Refuses what a running instance cannot become. Without --base-port, another block of ports
    is taken when the one that the instance had is in use."""
    known = state.load().get("settings")
    known = services.Settings(**known) if known else None
    replicas = args.replicas or (known.replicas if known else 1)
    standalone = args.standalone if args.standalone is not None else bool(known and known.standalone)
    if standalone and replicas > 1:
        raise ui.Failure("the standalone server is one process",
                         "Leave out --replicas, or say --no-standalone.")
    base_port = args.base_port or (known.base_port if known else None)
    if base_port is None:
        return services.free_settings(replicas, standalone)
    chosen = services.Settings(base_port, replicas, standalone)
    running = {daemon.name for daemon in processes.daemons(state) if daemon.pid()}
    if running and known and chosen != known:
        raise _running_otherwise(state)
    if running - {"postgres"}:
        return chosen
    busy = services.first_busy_port(chosen)
    if busy is None:
        return chosen
    if args.base_port:
        raise services.busy_port(busy)
    return services.free_settings(replicas, standalone)


def fsync(args, state):
    """Whether PostgreSQL waits for the disk; it is told so only when it starts."""
    known = state.load().get("fsync", True)
    wanted = known if args.fsync is None else args.fsync
    if wanted != known and Daemon(state, "postgres").pid():
        raise _running_otherwise(state)
    return wanted


def _running_otherwise(state):
    return ui.Failure(f"the instance in {state.root} is running with other settings",
                      f"Stop it first: tools/dev down{state.flag()}")
