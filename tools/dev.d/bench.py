"""tools/dev bench: builds the release binaries and measures."""

import os

import build


def run(args):
    build.build("release", ["sockel-bench"] + [f"sockel-{service}" for service in
                                               ("identity", "efile", "notification", "catalog")])
    program = str(build.binary("release", "sockel-bench"))
    os.execv(program, [program, *args.names])
