"""One side of a day, coming or going: which look counts, how many minutes are missing, and what excuses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from collector.rules.codes import EARLY, LATE, Code, Reason, ReasonKind, reason
from collector.rules.evidence import Effect, Look
from collector.rules.hours import MINUTE, WIB, Span
from collector.rules.ruleset import Measure, RuleSet, Seconds
from collector.rules.serving import EVER, NEVER, within
from collector.rules.touching import Doubt, Touching
from collector.rules.workday import Duty


class End(StrEnum):
    """Which side of the day."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The verdict on one side. `at`: the moment that counts, None when no look does. `excused`: a fault that something
    excuses; `doubtful`: and that something is only a doubt, which a human must decide."""

    look: Look | None
    at: datetime | None
    minutes: int = 0
    code: Code | None = None
    reasons: tuple[Reason, ...] = ()
    missing: bool = False
    excused: bool = False
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked of one side: `due`: the moment to be met; `presumed`: when people are taken to come or go."""

    end: End
    window: Span
    due: datetime
    presumed: Span
    half: int
    rules: RuleSet
    known: Touching

    def minutes(self, moment: datetime) -> int:
        """Minutes missing for a look at that moment: time in which no kiosk served is not counted."""
        gap = Span(self.due, moment) if self.end is End.IN else Span(moment, self.due)
        lost = gap.end - gap.start
        if lost <= timedelta():
            return 0
        counted = whole_minutes(lost - within(self.known.unserved, gap), self.rules.measure)
        return min(self.half, counted if self.end is End.OUT else forgiven(counted, self.rules.measure))

    def code(self, minutes: int) -> Code | None:
        """The band's code."""
        measure = self.rules.measure
        return measure.late_code(minutes) if self.end is End.IN else measure.early_code(minutes)


def judge_in(duty: Duty, rules: RuleSet, known: Touching) -> Side:
    """Coming: the first look in its window against the start."""
    start = duty.hours.start
    presumed = Span(start - rules.excuses.arrival * MINUTE, start + rules.measure.tolerance * MINUTE)
    question = _Question(
        end=End.IN, window=duty.arrive, due=start, presumed=presumed, half=duty.minutes // 2, rules=rules, known=known
    )
    return _judge(question, lambda look: look.when.latest, min)


def judge_out(duty: Duty, rules: RuleSet, known: Touching) -> Side:
    """Going: the last look in its window against the end."""
    end = duty.hours.end
    presumed = Span(end, end + rules.excuses.departure * MINUTE)
    question = _Question(
        end=End.OUT, window=duty.leave, due=end, presumed=presumed, half=duty.minutes // 2, rules=rules, known=known
    )
    return _judge(question, lambda look: look.when.earliest, max)


def whole_minutes(span: timedelta, measure: Measure) -> int:
    """A time as minutes: whole ones where seconds are ignored, started ones where they count."""
    return span // MINUTE if measure.seconds is Seconds.IGNORED else -(-span // MINUTE)


def forgiven(minutes: int, measure: Measure) -> int:
    """Minutes late after the tolerance."""
    if minutes <= measure.tolerance:
        return 0
    return minutes if measure.from_start else minutes - measure.tolerance


def _judge(
    question: _Question, bound: Callable[[Look], datetime], pick: Callable[..., tuple[datetime, str, Look]]
) -> Side:
    """`bound`: the end of an untrusted moment's range that speaks against the person; `pick`: first or last."""
    sure = [(look.when.at, look.record, look) for look in question.known.looks if question.window.holds(look.when.at)]
    narrow = [doubt.look for doubt in question.known.doubts if _narrow(doubt, question.window)]
    harmless = [(bound(look), look.record, look) for look in narrow if question.minutes(bound(look)) == 0]
    candidates = sure + harmless
    if not candidates:
        return _excuse(question, _missing(question))
    at, _, look = pick(candidates, key=lambda each: each[:2])
    minutes = question.minutes(at)
    side = Side(look=look, at=at.astimezone(WIB), minutes=minutes, code=question.code(minutes))
    return side if side.code is None else _excuse(question, _told(question, side))


