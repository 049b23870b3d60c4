"""What is wrong with the kiosks' chains: forks, broken links, bad seals, numbers that never came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from collector.ingest.judge import Reason
from collector.reports.gaps import OpenGap, open_gaps
from collector.rules.violations.stream import Fault, Incident
from collector.store import records as tables
from collector.store.records import SetAside, StoredRecord
from collector.violating.dates import local_date, sql_date

FAULTS = {"fork": Fault.FORK, "broken-link": Fault.BROKEN_LINK}


def read_incidents(session: Session, kiosk_units: Mapping[str, str]) -> tuple[Incident, ...]:
    """All of them, in three queries. Each is dated by a record of its chain, so that late arrival moves none."""
    return (*_contradictions(session, kiosk_units), *_bad_seals(session, kiosk_units), *_gaps(session, kiosk_units))


def _contradictions(session: Session, units: Mapping[str, str]) -> Iterable[Incident]:
    i = tables.Incident
    at_place = and_(StoredRecord.kiosk == i.kiosk, StoredRecord.chain == i.chain, StoredRecord.seq == i.seq)
    at = func.coalesce(StoredRecord.at, i.at, type_=i.at.type)
    rows = session.execute(select(i.kiosk, i.chain, i.seq, i.kind, at).outerjoin(StoredRecord, at_place).order_by(i.id))
    for kiosk, chain, seq, kind, moment in rows:
        if kind in FAULTS:
            yield _incident(f"{kiosk}/{chain}/{seq}", kiosk, units, FAULTS[kind], moment)


def _bad_seals(session: Session, units: Mapping[str, str]) -> Iterable[Incident]:
    """One a kiosk and date on which they came: nothing else about them can be believed."""
    day = sql_date(session, SetAside.first_at)
    first = func.min(SetAside.first_at, type_=SetAside.first_at.type)
    query = (
        select(SetAside.kiosk, first, func.count())
        .where(SetAside.reason == Reason.SEAL.value, SetAside.kiosk != "")
        .group_by(SetAside.kiosk, day)
    )
    for kiosk, at, count in session.execute(query):
        yield _incident(f"{kiosk} {local_date(at)}", kiosk, units, Fault.BAD_SEAL, at, count)


def _gaps(session: Session, units: Mapping[str, str]) -> Iterable[Incident]:
    for gap in open_gaps(session):
        yield _incident(_identity(gap), gap.kiosk, units, Fault.GAP, gap.at, gap.last - gap.first + 1)


def _identity(gap: OpenGap) -> str:
    return f"{gap.kiosk}/{gap.chain}/{gap.first}"


def _incident(  # noqa: PLR0913, PLR0917 - one argument a field
    record: str, kiosk: str, units: Mapping[str, str], fault: Fault, at: datetime, count: int = 1
) -> Incident:
    return Incident(record=record, kiosk=kiosk, unit=units.get(kiosk, ""), fault=fault, at=at, count=count)
