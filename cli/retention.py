"""`siperlu collector retention …`: what is kept no longer than may be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from cli.centre import as_json, centre, config, reading
from cli.output import emit, say
from collector.retention import sweep
from collector.retention.limits import Due, Kind, due
from collector.settings import CollectorSettings


@click.group()
def command() -> None:
    """Take away pictures and templates whose time is over; `siperlu collector jobs` does so by itself every hour."""


@command.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and take nothing away.")
@config
@as_json
def run(dry_run: bool, path: Path | None, as_json: bool) -> None:
    """Take away what is due now; the audit log keeps the digests as proof."""
    if dry_run:
        with reading(path) as (settings, session):
            done = sweep.count(session, _line(settings))
    else:
        with centre(path) as (settings, writer):
            done = sweep.sweep(writer, _line(settings))
    for kind in Kind:
        say(f"{kind.value}: {done[kind]}{' due' if dry_run else ' taken away'}")
    if as_json:
        emit({"dry_run": dry_run, **{kind.value: done[kind] for kind in Kind}})


def _line(settings: CollectorSettings) -> Due:
    kept = settings.retention
    return due(datetime.now(UTC), ZoneInfo(settings.web.timezone), kept.evidence_days, kept.leaver_days)
