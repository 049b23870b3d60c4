"""`siperlu violations …`: looking for violations, and what people decide about them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from cli.acting import acting, by
from cli.centre import as_json, centre, config, session
from cli.output import Failure, emit, say
from cli.progress import bar
from cli.report import DATE, period
from collector.rules.violations.case import Status, Step
from collector.store.engine import open_reader
from collector.violating.detection import Detection
from collector.violating.review import held, review
from collector.violating.rights import DECIDERS, may_decide
from collector.violating.sureness import limits_of


@click.group()
def command() -> None:
    """Reasons to check: find them, decide about them."""


@command.command()
@click.option("--from", "since", type=DATE, help="Look again from this date, also where nothing arrived.")
@click.option("--to", "until", type=DATE, help="Last date of that, included.")
@config
@as_json
def detect(since: datetime | None, until: datetime | None, path: Path | None, as_json: bool) -> None:
    """Look at what arrived since the last time, or at a period again, as after assignments were corrected."""
    if (since is None) != (until is None):
        raise click.UsageError("--from and --to go together")
    with centre(path) as (settings, writer):
        reader = open_reader(settings.store.url)
        try:
            detection = Detection(reader, writer, limits_of(settings.rosters))
            with bar("dates") as progress:
                if since is None or until is None:
                    done = detection.run(progress)
                else:
                    asked = period(since, until)
                    done = detection.again(asked.since, asked.until, progress)
        finally:
            reader.dispose()
    say(f"{done.violations} violations stand on the {done.dates} dates looked at")
    if as_json:
        emit({"dates": done.dates, "violations": done.violations})


@command.command()
@click.argument("key")
@click.option("--state", type=click.Choice([status.value for status in Status]), required=True)
@by
@click.option("--reason", required=True, help="Why; it can be read later.")
@config
@as_json
def decide(key: str, state: str, by: str, reason: str, path: Path | None, as_json: bool) -> None:  # noqa: PLR0913, PLR0917
    """Confirm or dismiss the violation KEY (its first characters do), or open it again."""
    with session(path) as (_, opened):
        account = acting(opened, by, DECIDERS)
        if not may_decide(opened, account, held(opened, key)):
            raise Failure(f"violation {key[:12]} is about {by}'s own person: let another account of BKD decide")
        step = Step(to=Status(state), by=account.id, at=datetime.now(UTC), why=reason)
        case = review(opened, key, step)
    say(f"{case.violation[:12]}: {case.status}, after {len(case.history)} decisions")
    if as_json:
        emit({"violation": case.violation, "state": case.status.value, "decisions": len(case.history)})
