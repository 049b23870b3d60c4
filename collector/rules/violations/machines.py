"""Detectors of machines: clock turned, kiosk moved, records missing or altered, outages that keep coming at check-in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from collector.rules.evidence import Cause, Outage
from collector.rules.hours import WIB, Span
from collector.rules.violations.stream import Against, Fault, Kind, Limits, Observed, Stream, Violation


def clock_turned(stream: Stream) -> Iterable[Violation]:
    """The clock stepped by more than a correction. Learning the true time (clock-learnt) is no step."""
    for event in set(stream.events):
        if event.word == "clock-stepped" and abs(event.offset_ms) > stream.limits.clock_step / timedelta(
            milliseconds=1
        ):
            yield _of_event(event, Kind.CLOCK_TURNED, (("offset-ms", event.offset_ms),))


def kiosk_moved(stream: Stream) -> Iterable[Violation]:
    """The kiosk's surroundings changed."""
    for event in set(stream.events):
        if event.word == "place-changed":
            yield _of_event(event, Kind.KIOSK_MOVED)


def _of_event(event: Observed, kind: Kind, facts: tuple[tuple[str, int], ...] = ()) -> Violation:
    return Violation(
        kind=kind,
        against=Against.KIOSK,
        subject=event.kiosk,
        unit=event.unit,
        at=event.when.at,
        about=event.record,
        evidence=(event.record,),
        facts=facts,
    )


def records(stream: Stream) -> Iterable[Violation]:
    """Records that never came, and records that are not what they were."""
    for incident in set(stream.incidents):
        missing = incident.fault is Fault.GAP
        yield Violation(
            kind=Kind.RECORDS_MISSING if missing else Kind.RECORDS_ALTERED,
            against=Against.KIOSK,
            subject=incident.kiosk,
            unit=incident.unit,
            at=incident.at,
            about=incident.record,
            evidence=(incident.record,),
            facts=(("count", incident.count), ("fault", incident.fault.value)),
        )


def recurring_outage(stream: Stream) -> Iterable[Violation]:
    """A unit whose kiosks fall silent at check-in time on several dates of a month: else people would pull the plug."""
    dates: dict[tuple[str, str], dict[date, list[Outage]]] = defaultdict(lambda: defaultdict(list))
    for outage in sorted(set(stream.outages), key=lambda each: (each.since, each.kiosk)):
        unit = stream.kiosk_units.get(outage.kiosk)
        if unit is None or outage.cause is not Cause.OUTAGE or outage.until is None:
            continue
        for day in _rush_dates(outage, stream.limits):
            dates[unit, f"{day:%Y-%m}"][day].append(outage)
    for (unit, month), days in dates.items():
        if len(days) >= stream.limits.outages:
            yield _recurring(unit, month, dict(sorted(days.items())), stream.limits)


def _recurring(unit: str, month: str, days: dict[date, list[Outage]], limits: Limits) -> Violation:
    told = [outage for each in days.values() for outage in each]
    return Violation(
        kind=Kind.RECURRING_OUTAGE,
        against=Against.UNIT,
        subject=unit,
        unit=unit,
        at=list(days.values())[limits.outages - 1][0].since,
        about=month,
        evidence=tuple(f"{outage.kiosk} {outage.since.astimezone(WIB).isoformat()}" for outage in told),
        facts=(("dates", len(days)),),
    )


def _rush_dates(outage: Outage, limits: Limits) -> Iterable[date]:
    """The dates on which an outage met the rush. One that lasts for days is a broken machine: its first date alone."""
    last = outage.until or outage.since
    day = outage.since.astimezone(WIB).date()
    while day <= last.astimezone(WIB).date():
        rush = Span(datetime.combine(day, limits.rush_from, WIB), datetime.combine(day, limits.rush_until, WIB))
        if rush.meets(Span(outage.since, last)):
            yield day
            return
        day += timedelta(days=1)
