"""The invented regency into an empty database."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, Insert, func, insert, select

from cli.synthetic.faults import with_faults
from cli.synthetic.habits import Away, habit, letters
from cli.synthetic.ledger import VERSION, Plan, Written, write
from cli.synthetic.phones import SINCE, UNTIL, submissions
from cli.synthetic.places import Site, sites
from cli.synthetic.rota import duties, turns
from cli.synthetic.staff import Employee, staff
from collector.judging.entries import CODECS, EntryKind
from collector.rules.codes import Code
from collector.rules.evidence import Permit
from collector.rules.hours import WIB
from collector.rules.ready import SHIFT
from collector.rules.violations.case import Status
from collector.store.hours import Entry, Schedule, StoredTurn
from collector.store.people import Assignment, Kiosk, KioskKey, Person, Template, Unit
from collector.store.records import Chain, KioskStatus, StoredRecord
from collector.store.results import Fresh
from collector.store.violations import PhoneRecord, StoredViolation, ViolationStep
from collector.store.writer import Writer

PEOPLE_A_KIOSK = 150
AT_ONCE = 20_000
REVIEWER = "inspektorat (demo)"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. `until`: the last of so many dates with kiosk records."""

    people: int
    units: int
    days: int
    seed: int
    until: date

    @property
    def dates(self) -> tuple[date, ...]:
        """The dates with kiosk records, in order."""
        return tuple(self.until - timedelta(days=self.days - 1 - number) for number in range(self.days))

    def chance(self, what: str) -> Random:
        """Chance of its own for each part, so that one part can change without the others."""
        return Random(f"{self.seed}/{what}")  # noqa: S311 - a demonstration's habits


@dataclass(frozen=True, slots=True)
class Regency:
    """The invented regency, before a record of it is written."""

    sites: list[Site]
    people: list[Employee]
    plans: list[Plan]


def regency(wish: Wish) -> Regency:
    """Units, people and kiosks with their faults. Raises ValueError for too few units."""
    places = sites(wish.chance("sites"), wish.units)
    people = staff(wish.chance("staff"), places, wish.people)
    return Regency(places, people, with_faults(wish.chance("faults"), list(_plans(wish, places, people))))


def is_empty(connection: Connection) -> bool:
    """Whether nobody and nothing is in the database yet."""
    return all(connection.scalar(select(func.count()).select_from(table)) == 0 for table in (Unit, Person, Kiosk))


def fill(
    writer: Writer,
    wish: Wish,
    made: Regency,
    progress: Progress,
    arrived: Callable[[Written], Written] = lambda all_: all_,
) -> int:
    """Write everything; how many kiosk records there are. `arrived`: what of a kiosk's records has arrived; all of them
    when it is not given. Raises StoreDownError."""
    with writer.transaction() as connection:
        _people(connection, wish, made)
        rows = submissions(wish.chance("phones"), made.sites, made.people)
        _many(connection, insert(PhoneRecord), rows)
    records = 0
    for number, written in enumerate(map(arrived, _written(made.plans)), start=1):
        with writer.transaction() as connection:
            _kiosk(connection, wish, written)
        records += len(written.rows)
        progress(number, len(made.plans))
    return records


def decide(writer: Writer, wish: Wish) -> int:
    """Decisions about most of the phone era's violations, as an inspectorate would have left them; how many."""
    chance = wish.chance("decisions")
    v = StoredViolation
    with writer.transaction() as connection:
        keys = connection.scalars(select(v.key).where(v.day.between(SINCE, UNTIL)).order_by(v.key)).all()
        steps = list(_decisions(chance, keys))
        _many(connection, insert(ViolationStep), steps)
        for status in (Status.CONFIRMED, Status.DISMISSED):
            chosen = [step["violation"] for step in steps if step["to"] == status]
            connection.execute(v.__table__.update().where(v.key.in_(chosen)).values(status=status.value))  # type: ignore[attr-defined]
    return len(steps)


def _decisions(chance: Random, keys: Iterable[str]) -> Iterator[dict[str, Any]]:
    at = datetime.combine(UNTIL, time(9), WIB) + timedelta(days=10)
    for key in keys:
        luck = chance.random()
        if luck < 0.7:
            to, why = (
                (Status.CONFIRMED, "diakui yang bersangkutan") if luck < 0.48 else (Status.DISMISSED, "ada surat tugas")
            )
            yield {"violation": key, "to": to.value, "by": REVIEWER, "at": at, "why": why}


