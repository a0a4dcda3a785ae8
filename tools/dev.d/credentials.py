"""Secrets of an instance: made once, mode 0600, never printed."""

import base64
import hashlib
import json
import secrets
import subprocess

import layout
import ui


def ensure_password(path):
    """A password of 192 bits, in characters no configuration has to quote."""
    if not path.exists():
        layout.write_atomically(path, secrets.token_urlsafe(24) + "\n")
    return path.read_text().strip()


def ensure_key(path, length=32):
    """A symmetric key: `length` random bytes in hexadecimal digits."""
    if not path.exists():
        layout.write_atomically(path, secrets.token_hex(length) + "\n")
    return path


def _openssl(*arguments):
    result = subprocess.run(["openssl", *arguments], capture_output=True, check=False)
    if result.returncode != 0:
        raise ui.Failure("openssl failed: " + result.stderr.decode("utf-8", "replace").strip(),
                         "Run: tools/dev setup")
    return result.stdout


def ensure_ed25519_pem(path):
    """A private signing key, PKCS#8 PEM."""
    if not path.exists():
        layout.write_atomically(path, _openssl("genpkey", "-algorithm", "ed25519"))
    return path


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _thumbprint(jwk):
    """RFC 7638, the usual key id."""
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    text = json.dumps(required, separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(text.encode()).digest())


def ensure_es256_jwk(private, public):
    """A P-256 key pair as JSON Web Keys: the private one for signing, the public one to register."""
    if private.exists() and public.exists():
        return
    der = _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-outform", "DER")
    # SEC 1 ECPrivateKey: the scalar after a 7-byte header, the point in the last 64 bytes.
    jwk = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
           "x": _base64url(der[-64:-32]), "y": _base64url(der[-32:])}
    jwk["kid"] = _thumbprint(jwk)
    layout.write_atomically(public, json.dumps(jwk) + "\n")
    layout.write_atomically(private, json.dumps({**jwk, "d": _base64url(der[7:39])}) + "\n")
