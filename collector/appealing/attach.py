"""Gathering what the centre knows of one person's one day. A fixed number of queries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from collector.appealing.known import Known, KnownKiosk, KnownLook, KnownOutage, KnownTry, KnownViolation
from collector.judging.evidence import load
from collector.judging.looks import place_of, records_at
from collector.judging.marks import ONE_DAY, local_midnight
from collector.judging.organisation import read_organisation
from collector.rules.day import DayResult
from collector.rules.document import DAY_RESULT
from collector.rules.evidence import Evidence, KioskState, Look, Outage
from collector.rules.serving import NEVER
from collector.store.people import Kiosk
from collector.store.records import StoredRecord
from collector.store.results import ClosedDay, DayRow, Enrolled, RecordMoment, RosterReach
from collector.store.violations import StoredViolation
from collector.violating.bodies import body_of, degrees, whole

BEFORE, AFTER = timedelta(minutes=30), timedelta(minutes=30)
MOST = 200
"""Most tries that are attached: a kiosk that flickers must not make a book."""

TRIES = ("not-recognised", "see-officer", "adjust")
"""Words of a heartbeat's counts that tell of people who were not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an appeal is about."""

    person: str
    day: date
    around: datetime | None = None
    record: str = ""
    violation: str = ""


def known_now(session: Session, asked: Asked, now: datetime) -> Known:
    """What the centre knows of it at this moment."""
    connection = session.connection()
    organisation = read_organisation(connection)
    facts = load(connection, organisation, [asked.person], asked.day, asked.day)
    evidence = facts.evidence(asked.person, asked.day)
    since, until = _time(asked)
    return Known(
        taken_at=now,
        since=since,
        until=until,
        result=result_of(session, asked.person, asked.day),
        closed=_closed(session, asked.person, asked.day),
        looks=_looks(session, evidence, asked),
        kiosks=_kiosks(session, evidence, asked.person, (since, until)),
        tries=_tries(session, evidence.kiosks, (since, until)),
        enrolled=session.scalar(select(Enrolled.since).where(Enrolled.person == asked.person)),
        violation=_violation(session, asked.violation),
    )


def result_of(session: Session, person: str, day: date) -> DayResult | None:
    """What the day is judged as now."""
    document = session.scalar(select(DayRow.document).where(DayRow.person == person, DayRow.day == day))
    return None if document is None else DAY_RESULT.decode(document)


def _closed(session: Session, person: str, day: date) -> bool:
    return session.scalar(select(ClosedDay.person).where(ClosedDay.person == person, ClosedDay.day == day)) is not None


def _time(asked: Asked) -> tuple[datetime, datetime]:
    """The time that tries are looked for in: around what the person says, else the whole date."""
    if asked.around is not None:
        return asked.around - BEFORE, asked.around + AFTER
    start = local_midnight(asked.day)
    return start, start + ONE_DAY


def _looks(session: Session, evidence: Evidence, asked: Asked) -> tuple[KnownLook, ...]:
    start, end = local_midnight(asked.day), local_midnight(asked.day) + 2 * ONE_DAY
    looks = {each for each in evidence.looks if each.when.latest >= start and each.when.earliest < end}
    place = place_of(asked.record)
    if place is not None:
        looks |= set(records_at(session.connection(), [place]))
    told = _rows(session, [place for place in (place_of(each.record) for each in looks) if place is not None])
    return tuple(
        _look(each, told.get(each.record)) for each in sorted(looks, key=lambda one: (one.when.at, one.record))
    )


def _rows(session: Session, places: Sequence[tuple[str, str, int]]) -> dict[str, Any]:
    r = StoredRecord
    query = select(r.kiosk, r.chain, r.seq, r.clock_source, r.clock_error_ms, r.received_at, r.score, r.sealed).where(
        tuple_(r.kiosk, r.chain, r.seq).in_(places)
    )
    rows = session.execute(query) if places else ()
    return {f"{row.kiosk}/{row.chain}/{row.seq}": row for row in rows}


