"""`siperlu collector register-request`: registration by a file, where a kiosk cannot reach the centre."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from cli.centre import config, session
from cli.output import Failure, say
from collector.authority import claims
from collector.authority.claims import Taken
from collector.authority.job import desk_of
from collector.authority.registering import answer_waiting
from collector.settings import CollectorSettings
from wire.registration import MAX_REQUEST_BYTES, REGISTRATION_REFUSAL, REGISTRATION_REQUEST


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where the answer goes. [default: printed]")
@config
def command(file: Path, out: Path | None, path: Path | None) -> None:
    """Answer the registration request in FILE, as root: what `POST /api/v1/register` does, for a file that was carried."""
    try:
        raw = file.read_bytes()[: MAX_REQUEST_BYTES + 1]
    except OSError as error:
        raise Failure(
            f"{file}: {error.strerror}; it is what provisioning wrote for a kiosk without a network"
        ) from error
    if len(raw) > MAX_REQUEST_BYTES:
        raise Failure(f"{file}: longer than {MAX_REQUEST_BYTES} bytes: not a registration request")
    with session(path) as (_, opened):
        taken = claims.take(opened.connection(), REGISTRATION_REQUEST.decode(raw), datetime.now(UTC))
    answer = _answer(path, taken)
    if out:
        out.write_text(answer, encoding="utf-8")
        say(f"{out}: carry it back to the kiosk")
    else:
        click.echo(answer)


def _answer(path: Path | None, taken: Taken) -> str:
    """Here, or by jobs where they were quicker. Raises Failure for keys or a request that were refused."""
    with session(path) as (settings, opened):
        _here(settings, opened)
        answer, refusal = claims.answered(opened.connection(), taken)
    if answer is None:
        raise Failure(REGISTRATION_REFUSAL.decode(refusal or "").text)
    return answer


def _here(settings: CollectorSettings, opened: Session) -> None:
    answer_waiting(opened, lambda: desk_of(settings), datetime.now(UTC))
