"""`siperlu collector export`: sealed records of a period, with the keys that check them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.orm import Session

from cli.centre import as_json, config, reading
from cli.output import Failure, emit, say
from collector.keys import CentreKeys
from collector.recap.export import Centre, Manifest, Period, write

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--from", "since", required=True, type=DAY, help="First day.")
@click.option("--to", "until", required=True, type=DAY, help="Last day, included.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="FILE.zip.")
@config
@as_json
def command(since: datetime, until: datetime, out: Path, path: Path | None, as_json: bool) -> None:
    """Write the sealed records of a period with the public keys: `siperlu verify FILE.zip` checks them anywhere."""
    if until < since:
        raise Failure(f"--to {until:%Y-%m-%d} is before --from {since:%Y-%m-%d}")
    with reading(path) as (settings, session):
        zone = ZoneInfo(settings.web.timezone)
        period = Period(since=_midnight(since.date(), zone), until=_midnight(until.date() + timedelta(days=1), zone))
        manifest = _export(session, CentreKeys.open(settings.store.keys), period, out)
    records = sum(span.count for span in manifest.chains)
    say(f"{out}: {records} records of {len(manifest.chains)} chains")
    if as_json:
        emit({"file": str(out), "records": records, "chains": len(manifest.chains)})


def _export(session: Session, keys: CentreKeys, period: Period, out: Path) -> Manifest:
    draft = out.with_name(f".{out.name}.new")
    try:
        with Progress(console=Console(stderr=True)) as progress, draft.open("wb") as file:
            task = progress.add_task("records", total=None)
            centre = Centre(keys.public, keys, datetime.now(UTC))
            manifest = write(session, file, period, centre, lambda count: progress.advance(task, count))
        draft.replace(out)
    except OSError as error:
        raise Failure(f"{out}: cannot be written ({error.strerror}); name another file") from error
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