def _look(look: Look, row: Any) -> KnownLook:
    body = {} if row is None else body_of(row.sealed)
    match, liveness = _part(body, "match"), _part(body, "liveness")
    return KnownLook(
        record=look.record,
        kiosk=look.source,
        unit=look.unit,
        at=look.when.at,
        earliest=look.when.earliest,
        latest=look.when.latest,
        basis=look.when.basis,
        method=look.method,
        source="" if row is None else row.clock_source,
        error_ms=None if row is None else row.clock_error_ms,
        received_at=None if row is None else row.received_at,
        model=str(match.get("model", "")),
        score=None if row is None else row.score,
        runner_up=degrees(match.get("runner_up")),
        frames=whole(match.get("frames")),
        liveness=degrees(liveness.get("score")),
        roster_version=whole(body.get("roster_version")),
    )


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _kiosks(
    session: Session,
    evidence: Evidence,
    person: str,
    span: tuple[datetime, datetime],
) -> tuple[KnownKiosk, ...]:
    names = sorted(state.kiosk for state in evidence.kiosks)
    rows = session.execute(select(Kiosk.id, Kiosk.unit).where(Kiosk.id.in_(names)))
    units = {kiosk: unit for kiosk, unit in rows}  # noqa: C416 - dict() loses the row's types
    reach = {
        kiosk: (published, version, reached)
        for kiosk, published, version, reached in session.execute(
            select(RosterReach.kiosk, RosterReach.published_at, RosterReach.version, RosterReach.reached_at).where(
                RosterReach.kiosk.in_(names), RosterReach.person == person
            )
        )
    }
    others = _others(session, names, person, span)
    outages: dict[str, list[Outage]] = defaultdict(list)
    for each in evidence.outages:
        outages[each.kiosk].append(each)
    return tuple(
        _kiosk(state, units.get(state.kiosk, ""), outages[state.kiosk], others.get(state.kiosk, 0), reach)
        for state in sorted(evidence.kiosks, key=lambda each: (not each.at_place, each.kiosk))
    )


def _kiosk(
    state: KioskState,
    unit: str,
    outages: Iterable[Outage],
    others: int,
    reach: Mapping[str, tuple[datetime, int, datetime | None]],
) -> KnownKiosk:
    published, version, reached = reach.get(state.kiosk, (None, None, None))
    told = {
        KnownOutage(since=each.since if each.since > NEVER else None, until=each.until, cause=each.cause)
        for each in outages
    }
    return KnownKiosk(
        kiosk=state.kiosk,
        unit=unit,
        at_place=state.at_place,
        finished=state.finished,
        complete_until=state.complete_until,
        outages=tuple(sorted(told, key=lambda each: (each.since or NEVER, each.cause))),
        others=others,
        rostered_at=published,
        roster_version=version,
        reached_at=reached,
    )


def _others(session: Session, kiosks: Sequence[str], person: str, span: tuple[datetime, datetime]) -> dict[str, int]:
    """How many other people were recorded: a kiosk that knew ten others worked."""
    row = RecordMoment
    query = select(row.kiosk, func.count(row.person.distinct())).where(
        row.kiosk.in_(kiosks), row.at >= span[0], row.at < span[1], row.person.is_not(None), row.person != person
    )
    return {kiosk: count for kiosk, count in session.execute(query.group_by(row.kiosk))}  # noqa: C416


def _tries(session: Session, kiosks: Iterable[KioskState], span: tuple[datetime, datetime]) -> tuple[KnownTry, ...]:
    """Events and unrecognised faces at the person's places. A heartbeat counts what came since the last, at most an hour before:
    the first one after the time counts too."""
    m, r = RecordMoment, StoredRecord
    here = sorted(state.kiosk for state in kiosks if state.at_place)
    query = (
        select(m.kiosk, m.chain, m.seq, m.kind, m.at, r.sealed)
        .join(r, (r.kiosk == m.kiosk) & (r.chain == m.chain) & (r.seq == m.seq))
        .where(m.kiosk.in_(here), m.at >= span[0], m.at < span[1] + timedelta(hours=1))
        .where(m.kind.in_(("event", "heartbeat")))
        .order_by(m.at, m.kiosk, m.seq)
        .limit(20 * MOST)
    )
    found: list[KnownTry] = []
    for kiosk, chain, seq, kind, at, sealed in session.execute(query):
        for word, count in _told(kind, body_of(sealed), within=at < span[1]):
            found.append(KnownTry(record=f"{kiosk}/{chain}/{seq}", kiosk=kiosk, at=at, word=word, count=count))
    return tuple(found[:MOST])


def _told(kind: str, body: Mapping[str, Any], *, within: bool) -> list[tuple[str, int]]:
    if kind == "event":
        return [(str(body.get("event", ""))[:64], 1)] if within else []
    counts = _part(body, "counts")
    return [(word, count) for word in TRIES if (count := whole(counts.get(word)) or 0) > 0]


def _violation(session: Session, key: str) -> KnownViolation | None:
    found = session.get(StoredViolation, key) if key else None
    if found is None:
        return None
    facts = json.loads(found.facts)
    return KnownViolation(
        key=found.key,
        kind=found.kind,
        at=found.at,
        status=found.status,
        evidence=tuple(json.loads(found.evidence)),
        facts=tuple((name, str(value)) for name, value in facts.items()),
    )
