"""`siperlu bench centre`: the centre at the size of a regency, its promises beside what it did."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from cli.bench.centre_fill import PERIOD, LastDay, copy_back, fill_month, undate
from cli.bench.centre_pages import LIMIT_MS, Browser, noon, pages
from cli.bench.postgres import PrivatePostgres, find_binaries
from cli.centre import as_json, failures
from cli.output import Failure, emit, say
from cli.progress import bar
from cli.synthetic.filling import Wish, decide, is_empty, regency
from collector.judging.marks import Mark, Whose, touch
from collector.judging.run import LOOK_BACK, date_all, judge_marked, open_days, run
from collector.keys import CentreKeys
from collector.memory import set_apart
from collector.recap.bundle import bundle
from collector.recap.month import Month
from collector.recap.source import Wish as RecapWish
from collector.store import migrate
from collector.store.engine import is_sqlite, open_engine, open_reader
from collector.store.people import Person, Unit
from collector.store.records import StoredRecord
from collector.store.results import DayRow, Fresh
from collector.store.sums import UNIT_DAYS
from collector.store.writer import Writer
from collector.violating.detection import Detection

SERVER = {"shared_buffers": "1GB", "max_wal_size": "4GB", "effective_cache_size": "4GB", "work_mem": "32MB"}
"""Of the private server: the defaults are for a machine of 2005."""

PROMISES = {
    "board": LIMIT_MS,
    "violations_of_a_year": LIMIT_MS,
    "recap_of_a_unit": LIMIT_MS,
    "early_warning": LIMIT_MS,
    "trends": LIMIT_MS,
    "year_of_a_unit": LIMIT_MS,
    "person": LIMIT_MS,
    "kiosks": LIMIT_MS,
    "all_recaps_s": 300,
    "close_a_day_s": 60,
}
"""p95 in milliseconds of a page, seconds of a job."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is filled. `days`: dates that are really sealed and judged; `copies`: of them, put before them. `pages_alone`: of a
    database that was filled before nothing but the pages is measured."""

    wish: Wish
    copies: int
    times: int
    pages_alone: bool = False


@click.command()
@click.option("--people", type=click.IntRange(50, 50_000), default=11_000, show_default=True)
@click.option("--units", type=click.IntRange(52, 5_000), default=700, show_default=True)
@click.option("--years", type=click.FloatRange(0, 10), default=3.0, show_default=True, help="0: only the sealed dates.")
@click.option(
    "--days", type=click.IntRange(3, 60), default=28, show_default=True, help="Dates really sealed and judged."
)
@click.option("--times", type=click.IntRange(2, 500), default=40, show_default=True, help="Requests of each page.")
@click.option(
    "--db", help="SQLAlchemy address of an empty database, or of one that this bench has filled; else a private one."
)
@click.option("--sqlite", is_flag=True, help="Measure an SQLite file, without copies.")
@click.option("--pages-alone", is_flag=True, help="Of a database that was filled before, measure its pages: minutes.")
@as_json
def command(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    people: int,
    units: int,
    years: float,
    days: int,
    times: int,
    db: str | None,
    sqlite: bool,
    pages_alone: bool,
    as_json: bool,
) -> None:
    """Measure pages, recaps and judging with years of records of a whole regency.

    The last DAYS dates are sealed, dated and judged by the centre's own code; the time before is copies of them, made in the
    database: rows, texts and documents of the right size, whose seals name another number. Nothing measured reads seals.
    """
    wish = Wish(people, units, days, 1, datetime.now(UTC).date() - timedelta(days=1))
    copies = 0 if sqlite else max(0, round((years * 365 - days) / PERIOD.days))
    if copies and days != PERIOD.days:
        raise Failure(f"--days {days}: copies lie {PERIOD.days} days apart; give --days {PERIOD.days}, or --years 0")
    with failures(), ExitStack() as stack:
        url = db or stack.enter_context(_private(sqlite=sqlite))
        writer = stack.enter_context(Writer(open_engine(url)))
        migrate.upgrade(writer.engine)
        result = _measured(writer, url, Plan(wish, copies, times, pages_alone))
    for name, value in result.items():
        say(f"{name:28} {value}")
    if as_json:
        emit(result)


@contextmanager
def _private(*, sqlite: bool) -> Iterator[str]:
    binaries = find_binaries()
    with tempfile.TemporaryDirectory(prefix="siperlu-bench-") as folder:
        if sqlite:
            yield f"sqlite:///{folder}/centre.db"
        elif binaries is None:
            raise Failure("PostgreSQL is not installed here: apt-get install postgresql, or measure --sqlite")
        else:
            with PrivatePostgres(binaries, durable=True, settings=SERVER) as server:
                yield server.url


def _measured(writer: Writer, url: str, plan: Plan) -> dict[str, Any]:
    with writer.transaction() as connection:
        empty = is_empty(connection)
    if empty and plan.pages_alone:
        raise Failure("--pages-alone: this database is empty; fill it first, by the same command without it")
    result = (
        _filled(writer, url, plan) if empty else {"filled": "before", **({} if plan.pages_alone else _again(writer))}
    )
    reader = open_reader(url)
    try:
        result |= {} if plan.pages_alone else _size(writer)
        result |= _pages(writer, reader, plan)
        result |= {} if plan.pages_alone else _recaps(reader, plan.wish.until)
    finally:
        reader.dispose()
    result["promises"] = _kept(result)
    result["all_kept"] = all(each["kept"] for each in result["promises"].values())
    return result


def _filled(writer: Writer, url: str, plan: Plan) -> dict[str, Any]:
    made, wish = regency(plan.wish), plan.wish
    with bar("kiosks") as progress, _clock() as filling:
        last = fill_month(writer, wish, made, progress)
    now = noon(wish.until + timedelta(days=1))
    found = {"fill_s": filling(), **_judged(writer, wish.dates[:-1], now), **_look_back(writer, last, now)}
    reader = open_reader(url)
    with bar("violations") as progress, _clock() as detecting:
        Detection(reader, writer).run(progress)
    reader.dispose()
    decide(writer, wish)
    found["detect_s"] = detecting()
    if plan.copies and not is_sqlite(url):
        with bar("copies") as progress, _clock() as copying:
            copy_back(writer.engine, plan.copies, progress)
        found["copy_s"] = copying()
    return found


def _judged(writer: Writer, days: tuple[date, ...], now: datetime) -> dict[str, Any]:
    """Date and judge all dates but the last."""
    with _clock() as dating:
        date_all(writer)
    open_days(writer, days, now)
    with _clock() as judging:
        done = judge_marked(writer, now)
    return {"date_s": dating(), "judge_s": judging(), "judged_person_days": done.judged}


def _look_back(writer: Writer, last: LastDay, now: datetime) -> dict[str, Any]:
    """The night before the last date: it is opened, and the days before are looked at again. Then its evening."""
    open_days(writer, [last.day], now)
    with _clock() as night:
        looked = judge_marked(writer, now)
    last.arrive(writer)
    with _clock() as evening:
        closed = run(writer, datetime.combine(last.day, now.timetz()))
    return {
        "look_back_s": night(),
        "look_back_person_days": looked.judged,
        "close_a_day_s": evening(),
        "close_a_day_person_days": closed.judged,
        "close_a_day_records": len(last.rows),
    }


def _again(writer: Writer) -> dict[str, Any]:
    """The same on a database that was filled before: the records of the newest date arrive once more."""
    with writer.transaction() as connection:
        day = connection.scalar(select(func.max(DayRow.day))) or datetime.now(UTC).date()
        undated = undate(connection, day)
        touch(connection, [Mark(Whose.ALL, "", day - LOOK_BACK, day)])
    with _clock() as night:
        looked = judge_marked(writer, noon(day))
    with writer.transaction() as connection:
        connection.execute(insert(Fresh), undated.fresh)
    with _clock() as evening:
        closed = run(writer, noon(day))
    return {
        "look_back_s": night(),
        "look_back_person_days": looked.judged,
        "close_a_day_s": evening(),
        "close_a_day_person_days": closed.judged,
        "close_a_day_records": undated.records,
    }


def _size(writer: Writer) -> dict[str, Any]:
    with writer.transaction() as connection:
        counted = {
            name: connection.scalar(select(func.count()).select_from(table))
            for name, table in (("people", Person), ("units", Unit), ("records", StoredRecord), ("judged_days", DayRow))
        }
        sealed = connection.scalar(select(func.avg(func.length(StoredRecord.sealed))))
    return {**counted, "sealed_bytes": round(float(sealed or 0))}


def _pages(writer: Writer, reader: Any, plan: Plan) -> dict[str, Any]:
    with writer.transaction() as connection:
        newest = connection.scalar(select(func.max(UNIT_DAYS.c.day)))
    today = (newest or plan.wish.until) + timedelta(days=1)
    browser = Browser(reader, writer, lambda: noon(today))
    found: dict[str, Any] = {}
    with set_apart():  # as the serving process does
        for name, paths in pages(reader, today, plan.times).items():
            timed = browser.timed(paths)
            found[name] = {"p50_ms": timed.p50_ms, "p95_ms": timed.p95_ms, "queries": list(timed.queries)}
            say(f"{name}: {found[name]}")
    return found


def _recaps(reader: Any, until: date) -> dict[str, Any]:
    """All units' recaps of the last month that has judged days, as XLSX in a ZIP."""
    with Session(reader) as session:
        units = list(session.scalars(select(Unit.code).order_by(Unit.code)))
        first = session.scalar(select(func.min(DayRow.day))) or until
    before = until.replace(day=1) - timedelta(days=1)
    month = before if first <= before else until
    wish = RecapWish(
        unit="", month=Month(month.year, month.month), regency="Bench", place="Bench", staff={}, printed=noon(until)
    )
    with tempfile.TemporaryDirectory() as folder, bar("recaps") as progress, _clock() as spent:
        keys = CentreKeys.open(Path(folder) / "keys")
        done = bundle(reader, wish, units, keys, target=Path(folder) / "all.zip", told=progress)
        size = (Path(folder) / "all.zip").stat().st_size
    return {"all_recaps_s": spent(), "recaps": done.recaps, "recaps_mib": round(size / 2**20, 1)}


def _kept(result: dict[str, Any]) -> dict[str, Any]:
    promises: dict[str, Any] = {}
    for name, limit in PROMISES.items():
        if name in result:
            measured = result[name]["p95_ms"] if isinstance(result[name], dict) else result[name]
            promises[name] = {"measured": measured, "limit": limit, "kept": measured <= limit}
    return promises


@contextmanager
def _clock() -> Iterator[Callable[[], float]]:
    """Seconds, to be asked for afterwards."""
    began = time.monotonic()
    ended: list[float] = []
    yield lambda: round((ended[0] if ended else time.monotonic()) - began, 1)
    ended.append(time.monotonic())
