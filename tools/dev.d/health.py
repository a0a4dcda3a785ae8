"""Asks gRPC servers whether they serve (grpc.health.v1)."""

import socket
import time

_SERVING = b"\x08\x01"  # HealthCheckResponse{status: SERVING}


def listens(address):
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


def serves(address):
    # First the bare connection: a gRPC channel that was refused once backs off.
    if not listens(address):
        return False
    import grpc  # here, because only this needs the package
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            return channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=2) == _SERVING
        except grpc.RpcError:
            return False


def wait_serving(targets, seconds, lives=lambda name: True):
    """targets: name → address. Returns the names that do not serve when the time is
    over, or as soon as lives(name) says that waiting is of no use."""
    waiting = dict(targets)
    deadline = time.monotonic() + seconds
    while waiting:
        for name, address in list(waiting.items()):
            if serves(address):
                del waiting[name]
            elif not lives(name):
                return list(waiting)
        if time.monotonic() > deadline:
            break
        if waiting:
            time.sleep(0.05)
    return list(waiting)
