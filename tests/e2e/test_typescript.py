"""The TypeScript client of tests/typescript against the running suite."""

import json
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives import serialization

HERE = Path(__file__).resolve().parents[1] / "typescript"


def test_a_typescript_application_signs_in_files_downloads_watches_and_reads_errors(suite, smi, tmp_path):
    subprocess.run(["npx", "--no-install", "tsc", "-p", "."], cwd=HERE, check=True)
    key = tmp_path / "key.pem"
    key.write_bytes(smi.key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({
        "protos": str(HERE.parents[1] / "protos"), "targets": suite.targets, "tenant": smi.name,
        "serviceAccount": smi.application_name, "keyId": smi.key.id, "keyFile": str(key)}))
    run = subprocess.run(["node", "build/client.js", settings], cwd=HERE, text=True,
                         capture_output=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.split("\n")[:-1] == ["ok sign in", "ok upload", "ok download", "ok watch",
                                           "ok error details"]
