"""Detectors of people: doubtful matches, attacks at the camera, series, shared phones, checked in and gone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from collector.rules.codes import ReasonKind, State
from collector.rules.evidence import Look, Method
from collector.rules.hours import WIB
from collector.rules.violations.stream import Against, Kind, Limits, Observed, Stream, Violation


def uncertain_match(stream: Stream) -> Iterable[Violation]:
    """A face that was accepted narrowly, or with another person close behind: look-alike, or the wrong one."""
    for look in set(stream.looks):
        match = look.match
        if match is None:
            continue
        lead = match.score - match.runner_up if match.runner_up is not None else None
        if match.score >= stream.limits.sure_score and (lead is None or lead >= stream.limits.sure_margin):
            continue
        yield Violation(
            kind=Kind.UNCERTAIN_MATCH,
            against=Against.PERSON,
            subject=look.person,
            unit=look.unit,
            at=look.when.at,
            about=look.record,
            evidence=(look.record,),
            facts=(("score-permille", round(match.score * 1000)),),
        )


def attacks(stream: Stream) -> Iterable[Violation]:
    """A photo or screen before the camera; a face that stayed covered. Against a person only when one was claimed."""
    kinds = {"spoof": Kind.SPOOF, "covered-face": Kind.COVERED_FACE}
    for event in set(stream.events):
        if event.word in kinds:
            yield _attack(event, kinds[event.word])


def _attack(event: Observed, kind: Kind) -> Violation:
    return Violation(
        kind=kind,
        against=Against.PERSON if event.person else Against.KIOSK,
        subject=event.person or event.kiosk,
        unit=event.unit,
        at=event.when.at,
        about=event.record,
        evidence=(event.record,),
    )


def pin_guessing(stream: Stream) -> Iterable[Violation]:
    """Wrong PINs on one date at one kiosk, more than fingers slip: against the kiosk, for nobody knows who stood there."""
    tried: dict[tuple[str, str], list[Observed]] = defaultdict(list)
    for event in sorted(set(stream.events), key=lambda each: (each.when.at, each.record)):
        if event.word == "pin-failed" and event.when.trusted:
            tried[event.kiosk, event.when.at.astimezone(WIB).date().isoformat()].append(event)
    for (kiosk, day), events in tried.items():
        people = Counter(event.person for event in events if event.person)
        at_one = max(people.values(), default=0) >= stream.limits.guesses_at_one
        if at_one or len(events) >= stream.limits.guesses_at_kiosk:
            yield Violation(
                kind=Kind.PIN_GUESSING,
                against=Against.KIOSK,
                subject=kiosk,
                unit=events[0].unit,
                at=events[0].when.at,
                about=day,
                evidence=tuple(event.record for event in events),
                facts=(("count", len(events)), ("people", len(people))),
            )


def ghost(stream: Stream) -> Iterable[Violation]:
    """One face enrolled for two people. Each pair once, whichever of them was enrolled last."""
    for pair in set(stream.likenesses):
        one, other = sorted((pair.person, pair.other))
        yield Violation(
            kind=Kind.GHOST,
            against=Against.PERSON,
            subject=one,
            unit=pair.unit,
            at=pair.at,
            about=other,
            evidence=(),
            facts=(("other-person", other), ("score-permille", round(pair.cosine * 1000))),
        )


def series(stream: Stream) -> Iterable[Violation]:
    """Several people at one kiosk within a second: faster than people can pass a camera one by one."""
    at_kiosk: dict[str, list[Look]] = defaultdict(list)
    for look in stream.certain():
        if look.method in (Method.FACE, Method.PIN):
            at_kiosk[look.source].append(look)
    for kiosk, looks in at_kiosk.items():
        for run in _runs(looks, stream.limits):
            if len({look.person for look in run}) >= stream.limits.series:
                yield Violation(
                    kind=Kind.SERIES,
                    against=Against.KIOSK,
                    subject=kiosk,
                    unit=run[0].unit,
                    at=run[0].when.at,
                    about=run[0].record,
                    evidence=tuple(look.record for look in run),
                    facts=(("people", len({look.person for look in run})),),
                )


def _runs(looks: list[Look], limits: Limits) -> Iterable[list[Look]]:
    """Looks in groups that begin with the first one not yet in a group and last for the limit's span."""
    run: list[Look] = []
    for look in looks:
        if run and look.when.at - run[0].when.at > limits.series_span:
            yield run
            run = []
        run.append(look)
    if run:
        yield run


def shared_device(stream: Stream) -> Iterable[Violation]:
    """One phone that submitted for more than one person on a date."""
    used: dict[tuple[str, str], list[Look]] = defaultdict(list)
    for look in stream.certain():
        if look.device is not None:
            used[look.device, look.when.at.astimezone(WIB).date().isoformat()].append(look)
    for (device, day), looks in used.items():
        people = {look.person for look in looks}
        if len(people) > 1:
            yield Violation(
                kind=Kind.SHARED_DEVICE,
                against=Against.DEVICE,
                subject=device,
                unit=looks[0].unit,
                at=looks[0].when.at,
                about=day,
                evidence=tuple(look.record for look in looks),
                facts=(("people", len(people)),),
            )


def checked_in_and_gone(stream: Stream) -> Iterable[Violation]:
    """Present by the day's codes and not seen at the midday check; or recorded, and not there when a spot check looked."""
    yield from _missed_by_check(stream)
    for day in set(stream.days):
        missed = any(each.kind is ReasonKind.MIDDAY_MISSED for each in day.reasons)
        if day.state is State.FINAL and missed and day.first_in is not None:
            yield Violation(
                kind=Kind.CHECKED_IN_AND_GONE,
                against=Against.PERSON,
                subject=day.person,
                unit=day.unit,
                at=day.first_in,
                about=day.day.isoformat(),
                evidence=tuple(record for record in (day.in_record, day.out_record) if record),
            )


def _missed_by_check(stream: Stream) -> Iterable[Violation]:
    """Only of looks of trusted time before the check, and of nobody whom a letter lets be away then."""
    seen: dict[str, list[Look]] = defaultdict(list)
    for look in stream.certain():
        seen[look.person].append(look)
    for missed in set(stream.missed):
        before = [look for look in seen[missed.person] if missed.place.counts(look.when.at, missed.at)]
        if before and not any(
            each.person == missed.person and missed.place.excused(each, missed.at) for each in stream.permits
        ):
            yield Violation(
                kind=Kind.CHECKED_IN_AND_GONE,
                against=Against.PERSON,
                subject=missed.person,
                unit=missed.unit,
                at=missed.at,
                about=missed.check,
                evidence=tuple(look.record for look in before),
                facts=(("spot-check", missed.check),),
            )
