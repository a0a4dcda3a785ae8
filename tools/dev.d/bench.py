"""tools/dev bench: builds the release binaries, starts an instance of its own, measures, removes it."""

import argparse
import subprocess
import tempfile
from pathlib import Path

import build
import layout
import services
import suite
from postgres import Cluster

PRESET = "release"


def run(args):
    build.build(PRESET, ["sockel-bench"] + [f"sockel-{service}" for service in services.SERVICES])
    # Not below /tmp, which may be memory: durable writes are to be measured.
    state = layout.State(tempfile.mkdtemp(prefix="bench-", dir=layout.BUILD))
    try:
        suite.up(argparse.Namespace(no_build=True, preset=PRESET, base_port=None, ports="auto",
                                    standalone=None, replicas=None, fsync=None), state)
        return _measure(args, state)
    finally:
        suite.remove(state)


def _measure(args, state):
    cluster = Cluster(state)
    cluster.sql("CREATE DATABASE sockel_bench;\n")
    settings = services.Settings(**state.load()["settings"])
    key = Path(state.secrets) / "catalog" / "service-account.jwk"
    return subprocess.run(
        [str(build.binary(PRESET, "sockel-bench")), "--identity", settings.target("identity"),
         "--efile", settings.target("efile"), "--provisioner-key", str(key),
         "--conninfo", f"host={cluster.socket_dir} dbname=sockel_bench user=postgres "
                       f"passfile={cluster.pgpass}",
         *args.names], check=False).returncode
