"""Generated Python code of the public API, made once per test run from protos/."""

import atexit
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

from grpc_tools import protoc

REPO = Path(__file__).resolve().parents[2]
PROTOS = REPO / "protos"


def _generate():
    out = Path(tempfile.mkdtemp(prefix="sockel-stubs-"))
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    protos = sorted((PROTOS / "sockel").rglob("*.proto"))
    packages = Path(sysconfig.get_paths()["purelib"])  # googleapis-common-protos lies there
    failed = protoc.main(["protoc", f"-I{PROTOS}", f"-I{packages}",
                          f"-I{Path(protoc.__file__).parent / '_proto'}",
                          f"--python_out={out}", f"--grpc_python_out={out}",
                          *(str(path) for path in protos)])
    if failed:
        raise RuntimeError("protoc could not compile protos/")
    sys.path.insert(0, str(out))


_generate()