def _narrow(doubt: Doubt, window: Span) -> bool:
    """Whether a look of uncertain time surely lies within the window."""
    sure = doubt.kind is ReasonKind.CLOCK_DOUBT
    return sure and window.holds(doubt.look.when.earliest) and window.holds(doubt.look.when.latest)


def _missing(question: _Question) -> Side:
    """No look: the worst band, unless the last part of the window was silent: then only what can be proved."""
    edge = question.window.end if question.end is End.IN else question.window.start
    last = Span(edge - MINUTE, edge) if question.end is End.IN else Span(edge, edge + MINUTE)
    blind = within(question.known.unserved, last) == MINUTE
    minutes = question.minutes(edge) if blind else question.half
    worst = LATE[-1] if question.end is End.IN else EARLY[-1]
    kind = ReasonKind.NO_CHECK_IN if question.end is End.IN else ReasonKind.NO_CHECK_OUT
    told = (reason(kind, minutes=minutes), *(_silent(question, question.window) if blind else ()))
    return Side(
        look=None,
        at=None,
        minutes=minutes,
        code=question.code(minutes) if blind else worst,
        reasons=told,
        missing=True,
        excused=blind,
    )


def _told(question: _Question, side: Side) -> Side:
    kind = ReasonKind.LATE if question.end is End.IN else ReasonKind.EARLY
    because = reason(kind, at=side.at, due=question.due, minutes=side.minutes)
    return Side(look=side.look, at=side.at, minutes=side.minutes, code=side.code, reasons=(because,))


def _excuse(question: _Question, side: Side) -> Side:
    """The same side without its fault, where anything excuses it; the reasons say what."""
    because = _excuses(question)
    doubts = () if because else _doubts(question)
    if not because and not doubts:
        return side
    return Side(
        look=side.look,
        at=side.at,
        reasons=because or doubts,
        missing=side.missing,
        excused=True,
        doubtful=bool(doubts) and not question.known.reviewed,
    )


def _excuses(question: _Question) -> tuple[Reason, ...]:
    known = question.known
    ruling = known.ruled(Effect.EXCUSE_IN if question.end is End.IN else Effect.EXCUSE_OUT, Effect.EXCUSE_DAY)
    if ruling is not None:
        return (reason(ReasonKind.RULING, entry=ruling.entry, effect=ruling.effect.value),)
    if known.disasters:
        return tuple(reason(ReasonKind.DISASTER, name=each.name) for each in known.disasters)
    if within(known.unserved, question.presumed) >= question.rules.excuses.outage * MINUTE:
        return _silent(question, question.presumed)
    return ()


def _silent(question: _Question, frame: Span) -> tuple[Reason, ...]:
    return silent_reasons(question.known, frame, question.end.value)


def silent_reasons(known: Touching, frame: Span, side: str) -> tuple[Reason, ...]:
    """The outages at the person's places within a frame, each with its cause."""
    here = {state.kiosk for state in known.kiosks if state.at_place}
    return tuple(
        reason(
            ReasonKind(each.cause.value),
            kiosk=each.kiosk,
            from_=each.since.astimezone(WIB) if each.since > NEVER else None,
            until=each.until.astimezone(WIB) if each.until else None,
            side=side,
        )
        for each in known.silences
        if each.kiosk in here and frame.meets(Span(each.since, each.until or EVER))
    )


def _doubts(question: _Question) -> tuple[Reason, ...]:
    return doubt_reasons(question.known, question.window, question.end.value)


def doubt_reasons(known: Touching, frame: Span, side: str) -> tuple[Reason, ...]:
    """The doubts that may lie within a frame, unless a review has dismissed them."""
    if known.ruled(Effect.UPHOLD) is not None:
        return ()
    if not any(state.at_place for state in known.kiosks):
        return (reason(ReasonKind.NO_KIOSK),)
    met = (doubt for doubt in known.doubts if doubt.span.meets(frame))
    return tuple(reason(doubt.kind, record=doubt.look.record, side=side) for doubt in met)
