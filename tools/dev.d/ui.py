"""What a person sees: steps with their time, and failures that say what to do."""

import os
import shlex
import sys
import time
from contextlib import contextmanager


class Failure(Exception):
    """An error for the person at the keyboard: what is wrong, and what to do about it."""

    def __init__(self, message, hint=""):
        super().__init__(message)
        self.hint = hint


_COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def bold(text):
    return f"\033[1m{text}\033[0m" if _COLOUR else text


def say(text=""):
    print(text, flush=True)


def warn(text):
    print(f"tools/dev: {text}", file=sys.stderr, flush=True)


@contextmanager
def step(text):
    """Prints what is being done, then how long it took."""
    started = time.monotonic()
    print(f"- {text} ... ", end="", flush=True)
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def table(rows, header):
    """Columns as wide as their widest cell."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(header)] + rows) for i in range(len(header))]
    for row in [list(header)] + rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def tail(path, lines=20):
    """The last lines of a log, indented, for an error message."""
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 64 * 1024))
            text = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return "    (no log yet)"
    return "\n".join("    " + line for line in text[-lines:]) or "    (log is empty)"


def quoted(argv):
    return " ".join(shlex.quote(str(part)) for part in argv)
