"""One running suite for all tests that do not break it; see suite.Suite."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import suite as suite_module  # noqa: E402
import things  # noqa: E402


@pytest.fixture(scope="session")
def suite():
    started = suite_module.Suite()
    yield started
    started.close()


@pytest.fixture(scope="session")
def smi(suite):
    return suite.onboard("smi")


@pytest.fixture(scope="session")
def smf(suite):
    return suite.onboard("smf")


@pytest.fixture(scope="session")
def own(suite, smi):
    """smi with one of everything."""
    return things.Things(suite, smi)


@pytest.fixture(scope="session")
def foreign(suite, smf):
    """smf with one of everything."""
    return things.Things(suite, smf)
