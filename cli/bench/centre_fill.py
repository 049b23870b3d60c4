"""Years of an invented regency: one month that is sealed and judged for real, and copies of it for the time before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Index, Table, delete, func, insert, select, text, update
from sqlalchemy.schema import CreateIndex, DropIndex

from cli.synthetic.filling import Regency, Wish, fill
from cli.synthetic.ledger import Written
from collector.judging.marks import local_midnight
from collector.judging.years import renew_all
from collector.store.records import Chain, StoredRecord
from collector.store.results import DayRow, Fresh, RecordMoment
from collector.store.sums import UNIT_DAYS
from collector.store.violations import StoredViolation
from collector.store.writer import Writer
from wire.records import Heartbeat

PERIOD = timedelta(days=28)
"""Copies lie so far apart: weekdays stay what they are."""

ARCHIVE = 43 * "~"
"""The chain of the copies, one a kiosk: no thumbprint of a key looks like it."""

APART = 1_000_000
"""Between the numbers of one copy and of the next."""

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class LastDay:
    """The records of the last date, kept back until it is measured how long judging them takes."""

    day: date
    rows: list[dict[str, Any]] = field(default_factory=list)
    chains: list[dict[str, Any]] = field(default_factory=list)

    def without(self, written: Written) -> Written:
        """The same kiosk's records as they were the midnight before."""
        since = local_midnight(self.day)
        before = [row for row in written.rows if row["received_at"] < since]
        held = [row for row in written.rows if row["received_at"] >= since]
        if not before or not held:
            return written
        self.rows += held
        self.chains.append(written.chain)
        last = before[-1]["seq"]
        upto = min(written.chain["upto"], last)
        whole = [row["at"] for row in before if row["seq"] <= upto and row["kind"] == Heartbeat.KIND]
        chain = {**written.chain, "upto": upto, "seen": last, "complete_at": max(whole, default=None)}
        return replace(written, rows=before, chain=chain)

    def arrive(self, writer: Writer) -> None:
        """All at once, as if every kiosk had been without network until the evening."""
        spans: dict[tuple[str, str], list[int]] = {}
        for row in self.rows:
            spans.setdefault((row["kiosk"], row["chain"]), []).append(row["seq"])
        with writer.transaction() as connection:
            connection.execute(insert(StoredRecord), self.rows)
            for chain in self.chains:
                mine = (Chain.kiosk == chain["kiosk"], Chain.chain == chain["chain"])
                connection.execute(update(Chain).where(*mine).values(chain))
            connection.execute(
                insert(Fresh),
                [{"kiosk": k, "chain": c, "first": min(seqs), "last": max(seqs)} for (k, c), seqs in spans.items()],
            )


@dataclass(frozen=True, slots=True)
class Undated:
    """Records of a date as if none of them had arrived: how many, and the rows that tell the judge when they do."""

    records: int
    fresh: list[dict[str, Any]]


def undate(connection: Connection, day: date) -> Undated:
    """Forget when the records of a date were made."""
    moment = RecordMoment
    start = local_midnight(day)
    here = (moment.at >= start, moment.at < start + timedelta(days=1), moment.chain != ARCHIVE)
    spans = select(moment.kiosk, moment.chain, func.min(moment.seq), func.max(moment.seq)).where(*here)
    found = connection.execute(spans.group_by(moment.kiosk, moment.chain)).all()
    fresh = [dict(zip(("kiosk", "chain", "first", "last"), row, strict=True)) for row in found]
    return Undated(connection.execute(delete(moment).where(*here)).rowcount, fresh)


def fill_month(writer: Writer, wish: Wish, made: Regency, progress: Progress) -> LastDay:
    """People, kiosks and the records of all dates but the last."""
    kept = LastDay(wish.until)
    fill(writer, wish, made, progress, kept.without)
    return kept


def copy_back(engine: Engine, copies: int, progress: Progress) -> None:
    """Put that many copies of the month before it, each a period earlier. PostgreSQL only.

    First and last look of each person and date with their sealed texts, which so are of the right size but name another
    time and number: nothing that is measured verifies them. Judged days with their documents, moments, violations.
    """
    tables = [table.__table__ for table in (StoredRecord, RecordMoment, DayRow)]
    assert all(isinstance(table, Table) for table in tables)
    secondary = sorted((index for table in tables for index in table.indexes), key=lambda one: str(one.name))  # type: ignore[attr-defined]
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL synchronous_commit = off"))
        for index in secondary:
            connection.execute(DropIndex(index))
        _template(connection)
    for copy in range(1, copies + 1):
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL synchronous_commit = off"))
            for statement in COPIES:
                connection.execute(text(statement), {"k": copy, "shift": copy * PERIOD, "days": copy * PERIOD.days})
        progress(copy, copies)
    _finish(engine, secondary)


