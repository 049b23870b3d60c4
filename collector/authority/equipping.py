"""The centre's own certificates: the broker's, the pages', and one for each process that connects to the broker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from collector.authority import lists
from collector.authority.authority import Authority, read_key, secret_pem
from collector.authority.certificates import PrivateKey, Role, Subject, hosts_of, new_key
from collector.authority.files import PUBLIC, SECRET, write_whole
from wire.topics import CENTRE

ROOT = "ca.crt"
BROKER, PAGES = "server.broker", "server.pages"
SERVERS = (BROKER, PAGES)


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of the certificates, which jobs renew, and of the secret keys, which nobody changes."""

    certificates: Path
    keys: Path


def equip(authority: Authority, places: Places, hosts: Sequence[str], now: datetime, life: timedelta) -> list[str]:
    """Make what is missing, and what names other hosts or another authority than it should; names of what was made.

    Raises OSError, KeysError for a key that others may read.
    """
    made = []
    if _differs(places.certificates / ROOT, authority.root_pem):
        write_whole(places.certificates / ROOT, authority.root_pem.encode(), PUBLIC)
        made.append(ROOT)
    for subject in subjects(hosts):
        key, new = _key(places.keys / f"{subject.name}.key")
        path = places.certificates / f"{subject.name}.crt"
        if new or not _fits(path, key, subject, authority):
            write_whole(path, authority.issue(key.public_key(), subject, now, life).chain.encode(), PUBLIC)
            made.append(path.name)
    path = places.certificates / "revoked.crl"
    if not lists.read(path):
        lists.write(path, authority, {}, now)
        made.append(path.name)
    return made


def subjects(hosts: Sequence[str]) -> Iterable[Subject]:
    """Whom certificates are for; servers carry the names and addresses they are reached by."""
    for name in SERVERS:
        yield Subject(name, Role.SERVER, tuple(hosts))
    for name in CENTRE:
        yield Subject(name, Role.CENTRE)


def own_files(folder: Path) -> list[Path]:
    """The certificates of our own that are in a folder; the root's is none of them."""
    return [path for name in (*SERVERS, *CENTRE) if (path := folder / f"{name}.crt").exists()]


def _key(path: Path) -> tuple[PrivateKey, bool]:
    """The key of a file, made where there is none; whether it is new."""
    if path.exists():
        return read_key(path), False
    key = new_key()
    write_whole(path, secret_pem(key), SECRET)
    return key, True


def _fits(path: Path, key: PrivateKey, subject: Subject, authority: Authority) -> bool:
    try:
        held = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return False
    ours = any(signer.certificate.subject == held.issuer for signer in authority.issuers.values())
    return ours and held.public_key() == key.public_key() and sorted(hosts_of(held)) == sorted(subject.hosts)


def _differs(path: Path, text: str) -> bool:
    try:
        return path.read_text("ascii") != text
    except (OSError, UnicodeDecodeError):
        return True
