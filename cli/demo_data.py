"""`siperlu demo-data`: an invented regency of real size, to look at and to measure."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from cli.centre import as_json, centre, config, today
from cli.output import Failure, emit, say
from cli.progress import bar
from cli.report import DATE
from cli.synthetic.filling import Wish, decide, fill, is_empty, regency
from collector.judging.run import date_all, judge_marked, open_days
from collector.settings import CollectorSettings
from collector.store.engine import open_reader
from collector.store.writer import Writer
from collector.violating.detection import Detection


@click.command()
@click.option("--people", type=click.IntRange(1, 50_000), default=11_000, show_default=True)
@click.option("--units", type=click.IntRange(1, 5_000), default=700, show_default=True)
@click.option("--days", type=click.IntRange(1, 1_100), default=30, show_default=True, help="Dates with kiosk records.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed and dates give the same data.")
@click.option("--until", type=DATE, help="Last date with kiosk records; yesterday when not given.")
@click.option(
    "--judge/--no-judge", default=True, show_default=True, help="Judge those dates too, as the jobs would have."
)
@config
@as_json
def command(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    people: int,
    units: int,
    days: int,
    seed: int,
    until: datetime | None,
    judge: bool,
    path: Path | None,
    as_json: bool,
) -> None:
    """Fill an EMPTY database with invented people, kiosks, sealed records, judged days and violations.

    Names and numbers are made up. The phone records of 2 to 11 January 2019 give the 1,333 violations that a newspaper
    counted then. The kiosks' keys follow from the seed: such a database must never become a real one.
    """
    began = time.monotonic()
    with centre(path) as (settings, writer):
        last = until.date() if until else today(settings) - timedelta(days=1)
        result = _made(settings, writer, Wish(people, units, days, seed, last), judge=judge)
    result["seconds"] = round(time.monotonic() - began, 1)
    say(
        f"{result['records']} records, {result['judged']} judged days and {result['violations']} violations in {result['seconds']} s"
    )
    if as_json:
        emit(result)


def _made(settings: CollectorSettings, writer: Writer, wish: Wish, *, judge: bool) -> dict[str, int | float | str]:
    _check(writer, settings.store.url, wish.until)
    try:
        made = regency(wish)
    except ValueError as error:
        raise Failure(str(error)) from error
    with bar("kiosks") as progress:
        records = fill(writer, wish, made, progress)
    judged = _judged(writer, wish) if judge else 0
    reader = open_reader(settings.store.url)
    try:
        with bar("violations, by date") as progress:
            found = Detection(reader, writer).run(progress)
    finally:
        reader.dispose()
    decided = decide(writer, wish)
    return {
        "people": len(made.people),
        "units": len(made.sites),
        "kiosks": len(made.plans),
        "records": records,
        "judged": judged,
        "violations": found.violations,
        "decided": decided,
        "until": wish.until.isoformat(),
    }


def _judged(writer: Writer, wish: Wish) -> int:
    """Judge the dates with records once each; how many days of a person that are."""
    now = datetime.now(UTC)
    with bar("records dated"):
        date_all(writer)
    judge_marked(writer, now)  # takes away the marks of single records: no date is open yet
    open_days(writer, wish.dates, now)
    with bar("days judged") as progress:
        return judge_marked(writer, now, progress=progress).judged


def _check(writer: Writer, url: str, until: date) -> None:
    with writer.transaction() as connection:
        if not is_empty(connection):
            raise Failure(f"store.url = {url}: there are units, people or kiosks already; name an empty database")
    if not date(2019, 2, 1) <= until <= date(2100, 1, 1):
        raise Failure(f"--until {until}: give a date after the phone era of January 2019 and before 2100")
