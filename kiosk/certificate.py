"""The kiosk's TLS key and the request for its certificate. The key is made here and never leaves."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.files import sync
from kiosk.keys import KeyFileError

MODE = 0o400


class CertificateError(ValueError):
    """A renewed certificate that is not what it should be; the present one stays."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where key, certificate and authority lie; `next_key` waits beside the key for its certificate."""

    key: Path
    certificate: Path
    ca: Path

    @property
    def next_key(self) -> Path:
        """The key that a renewal was asked for with."""
        return self.key.with_name(f".{self.key.name}.next")


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


def install(chain: str, places: Places, kiosk: str, now: datetime) -> None:
    """Put a renewed certificate in the place of the present one, key first. Raises CertificateError, OSError.

    It must be for the new key and this kiosk, hold now, and go back to the authority that the kiosk has: else nothing changes.
    """
    key = _read(places.next_key)
    try:
        found = x509.load_pem_x509_certificates(chain.encode("ascii"))
        authority = x509.load_pem_x509_certificate(places.ca.read_bytes())
    except ValueError as error:
        raise CertificateError("this is no chain of certificates") from error
    own = found[0]
    names = [str(name.value) for name in own.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if own.public_key() != key.public_key():
        raise CertificateError("it is for another key than the one that was made here")
    if names != [kiosk]:
        raise CertificateError(f"it is for {names[0][:63] if names else 'nobody'}, not for {kiosk}")
    if not own.not_valid_before_utc <= now < own.not_valid_after_utc:
        raise CertificateError("it does not hold at this time")
    for lower, upper in pairwise([*found, authority]):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise CertificateError("it does not go back to this kiosk's authority") from error
    _take_place(chain, places)


def _take_place(chain: str, places: Places) -> None:
    """Key and certificate are two files: a power cut between the two renames leaves a pair that `mend` completes."""
    draft = places.certificate.with_name(f".{places.certificate.name}.next")
    owner = places.key.stat() if places.key.exists() else None
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), "w") as file:
        file.write(chain)
        file.flush()
        os.fsync(file.fileno())
    if owner is not None and os.geteuid() == 0:
        os.chown(places.next_key, owner.st_uid, owner.st_gid)
    draft.replace(places.certificate)
    places.next_key.replace(places.key)
    sync(places.key.parent)


def mend(places: Places) -> bool:
    """Finish an exchange that a power cut parted: the certificate is of the next key, which has not taken its place yet."""
    try:
        own = x509.load_pem_x509_certificates(places.certificate.read_bytes())[0]
        if own.public_key() != _read(places.next_key).public_key():
            return False
        places.next_key.replace(places.key)
        sync(places.key.parent)
    except (OSError, ValueError, KeyFileError):
        return False
    return True


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
