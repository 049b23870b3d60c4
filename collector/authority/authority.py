"""The centre's sub-CAs: one folder with `root.crt` and, for each, `issuer-<n>.crt` and `issuer-<n>.key`.

The newest issues; older ones stay, so that what they issued is believed, and revoked, until it ends. The root's key is not
here: it is made at install, handed to the administrator as one encrypted file, and needed again only for the next sub-CA.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from collector.authority.certificates import PrivateKey, PublicKey, Signer, Subject, issue
from collector.errors import AuthorityError, KeysError

ROOT = "root.crt"
OTHERS = 0o037
MEND = "restore it from the backup"


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as it was issued: by which sub-CA, and the PEM chain that its holder shows (its own, the sub-CA's)."""

    certificate: x509.Certificate
    issuer: int
    subject: Subject
    chain: str

    @property
    def serial(self) -> str:
        """The serial number, hexadecimal."""
        return f"{self.certificate.serial_number:x}"


@dataclass(frozen=True, slots=True)
class Authority:
    """The root's certificate, and the sub-CAs by number."""

    root: x509.Certificate
    issuers: dict[int, Signer]

    @classmethod
    def open(cls, folder: Path) -> Authority:
        """Read the authority of a folder. Raises KeysError when it is not there, not whole, or open to others."""
        try:
            numbers = issuers_in(folder)
            if not numbers or not (folder / ROOT).exists():
                raise KeysError(f"{folder}: no certificate authority; `siperlu collector authority found` makes one")
            root = x509.load_pem_x509_certificate((folder / ROOT).read_bytes())
            issuers = {number: _signer(folder, number) for number in numbers}
        except OSError as error:
            if isinstance(error, KeysError):
                raise
            raise KeysError(
                f"{error.filename}: {error.strerror}; the group siperlu-seal must be able to read it"
            ) from error
        except ValueError as error:
            raise KeysError(f"{folder}: a certificate there cannot be read ({error}); {MEND}") from error
        for number, signer in issuers.items():
            _check(root, signer, folder / f"issuer-{number}.crt")
        return cls(root, issuers)

    @property
    def newest(self) -> Signer:
        """The sub-CA that issues."""
        return self.issuers[max(self.issuers)]

    @property
    def root_pem(self) -> str:
        """What everybody who connects goes back to: `ca.crt`."""
        return pem(self.root)

    def issue(self, key: PublicKey, subject: Subject, now: datetime, life: timedelta) -> Issued:
        """A certificate of the newest sub-CA. Raises AuthorityError when that has ended."""
        number, signer = max(self.issuers), self.newest
        if signer.until <= now:
            raise AuthorityError(
                f"sub-CA {number} ended on {signer.until:%Y-%m-%d}: make the next one with the root's file, "
                "`siperlu collector authority renew`"
            )
        made = issue(key, subject, signer, now, life)
        return Issued(made, number, subject, pem(made) + pem(signer.certificate))


def pem(certificate: x509.Certificate | x509.CertificateRevocationList) -> str:
    """PEM text."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def chain(certificates: Iterable[x509.Certificate]) -> str:
    """Several certificates as one PEM text."""
    return "".join(pem(one) for one in certificates)


def secret_pem(key: PrivateKey) -> bytes:
    """A secret key as PKCS #8 PEM, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_key(path: Path) -> PrivateKey:
    """A secret key's file. Raises KeysError when others may read it or it is none, OSError."""
    mode = path.stat().st_mode & 0o777
    if mode & OTHERS:
        raise KeysError(f"{path}: mode {mode:04o} lets others read or change a secret key; chmod 640 {path}")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise KeysError(f"{path}: not a private key ({type(error).__name__}); {MEND}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeysError(f"{path}: not an ECDSA key; {MEND}")
    return key


def issuers_in(folder: Path) -> list[int]:
    """Numbers of the sub-CAs whose key is in a folder, oldest first. Raises OSError."""
    if not folder.is_dir():
        return []
    found = (re.fullmatch(r"issuer-([1-9]\d{0,5})\.key", path.name) for path in folder.iterdir())
    return sorted(int(one[1]) for one in found if one)


def _signer(folder: Path, number: int) -> Signer:
    certificate = x509.load_pem_x509_certificate((folder / f"issuer-{number}.crt").read_bytes())
    return Signer(certificate, read_key(folder / f"issuer-{number}.key"))


def _check(root: x509.Certificate, signer: Signer, path: Path) -> None:
    """Files of two authorities in one folder would issue what nobody believes."""
    if signer.certificate.public_key() != signer.key.public_key():
        raise KeysError(f"{path}: not the certificate of the key beside it; {MEND}")
    try:
        signer.certificate.verify_directly_issued_by(root)
    except Exception as error:
        raise KeysError(f"{path}: not issued by the root beside it; {MEND}") from error
