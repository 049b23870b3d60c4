"""When what the authority holds comes to its end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cryptography import x509

from collector.authority.authority import Authority


def state_of(authority: Authority, files: Iterable[Path]) -> dict[str, datetime]:
    """Ends by name: the root, each sub-CA, each certificate in a file. Raises OSError, ValueError."""
    ends = {"root": authority.root.not_valid_after_utc}
    ends |= {f"sub-CA {number}": signer.until for number, signer in sorted(authority.issuers.items())}
    return ends | {path.stem: x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc for path in files}