def _template(connection: Connection) -> None:
    """Records that are copied, found once: the month's first and last look of each person and date."""
    connection.execute(
        text(
            "CREATE TABLE bench_looks AS SELECT r.* FROM records r JOIN (SELECT person, date_trunc('day', at) AS day, "
            "min(at) AS first, max(at) AS last FROM records WHERE kind = 'check-in' GROUP BY 1, 2) p "
            "ON p.person = r.person AND r.at IN (p.first, p.last) AND date_trunc('day', r.at) = p.day WHERE r.kind = 'check-in'"
        )
    )
    connection.execute(
        text(
            "CREATE TABLE bench_moments AS SELECT m.* FROM record_moments m JOIN bench_looks b "
            "ON m.kiosk = b.kiosk AND m.chain = b.chain AND m.seq = b.seq"
        )
    )
    connection.execute(text("CREATE TABLE bench_days AS SELECT * FROM day_results"))
    connection.execute(text("CREATE TABLE bench_sums AS SELECT * FROM unit_days"))
    connection.execute(text("CREATE TABLE bench_violations AS SELECT * FROM violations WHERE day >= date '2020-01-01'"))


def _columns(table: Any, **changed: str) -> tuple[str, str]:
    names = [column.name for column in table.columns]
    return ", ".join(f'"{name}"' for name in names), ", ".join(changed.get(name, f'"{name}"') for name in names)


def _copy(source: str, mapped: Any, order: str, **changed: str) -> str:
    table = getattr(mapped, "__table__", mapped)
    names, values = _columns(table, **changed)
    return f"INSERT INTO {table.name} ({names}) SELECT {values} FROM {source} ORDER BY {order}"  # noqa: S608 - our own names


_RECORD = {"chain": f"'{ARCHIVE}'", "seq": f"seq + :k * {APART}"}
_EARLIER = {name: f'"{name}" - CAST(:shift AS interval)' for name in ("at", "received_at", "earliest", "latest")}
_DATE = "to_char({}, 'YYYY-MM-DD')"
_DOCUMENT = (
    "convert_to(replace(replace(convert_from(document, 'UTF8'), "
    f"{_DATE.format('day')}, {_DATE.format('day - CAST(:days AS integer)')}), "
    '\'"state":"open"\', \'"state":"final"\'), \'UTF8\')'
)
COPIES: Sequence[str] = (
    _copy("bench_looks", StoredRecord, "kiosk, seq", **_RECORD, at=_EARLIER["at"], received_at=_EARLIER["received_at"]),
    _copy("bench_moments", RecordMoment, "kiosk, seq", **_RECORD, **_EARLIER),
    _copy(
        "bench_days",
        DayRow,
        "person, day",
        day="day - CAST(:days AS integer)",
        state="CASE state WHEN 'open' THEN 'final' ELSE state END",
        closes="NULL",
        first_in="first_in - CAST(:shift AS interval)",
        last_out="last_out - CAST(:shift AS interval)",
        document=_DOCUMENT,
        digest=f"encode(sha256({_DOCUMENT}), 'hex')",
    ),
    _copy("bench_sums", UNIT_DAYS, "day, unit", day="day - CAST(:days AS integer)", open="0", open_seen="0"),
    _copy(
        "bench_violations",
        StoredViolation,
        "key",
        key="encode(sha256(convert_to(key || '/' || CAST(:k AS text), 'UTF8')), 'hex')",
        day="day - CAST(:days AS integer)",
        at=_EARLIER["at"],
    ),
)


def _finish(engine: Engine, secondary: Sequence[Index]) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        for index in secondary:
            connection.execute(CreateIndex(index))
        for name in ("bench_looks", "bench_moments", "bench_days", "bench_sums", "bench_violations"):
            connection.execute(text(f"DROP TABLE {name}"))
        renew_all(connection)
        connection.execute(
            text(
                "INSERT INTO chains (kiosk, chain, upto, seen, complete_at, first_at) SELECT kiosk, chain, max(seq), max(seq), "
                "max(at), min(at) FROM records WHERE chain = :chain GROUP BY kiosk, chain"
            ),
            {"chain": ARCHIVE},
        )
        connection.execute(
            text(
                "INSERT INTO opened_days SELECT DISTINCT day, CAST(:at AS timestamptz) FROM day_results WHERE day NOT IN (SELECT day FROM opened_days)"
            ),
            {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - nobody reads it
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
