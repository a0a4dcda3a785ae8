"""Starts the mail sink. Its port is the first of the block: who has it, has the block."""

import sys

import layout
import processes
import services
import ui
from daemon import Daemon

_PROGRAM = layout.TOOLS / "smtp_sink.py"
_START_SECONDS = 30


def start(args, state, settings):
    """The settings with which it runs: those given, or, when another instance took the block in the
    same moment, those of the next free one."""
    sink = Daemon(state, "mail")
    while sink.pid() is None:
        ready = _try(state, sink, settings)
        if not ready:
            sink.stop()
        taken = _taken_port(state, settings, settings.smtp_port() if ready else None)
        if ready and taken is None:
            break
        sink.stop()
        if taken is None:
            raise ui.Failure("the mail sink does not start. The end of its log:\n"
                             + ui.tail(sink.log_file), f"The whole log: {sink.log_file}")
        if args.base_port or _own_services_run(state):
            raise services.busy_port(taken)
        settings = services.free_settings(settings.replicas, settings.standalone,
                                          settings.base_port + services.PORT_BLOCK)
        state.update(settings=vars(settings))
    return settings


def _try(state, sink, settings):
    """Whether it has its port."""
    ready = state.run / "mail.ready"
    ready.unlink(missing_ok=True)
    process = sink.start([sys.executable, "-B", _PROGRAM, settings.smtp_port(), state.mail, ready])
    layout.wait_until(lambda: process.poll() is not None or ready.exists(), _START_SECONDS)
    return ready.exists()


def _taken_port(state, settings, own):
    """The first port of the block that somebody else listens on; `own` is the sink's, if it has it."""
    if _own_services_run(state):  # on all the others
        return None if own or services.is_free(settings.smtp_port()) else settings.smtp_port()
    return services.first_busy_port(settings, own)


def _own_services_run(state):
    return any(daemon.pid() for daemon in processes.daemons(state)
               if daemon.name not in ("postgres", "mail"))
