"""Which build of the programs is tested, and how long it is waited for."""

import os

PRESET = os.environ.get("SOCKEL_PRESET", "dev")
# Of every time limit that is there only so that a test ends.
PATIENCE = 1 if PRESET in ("dev", "release") else 5  # sanitizers look at every access to memory
