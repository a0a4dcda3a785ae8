"""What holds for all tests in Python."""

import os

# A machine may reach the Internet through a proxy only. Everything that a test talks to is on the
# machine itself, and gRPC, urllib and Node.js would look for it behind the proxy.
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]
