"""tools/dev up and down: one instance of the whole suite."""

import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import build
import choice
import health
import layout
import mail_sink
import processes
import services
import ui
from daemon import Daemon
from postgres import Cluster

_READY_SECONDS = 60


def up(args, state):
    started = time.monotonic()
    state.check()
    preset = choice.preset(args, state)
    if not args.no_build:
        build.build(preset, processes.build_targets())
    with state.created():
        settings = choice.settings(args, state)
        processes.require_built(preset, settings.standalone)
        state.update(settings=vars(settings), preset=preset, fsync=choice.fsync(args, state))
        cluster = Cluster(state)
        with ui.step("PostgreSQL"):
            cluster.ensure_running()
            services.prepare_databases(state, cluster)
        settings = mail_sink.start(args, state, settings)
        services.prepare_secrets(state)
        wanted = processes.configure(state, settings, cluster.socket_dir, preset)
        with ui.step("Database migrations"):
            processes.migrate(state, preset)
        with ui.step("First operator"):
            processes.bootstrap(state, preset)
        _start(state, wanted)
    _print_summary(state, settings, preset, time.monotonic() - started)


def _start(state, wanted):
    """Keeps what runs and is current, starts the rest, waits until all serve."""
    names = {process.name for process in wanted}
    stale = [daemon for daemon in processes.daemons(state)
             if daemon.name not in names | {"postgres", "mail"}]
    for process in wanted:
        if process.daemon.pid() and not process.is_current():
            ui.say(f"- {process.name} was rebuilt or configured anew: restarting it")
            stale.append(process.daemon)
    _stop_all(stale)
    fresh = [process for process in wanted if process.daemon.pid() is None]
    for process in fresh:
        process.start()
    kept = len(wanted) - len(fresh)
    with ui.step(f"Services ({len(fresh)} started, {kept} kept)"):
        _wait_ready(wanted)


def _wait_ready(wanted):
    by_port = {f"{process.name} {service}": process
               for process in wanted for service in process.ports}
    targets = {f"{process.name} {service}": f"127.0.0.1:{port}"
               for process in wanted for service, port in process.ports.items()}
    late = health.wait_serving(targets, _READY_SECONDS, lambda name: by_port[name].lives())
    if not late:
        return
    process = next((by_port[name] for name in late if not by_port[name].lives()), by_port[late[0]])
    what = "is not ready" if process.lives() else "stopped right after its start"
    raise ui.Failure(f"{process.name} {what}. The end of its log:\n"
                     + ui.tail(process.daemon.log_file), f"The whole log: {process.daemon.log_file}")


def _print_summary(state, settings, preset, seconds):
    sockel = os.path.relpath(build.binary(preset, "sockel"))
    flag = state.flag()
    ui.say()
    ui.table([(service, settings.target(service),
               f"http://127.0.0.1:{settings.metrics_port(service)}/metrics")
              for service in services.SERVICES]
             + [("mail", f"127.0.0.1:{settings.smtp_port()} (SMTP)", f"tools/dev mail{flag}")],
            ("service", "gRPC", "metrics"))
    secret = state.secrets / processes.OPERATOR_SECRET
    endpoints = "" if settings.is_usual() else "".join(
        f" --{service} {settings.target(service)}" for service in services.SERVICES)
    ui.say(f"""
Ready in {seconds:.1f} s. The first operator is `{processes.OPERATOR_LOGIN}` of tenant `provider`;
the password is in {secret}

Try:
  {sockel} login --tenant provider --user {processes.OPERATOR_LOGIN} --password-file {secret}{endpoints}
  tools/dev demo{flag}
  tools/dev status{flag}""")


def down(_args, state):
    try:
        with state.locked():
            if not [daemon for daemon in processes.daemons(state) if daemon.pid()]:
                ui.say(f"Nothing runs in {state.root}.")
            stop(state)
    except layout.NoInstance:
        ui.say(f"Nothing runs in {state.root}: there is no instance.")


def stop(state):
    """Services first, because they finish calls that need the database."""
    last = {"postgres": Cluster(state).stop, "mail": Daemon(state, "mail").stop}
    _stop_all([daemon for daemon in processes.daemons(state) if daemon.name not in last])
    for name, end in last.items():
        if Daemon(state, name).pid():
            with ui.step(f"Stopping {name}"):
                end()
        else:
            end()


def remove(state):
    """Stops what runs and deletes the instance with its data. False when there is none."""
    try:
        with state.locked():
            stop(state)
            socket_dir = state.socket_dir()
            if state.root not in socket_dir.parents:
                shutil.rmtree(socket_dir, ignore_errors=True)
            shutil.rmtree(state.root)
    except layout.NoInstance:
        return False
    return True


def _stop_all(found):
    def end(daemon):
        return daemon, daemon.pid() is None or daemon.stop(signal.SIGTERM)

    living = [daemon.name for daemon in found if daemon.pid()]
    if not living:
        for daemon in found:
            daemon.stop()
        return
    with ui.step(f"Stopping {', '.join(living)}"):
        with ThreadPoolExecutor(len(found)) as pool:
            killed = [daemon.name for daemon, polite in pool.map(end, found) if not polite]
        for daemon in found:
            daemon.pid_file.unlink(missing_ok=True)
    if killed:
        ui.warn(f"did not stop in time and was killed: {', '.join(killed)}")
