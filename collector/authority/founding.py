"""Making the authority: once, at install; and its next sub-CA, years later, with the root's file."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from collector.authority.authority import ROOT, Authority, issuers_in, pem, secret_pem
from collector.authority.certificates import Signer, make_issuer, make_root, new_key
from collector.authority.files import PUBLIC, SECRET, sync_folder, write_whole
from collector.errors import AuthorityError, KeysError

FOLDER_MODE = 0o750
KEY_MODE = 0o640


def found(folder: Path, root_file: Path, passphrase: str, regency: str, now: datetime) -> Authority:
    """Make root and first sub-CA. The root's key goes to `root_file`, encrypted, and nowhere else.

    Raises AuthorityError when there is an authority already or the file cannot be written; then nothing was made.
    """
    try:
        if issuers_in(folder):
            raise AuthorityError(f"{folder}: there is an authority already; what it issued would be worth nothing")
        key = new_key()
        root = Signer(make_root(key, regency, now), key)
        _export(root, root_file, passphrase)
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            write_whole(draft / ROOT, pem(root.certificate).encode())
            _add(draft, 1, root, regency, now)
            _take_place(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        if isinstance(error, KeysError):
            raise
        raise AuthorityError(f"{error.filename}: {error.strerror}; choose another place or mend it") from error
    return Authority.open(folder)


def renew(folder: Path, root_file: Path, passphrase: str, regency: str, now: datetime) -> Authority:
    """Make the next sub-CA, which issues from now on. Raises AuthorityError for another root's file or a wrong passphrase."""
    authority = Authority.open(folder)
    root = read_root(root_file, passphrase)
    if root.certificate != authority.root:
        raise AuthorityError(f"{root_file}: the file of another root than {folder / ROOT}")
    _add(folder, max(authority.issuers) + 1, root, regency, now)
    return Authority.open(folder)


def read_root(path: Path, passphrase: str) -> Signer:
    """The root out of its file. Raises AuthorityError."""
    try:
        content = path.read_bytes()
        key = serialization.load_pem_private_key(content, passphrase.encode())
        certificate = x509.load_pem_x509_certificate(content)
    except OSError as error:
        raise AuthorityError(f"{path}: {error.strerror}; it was handed over when the centre was installed") from error
    except (ValueError, TypeError) as error:
        raise AuthorityError(f"{path}: not the root's file, or another passphrase") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise AuthorityError(f"{path}: key and certificate in it are not a pair")
    return Signer(certificate, key)


def _export(root: Signer, path: Path, passphrase: str) -> None:
    secret = root.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    write_whole(path, pem(root.certificate).encode() + secret, SECRET)


def _add(folder: Path, number: int, root: Signer, regency: str, now: datetime) -> None:
    """Certificate first: a sub-CA is there when its key is."""
    key = new_key()
    certificate = make_issuer(key.public_key(), root, regency, number, now)
    write_whole(folder / f"issuer-{number}.crt", pem(certificate).encode(), PUBLIC)
    write_whole(folder / f"issuer-{number}.key", secret_pem(key), KEY_MODE)


def _take_place(draft: Path, folder: Path) -> None:
    """The whole folder appears at once; an empty one that is there lends its owner and group."""
    draft.chmod(FOLDER_MODE)
    if folder.is_dir():
        owner = folder.stat()
        for path in (draft, *draft.iterdir()):
            shutil.chown(path, owner.st_uid, owner.st_gid)
    draft.replace(folder)
    sync_folder(folder.parent)
