"""The kiosk's TLS key and the request for its certificate. The key is made here and never leaves."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.files import sync
from kiosk.keys import KeyFileError

MODE = 0o400


def request(key_file: Path, kiosk: str) -> str:
    """A certificate request (PKCS #10, PEM) by the key in `key_file` (P-256), made where there is none.

    A new key belongs to the owner of its folder until tmpfiles.d gives it to the relay. Raises KeyFileError.
    """
    try:
        key = _read(key_file) if key_file.exists() else _make(key_file)
    except OSError as error:
        raise KeyFileError(f"{key_file}: {error.strerror or error}; run this as root") from error
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, kiosk)])
    made = x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _read(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(
            f"{path}: not a private key ({type(error).__name__}); move it away to have a new one made"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyFileError(f"{path}: not a P-256 key; move it away to have a new one made")
    return key


def _make(path: Path) -> ec.EllipticCurvePrivateKey:
    """Whole or not at all, and on the disk before anybody is told of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb") as file:
        file.write(key.private_bytes(*encoding))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync(path.parent)
    return key
