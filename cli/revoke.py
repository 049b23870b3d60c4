"""`siperlu collector kiosks revoke`: a stolen kiosk is believed no more, and put out of the broker."""

from __future__ import annotations

import getpass
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.centre import as_json, config, reading, session
from cli.output import Failure, emit, say
from collector.authority import revoking

PATIENCE_S = 60.0
POLL_S = 0.5


@click.command()
@click.argument("kiosk", metavar="ID")
@click.option("--reason", required=True, help="Why: stolen, lost, wiped. It stands in the audit log.")
@click.option("--wait/--no-wait", default=True, help="Wait until the broker has put it out. [default: wait]")
@config
@as_json
def revoke(kiosk: str, reason: str, wait: bool, path: Path | None, as_json: bool) -> None:
    """Believe kiosk ID no more: records, certificate, roster, claims. It cannot be taken back."""
    with session(path) as (_, opened):
        done = revoking.revoke(opened, kiosk, reason, by=f"command:{getpass.getuser()}", now=datetime.now(UTC))
    say(f"{kiosk}: {len(done.keys)} keys and {done.certificates} certificates revoked; ingest refuses it from now on")
    enforced = _enforced(path, kiosk, PATIENCE_S if wait else 0.0)
    if as_json:
        emit({"kiosk": kiosk, "keys": list(done.keys), "certificates": done.certificates, "enforced": enforced})
    if not enforced and wait:
        raise Failure(
            f"the broker has not put {kiosk} out within {PATIENCE_S:.0f} s: is siperlu-jobs running? "
            "journalctl -u siperlu-jobs says why; jobs keep trying, and ingest refuses its records meanwhile"
        )
    if enforced and done.certificates:
        say(f"{kiosk}: the broker refuses its certificate, and its connection is closed")


def _enforced(path: Path | None, kiosk: str, patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while True:
        with reading(path) as (_, opened):
            if revoking.is_enforced(opened, kiosk):
                return True
        if time.monotonic() >= until:
            return False
        time.sleep(POLL_S)