def _plans(wish: Wish, places: Sequence[Site], people: Sequence[Employee]) -> Iterator[Plan]:
    chance, leave, rota = wish.chance("habits"), wish.chance("letters"), wish.chance("rota")
    theirs: list[list[Employee]] = [[] for _ in places]
    for one in people:
        theirs[one.unit].append(one)
    for site, members in zip(places, theirs, strict=True):
        kiosks, on = -(-len(members) // PEOPLE_A_KIOSK), duties(rota, site, members)
        for number in range(kiosks):
            name = site.code.lower() if kiosks == 1 else f"{site.code.lower()}-k{number + 1}"
            yield Plan(
                seed=str(wish.seed),
                id=name,
                unit=site.code,
                kind=site.kind,
                lat=site.lat,
                lon=site.lon,
                habits=tuple(habit(chance, one.id) for one in members[number::kiosks]),
                days=wish.dates,
                duties=tuple(on[one.id] for one in members[number::kiosks] if one.id in on),
                letters=tuple(each for one in members[number::kiosks] for each in letters(leave, one.id, wish.dates)),
            )


def _written(plans: Sequence[Plan]) -> Iterator[Written]:
    """The kiosks' records in the order of the plans; so few are ready ahead that memory stays small."""
    workers = multiprocessing.cpu_count()
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        waiting: deque[Future[Written]] = deque()
        for plan in plans:
            waiting.append(pool.submit(write, plan))
            if len(waiting) > 3 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _people(connection: Connection, wish: Wish, made: Regency) -> None:
    units = [
        {"code": s.code, "name": s.name, "kind": s.kind, "parent": s.parent, "latitude": s.lat, "longitude": s.lon}
        for s in made.sites
    ]
    _many(connection, insert(Unit), [unit for unit in units if unit["parent"] is None])
    _many(connection, insert(Unit), [unit for unit in units if unit["parent"] is not None])
    registered = datetime.combine(wish.dates[0], time(), WIB).astimezone(UTC)
    kiosks = [{"id": p.id, "unit": p.unit, "scope": "opd", "registered_at": registered} for p in made.plans]
    _many(connection, insert(Kiosk), kiosks)
    _many(connection, insert(Person), [_person(one) for one in made.people])
    _many(connection, insert(Assignment), [_post(one, made.sites) for one in made.people])
    faces = {"model": "synthetic", "vector": b"", "photos": 3, "made_at": registered}
    _many(connection, insert(Template), [{"person": one.id, **faces} for one in made.people])
    _rotas(connection, wish, made)
    _many(connection, insert(Entry), [_letter(each, registered) for plan in made.plans for each in plan.letters])


def _rotas(connection: Connection, wish: Wish, made: Regency) -> None:
    """The rotas of whole months: those with records, and the one after, as a head of ward would have it."""
    first = wish.dates[0].replace(day=1)
    last = (wish.until.replace(day=1) + timedelta(days=63)).replace(day=1) - timedelta(days=1)
    on = [one for plan in made.plans for one in plan.duties]
    who = {"pattern": SHIFT, "since": first, "entered_by": "kepala ruang (demo)", "reason": "jadwal dinas"}
    _many(connection, insert(Schedule), [{"person": one.person, **who} for one in on])
    rows = [
        {"person": one.person, "day": day, "shift": shift, "off": off.value}
        for one in on
        for day, shift, off in turns(one, first, last)
    ]
    _many(connection, insert(StoredTurn), rows)


def _letter(each: Away, at: datetime) -> dict[str, Any]:
    """The letter as an entry, judged like any other."""
    number = f"800/{each.person[:6]}/{each.since:%m%d}"
    permit = Permit(person=each.person, code=Code(each.code), since=each.since, until=each.until, letter=number)
    return {
        "id": f"{each.person}-{each.since:%Y%m%d}",
        "kind": EntryKind.PERMIT.value,
        "person": each.person,
        "since": each.since,
        "until": each.until,
        "document": CODECS[EntryKind.PERMIT].encode(permit),
        "reason": f"surat {number}",
        "entered_by": "bkd (demo)",
        "entered_at": at,
    }


def _person(one: Employee) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "status": one.status.value,
        "number": one.number,
        "internal_number": one.internal,
    }


def _post(one: Employee, places: Sequence[Site]) -> dict[str, Any]:
    return {"person": one.id, "unit": places[one.unit].code, "kind": "main", "from_day": one.since}


def _kiosk(connection: Connection, wish: Wish, written: Written) -> None:
    registered = datetime.combine(wish.dates[0], time(), WIB).astimezone(UTC)
    keys = [
        {"kid": kid, "kiosk": written.kiosk, "use": use, "x": x, "thumbprint": thumbprint, "added_at": registered}
        for kid, use, x, thumbprint in written.keys
    ]
    _many(connection, insert(KioskKey), keys)
    if not written.rows:
        return
    _many(connection, insert(StoredRecord), written.rows)
    chain = written.chain
    _many(connection, insert(Chain), [chain])
    fresh = {"kiosk": written.kiosk, "chain": chain["chain"], "first": 1, "last": chain["seen"]}
    _many(connection, insert(Fresh), [fresh])
    _many(connection, insert(KioskStatus), [_status(written)])


def _status(written: Written) -> dict[str, Any]:
    at = max(row["received_at"] for row in written.rows)
    return {
        "kiosk": written.kiosk,
        "at": at,
        "received_at": at,
        "online": True,
        "version": VERSION,
        "state": "idle",
        "backlog": 0,
        "roster_version": 1,
        "chain": written.chain["chain"],
        "last_seq": written.chain["seen"],
        "temperature_c": 48.5,
        "disk_free_mib": 21_870,
    }


def _many(connection: Connection, statement: Insert, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        connection.execute(statement, rows[start : start + AT_ONCE])
