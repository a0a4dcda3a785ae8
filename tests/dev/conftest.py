"""Tests of tools/dev itself."""

import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
sys.path.append(str(REPO / "tools" / "dev.d"))

import layout  # noqa: E402


@pytest.fixture
def state(tmp_path):
    made = layout.State(tmp_path / "state")
    made.create()
    return made
