"""Dates the records that have arrived, and again those that they date: `record_moments` is a function of the records alone.

A record of standing network time is a wall: nothing on one side of it dates anything on the other. So of a chain
only what lies between the walls around the new records is read and dated again. Boots that reach over two chains of a
kiosk are dated with the first and last stretch of each of its chains.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from collector.judging.marks import Mark, Whose, dates_near, take_turns, touch
from collector.judging.service import Changed, renew
from collector.judging.signs import Sign, read_sealed, stamp_of
from collector.rules.dating import date_records
from collector.rules.evidence import Basis, Moment
from collector.store.records import Chain, StoredRecord
from collector.store.results import Enrolled, Fresh, RecordMoment
from wire.records import CheckIn, Event, Heartbeat

TAKEN = 200
"""Batches of fresh records taken at a time."""

BEYOND = 2**62


def date_fresh(connection: Connection) -> bool:
    """Date some of what has arrived; whether there was any. One transaction; repeat until False."""
    take_turns(connection)
    taken = list(connection.scalars(select(Fresh.id).order_by(Fresh.id).limit(TAKEN)))
    if not taken:
        return False
    signs = _read(connection, taken)
    moments = date_records(sign.stamp for sign in signs.values())
    changed = {place: moments[sign.stamp.record] for place, sign in signs.items()}
    changed = {place: now for place, now in changed.items() if signs[place].before != now}
    _write(connection, signs, changed)
    _enrol(connection, signs, changed)
    touch(connection, _marks(signs, changed))
    renew(connection, _changes(signs, changed))
    connection.execute(delete(Fresh).where(Fresh.id.in_(taken)))
    return True


Place = tuple[str, str, int]


def _read(connection: Connection, taken: Sequence[int]) -> dict[Place, Sign]:
    fresh = (
        select(Fresh.kiosk, Fresh.chain, func.min(Fresh.first).label("low"), func.max(Fresh.last).label("high"))
        .where(Fresh.id.in_(taken))
        .group_by(Fresh.kiosk, Fresh.chain)
        .subquery()
    )
    found = _stretch(connection, _around(fresh))
    several = (
        select(Chain.kiosk).where(Chain.kiosk.in_(select(fresh.c.kiosk))).group_by(Chain.kiosk).having(func.count() > 1)
    )
    ends = select(Chain.kiosk, Chain.chain).where(Chain.kiosk.in_(several)).subquery()
    for low, high in ((0, 0), (BEYOND, BEYOND)):
        edge = select(ends, literal(low).label("low"), literal(high).label("high")).subquery()
        found |= _stretch(connection, _around(edge))
    return found


def _around(spans: Subquery) -> Subquery:
    """The nearest walls around spans of numbers, or the ends of the chain."""
    wall = RecordMoment
    here = and_(wall.kiosk == spans.c.kiosk, wall.chain == spans.c.chain, wall.wall)
    below = select(wall.seq).where(here, wall.seq < spans.c.low).order_by(wall.seq.desc()).limit(1).scalar_subquery()
    above = select(wall.seq).where(here, wall.seq > spans.c.high).order_by(wall.seq).limit(1).scalar_subquery()
    return select(
        spans.c.kiosk,
        spans.c.chain,
        func.coalesce(below, 0).label("low"),
        func.coalesce(above, BEYOND).label("high"),
    ).subquery()


def _stretch(connection: Connection, bounds: Subquery) -> dict[Place, Sign]:
    """The records within these bounds, and what is known of them: two queries by range, for joining the two tables has
    PostgreSQL read the whole of one when it takes the stretches for longer than they are."""
    known, record = RecordMoment, StoredRecord
    dated: Any = select(
        *(known.kiosk, known.chain, known.seq, known.at, known.earliest, known.latest),
        *(known.basis, known.life, known.learnt_ms),
    ).join(bounds, _inside(known, bounds))
    before = {(row.kiosk, row.chain, row.seq): row for row in connection.execute(dated)}
    told = record.kind.in_((Heartbeat.KIND, Event.KIND))
    query: Any = select(
        *(record.kiosk, record.chain, record.seq, record.at, record.clock_source, record.clock_error_ms),
        *(record.boot, record.monotonic_ns, record.received_at, record.kind, record.person, record.method),
        *(record.unit, case((told, record.sealed), else_=null()).label("sealed")),
    ).join(bounds, _inside(record, bounds))
    rows = ((row, (row.kiosk, row.chain, row.seq)) for row in connection.execute(query))
    return {place: _sign(row, before.get(place)) for row, place in rows}


def _inside(table: type[StoredRecord | RecordMoment], bounds: Subquery) -> ColumnElement[bool]:
    return and_(
        table.kiosk == bounds.c.kiosk,
        table.chain == bounds.c.chain,
        table.seq >= bounds.c.low,
        table.seq <= bounds.c.high,
    )


def _sign(row: Any, known: Any) -> Sign:
    """`known`: when it was dated before, None for a new one."""
    if known is None:
        life, learnt_ms = read_sealed(row.kind, row.sealed)
        before = None
    else:
        life, learnt_ms = known.life, known.learnt_ms
        before = Moment(at=known.at, earliest=known.earliest, latest=known.latest, basis=Basis(known.basis))
    looked = row.kind == CheckIn.KIND
    stamp = stamp_of(row, learnt_ms)
    return Sign(
        stamp=stamp,
        kind=row.kind,
        life=life,
        person=row.person if looked else None,
        method=row.method if looked else None,
        unit=row.unit if looked else None,
        before=before,
    )


def _write(connection: Connection, signs: dict[Place, Sign], changed: dict[Place, Moment]) -> None:
    new = [_row(signs[place], moment) for place, moment in changed.items() if signs[place].before is None]
    if new:
        connection.execute(insert(RecordMoment), new)
    again = [
        {"k": place[0], "c": place[1], "s": place[2], **_columns(moment)}
        for place, moment in changed.items()
        if signs[place].before is not None
    ]
    if again:
        mine = (
            RecordMoment.kiosk == bindparam("k"),
            RecordMoment.chain == bindparam("c"),
            RecordMoment.seq == bindparam("s"),
        )
        connection.execute(update(RecordMoment).where(*mine), again)


def _row(sign: Sign, moment: Moment) -> dict[str, Any]:
    stamp = sign.stamp
    return {
        "kiosk": stamp.kiosk,
        "chain": stamp.chain,
        "seq": stamp.seq,
        **_columns(moment),
        "wall": sign.wall,
        "learnt_ms": stamp.learnt_ms,
        "kind": sign.kind,
        "life": sign.life,
        "person": sign.person,
        "method": sign.method,
        "unit": sign.unit,
        "received_at": stamp.received_at,
    }


def _columns(moment: Moment) -> dict[str, Any]:
    return {"at": moment.at, "earliest": moment.earliest, "latest": moment.latest, "basis": moment.basis.value}


def _enrol(connection: Connection, signs: dict[Place, Sign], changed: dict[Place, Moment]) -> None:
    """A look by face proves that the face was known, whatever became of the template since."""
    first: dict[str, Moment] = {}
    for place, moment in changed.items():
        person = signs[place].person
        if person and signs[place].method == "face" and moment.trusted:
            first[person] = min(first.get(person, moment), moment, key=lambda one: one.at)
    enrol(connection, {person: moment.at for person, moment in first.items()})


def enrol(connection: Connection, first: dict[str, Any]) -> None:
    """Note since when faces were known; an earlier moment takes the place of a later one, and its days are judged again."""
    known: dict[str, Any] = {}
    people = sorted(first)
    for start in range(0, len(people), 5000):
        query = select(Enrolled.person, Enrolled.since).where(Enrolled.person.in_(people[start : start + 5000]))
        known.update((row.person, row.since) for row in connection.execute(query))
    new = [{"person": person, "since": first[person]} for person in people if person not in known]
    earlier = [{"p": person, "since": first[person]} for person in known if first[person] < known[person]]
    if new:
        connection.execute(insert(Enrolled), new)
    if earlier:
        connection.execute(update(Enrolled).where(Enrolled.person == bindparam("p")), earlier)
    marks = [Mark(Whose.PERSON, row["person"], date.min, date.max) for row in new]
    marks += [Mark(Whose.PERSON, row["p"], *dates_near(row["since"], known[row["p"]])) for row in earlier]
    touch(connection, marks)


def _marks(signs: dict[Place, Sign], changed: dict[Place, Moment]) -> Iterable[Mark]:
    """The days of everybody whose look is new or moved: where it was, and where it is."""
    for place, moment in changed.items():
        sign = signs[place]
        if sign.person is not None:
            for when in (moment, sign.before):
                if when is not None:
                    yield Mark(Whose.PERSON, sign.person, *dates_near(when.earliest, when.latest))


def _changes(signs: dict[Place, Sign], changed: dict[Place, Moment]) -> dict[str, Changed]:
    """Of every kiosk that was read, between which moments its signs of life changed."""
    ranges: dict[str, list[Any]] = defaultdict(list)
    for place, sign in signs.items():
        ranges[place[0]] += (
            [when.at for when in (changed[place], sign.before) if when is not None and when.trusted]
            if place in changed and sign.life
            else []
        )
    return {kiosk: Changed(min(told), max(told)) if told else Changed(None, None) for kiosk, told in ranges.items()}
