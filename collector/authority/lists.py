"""The list of revoked certificates as the broker reads it: one file, a signed list of each sub-CA."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from collector.authority.authority import Authority, pem
from collector.authority.certificates import make_list
from collector.authority.files import write_whole

Revoked = Mapping[int, Sequence[tuple[int, datetime]]]

HOLDS = timedelta(days=400)
"""A broker refuses everybody when its list has ended: it must outlive any time that jobs could stand still."""
REFRESH = timedelta(days=7)
BEFORE = timedelta(minutes=5)
"""A list is dated back a little, for a broker whose clock is behind."""
STEP = timedelta(seconds=1)
_BLOCK = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----\n?", re.DOTALL)


def write(path: Path, authority: Authority, revoked: Revoked, now: datetime) -> None:
    """Put a new list in the place of the old one. Raises OSError.

    OpenSSL keeps the older of two lists that begin in the same second, so each begins later than the one before.
    """
    since = max(now - BEFORE, _newest(read(path)) + STEP)
    lists = (
        make_list(signer, revoked.get(number, ()), since, since + HOLDS)
        for number, signer in sorted(authority.issuers.items())
    )
    write_whole(path, "".join(pem(one) for one in lists).encode())


def read(path: Path) -> list[x509.CertificateRevocationList]:
    """The lists of a file; none when there is no file, or it cannot be read: it is written anew then."""
    try:
        return [x509.load_pem_x509_crl(block) for block in _BLOCK.findall(path.read_bytes())]
    except (OSError, ValueError):
        return []


def is_stale(path: Path, authority: Authority, now: datetime) -> bool:
    """Whether the file must be written although nobody was revoked: not there, of fewer sub-CAs, or a week old."""
    found = read(path)
    return len(found) != len(authority.issuers) or _newest(found) < now - REFRESH


def _newest(lists: Sequence[x509.CertificateRevocationList]) -> datetime:
    epoch = datetime.fromtimestamp(0).astimezone()
    return max((one.last_update_utc for one in lists), default=epoch)
