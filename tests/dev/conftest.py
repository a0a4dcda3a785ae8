"""Tests of tools/dev itself."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
sys.path.append(str(REPO / "tools" / "dev.d"))

import layout  # noqa: E402


@pytest.fixture
def room():
    """A folder that others may pass through, as pytest's own may not: PostgreSQL runs as another
    user when root starts it."""
    made = Path(tempfile.mkdtemp(prefix="sockel-dev-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def state(room):
    made = layout.State(room / "state")
    made.create()
    return made
