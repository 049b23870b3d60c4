"""The judge of one person's one day. Pure: the same facts give the same result, in any order and repeated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from collector.rules.codes import FAULTS, Code, Reason, ReasonKind, State, reason
from collector.rules.evidence import Effect, Evidence, Permit, Person
from collector.rules.hours import MINUTE, WIB, Span
from collector.rules.rulebook import Rulebook
from collector.rules.ruleset import AssemblyKind, RuleSet
from collector.rules.serving import within
from collector.rules.sides import Side, doubt_reasons, judge_in, judge_out, silent_reasons
from collector.rules.touching import Touching, permits_of, touching
from collector.rules.workday import Gathering, WorkDay, work_day

AT_WORK = frozenset((Code.DL, Code.DK, Code.TB, Code.WFH, Code.WFA))
"""Permits under which people are at work: a look on such a day is nothing to check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """What one work date became. Moments in WIB, minutes whole and ≥ 0, `percent` the sum of the day's events.

    `working`: the date counts as a working day of this person (HK). `in_record`, `out_record`: the looks that count.
    `no_check_in`, `no_check_out`: held against the person, beside TL4 or PSW4. An open day holds nothing against anyone.
    """

    person: str
    day: date
    state: State
    codes: tuple[Code, ...] = ()
    working: bool = False
    first_in: datetime | None = None
    last_out: datetime | None = None
    minutes_late: int = 0
    minutes_early: int = 0
    no_check_in: bool = False
    no_check_out: bool = False
    percent: Decimal = Decimal(0)
    in_record: str = ""
    out_record: str = ""
    unit: str = ""
    rules: str = ""
    reasons: tuple[Reason, ...] = ()

    @property
    def faults(self) -> tuple[Code, ...]:
        """The codes that are held against the person."""
        return tuple(code for code in self.codes if code in FAULTS)


def judge_day(person: Person, on: date, evidence: Evidence, book: Rulebook) -> DayResult:
    """What that work date became. Raises RulesError or LookupError when the rules or the schedule are contradictory."""
    assignment = person.assigned(on)
    if assignment is None:
        return DayResult(person=person.id, day=on, state=State.FINAL, reasons=(reason(ReasonKind.NOT_IN_SERVICE),))
    units = assignment.units
    rules = book.rules(person.category, units, on)
    permits = permits_of(person, evidence, on)
    asked = work_day(person, on, rules, book.holiday(units, on), [each for each in permits if each.hours])
    blank = DayResult(
        person=person.id, day=on, state=State.FINAL, unit=units[0], rules=rules.name, working=asked.duty is not None
    )
    frame = _frame(asked, on)
    known = touching(person, on, units, frame, evidence, phones=rules.phones)
    leave = _leave(asked, permits)
    if leave:
        return _on_permit(blank, leave, known)
    if asked.closes is None:
        return _nothing_asked(blank, asked)
    waiting = _incomplete(known, asked.closes)
    if waiting is not None:
        return _still_open(blank, asked, known, waiting)
    return _judged(blank, asked, rules, known)


def _frame(asked: WorkDay, on: date) -> Span:
    """From the first to the last moment that can matter to the day."""
    spans = [gathering.span for gathering in asked.gatherings]
    if asked.duty:
        spans += [asked.duty.arrive, asked.duty.leave]
    midnight = datetime(on.year, on.month, on.day, tzinfo=WIB)
    return Span(min((s.start for s in spans), default=midnight), max((s.end for s in spans), default=midnight))


def _leave(asked: WorkDay, permits: list[Permit]) -> list[Permit]:
    """The permits that cover all that was asked of a working day."""
    if asked.duty is None:
        return []
    nothing_left = asked.duty.hours.start >= asked.duty.hours.end
    return [each for each in permits if each.hours is None or nothing_left]


def _on_permit(blank: DayResult, permits: list[Permit], known: Touching) -> DayResult:
    codes = {each.code for each in permits}
    reasons = [reason(ReasonKind.PERMIT, code=each.code.value, letter=each.letter) for each in permits]
    if len(codes) > 1:
        reasons.append(reason(ReasonKind.PERMITS_OVERLAP, codes=" ".join(sorted(codes))))
    if known.looks and permits[0].code not in AT_WORK:
        reasons.append(reason(ReasonKind.LOOKED_ON_PERMIT, record=known.looks[0].record))
    state = State.REVIEW if len(codes) > 1 and not known.reviewed else State.FINAL
    return replace(blank, state=state, codes=(permits[0].code,), reasons=_ordered(reasons))


def _nothing_asked(blank: DayResult, asked: WorkDay) -> DayResult:
    codes = (asked.code,) if asked.code else ()
    reasons = (asked.why,) if asked.why else ()
    return replace(blank, state=State.FINAL if asked.code else State.REVIEW, codes=codes, reasons=reasons)


def _incomplete(known: Touching, until: datetime) -> Reason | None:
    """The kiosks whose records up to then have not all arrived: those of the person's places by name, of others only that
    there are any, for an OPD may have hundreds and the text would change with each of them."""
    behind = [
        state
        for state in known.kiosks
        if not state.finished and (state.complete_until is None or state.complete_until < until)
    ]
    if not behind:
        return None
    here = " ".join(state.kiosk for state in behind if state.at_place)
    elsewhere = int(any(not state.at_place for state in behind))
    return reason(ReasonKind.KIOSKS_INCOMPLETE, kiosks=here, elsewhere=elsewhere, until=until.astimezone(WIB))


def _still_open(blank: DayResult, asked: WorkDay, known: Touching, waiting: Reason) -> DayResult:
    """What is seen so far: presence, no fault."""
    duty = asked.duty
    ins = [look for look in known.looks if duty and duty.arrive.holds(look.when.at)]
    outs = [look for look in known.looks if duty and duty.leave.holds(look.when.at)]
    return replace(
        blank,
        state=State.OPEN,
        codes=(Code.H,) if ins or outs else (),
        first_in=ins[0].when.at.astimezone(WIB) if ins else None,
        in_record=ins[0].record if ins else "",
        last_out=outs[-1].when.at.astimezone(WIB) if outs else None,
        out_record=outs[-1].record if outs else "",
        reasons=(waiting,),
    )


def _judged(blank: DayResult, asked: WorkDay, rules: RuleSet, known: Touching) -> DayResult:
    missed, told, doubtful = _gatherings(asked.gatherings, rules, known)
    reasons = [*told, *_manual_reasons(known), *_look_rulings(known)]
    doubtful = doubtful or bool(known.unfounded and not known.reviewed)
    if asked.duty is None:
        codes = ((asked.code,) if asked.code else ()) + missed
        reasons += [asked.why] if asked.why else []
        return _finished(blank, codes, rules, reasons, doubtful=doubtful or asked.code is None)
    coming, going = judge_in(asked.duty, rules, known), judge_out(asked.duty, rules, known)
    doubtful = doubtful or coming.doubtful or going.doubtful
    reasons += [*coming.reasons, *going.reasons]
    if _absent(coming) and _absent(going):
        reasons.append(reason(ReasonKind.NO_LOOK))
        return _finished(blank, (Code.TK, *missed), rules, reasons, doubtful=doubtful)
    return _finished(_measured(blank, coming, going), _codes(coming, going, missed), rules, reasons, doubtful=doubtful)


def _absent(side: Side) -> bool:
    return side.missing and not side.excused


def _codes(coming: Side, going: Side, missed: tuple[Code, ...]) -> tuple[Code, ...]:
    return (Code.H, *(side.code for side in (coming, going) if side.code), *missed)


def _measured(blank: DayResult, coming: Side, going: Side) -> DayResult:
    return replace(
        blank,
        first_in=coming.at,
        in_record=coming.look.record if coming.look else "",
        last_out=going.at,
        out_record=going.look.record if going.look else "",
        minutes_late=coming.minutes,
        minutes_early=going.minutes,
        no_check_in=coming.missing and coming.code is not None,
        no_check_out=going.missing and going.code is not None,
    )


def _finished(
    result: DayResult, codes: tuple[Code, ...], rules: RuleSet, reasons: Iterable[Reason], *, doubtful: bool
) -> DayResult:
    return replace(
        result,
        state=State.REVIEW if doubtful else State.FINAL,
        codes=codes,
        percent=rules.tpp.of(codes),
        reasons=_ordered(reasons),
    )


def _gatherings(
    gatherings: Iterable[Gathering], rules: RuleSet, known: Touching
) -> tuple[tuple[Code, ...], list[Reason], bool]:
    """TA for each apel or upacara that was missed without excuse; what is to be said; whether a doubt excused one."""
    missed: list[Code] = []
    told: list[Reason] = []
    doubtful = False
    for gathering in gatherings:
        if gathering.kind is AssemblyKind.SKJ or any(gathering.span.holds(look.when.at) for look in known.looks):
            continue
        because = _excused_gathering(gathering, rules, known)
        doubts = () if because else doubt_reasons(known, gathering.span, gathering.name)
        told += because or doubts
        doubtful = doubtful or bool(doubts and not known.reviewed)
        if because or doubts:
            continue
        if gathering.kind is AssemblyKind.MIDDAY:
            told.append(reason(ReasonKind.MIDDAY_MISSED, name=gathering.name))
        else:
            missed.append(Code.TA)
            told.append(reason(ReasonKind.ASSEMBLY_MISSED, name=gathering.name))
    return tuple(missed), told, doubtful


def _excused_gathering(gathering: Gathering, rules: RuleSet, known: Touching) -> tuple[Reason, ...]:
    ruling = known.ruled(Effect.EXCUSE_ASSEMBLY, Effect.EXCUSE_DAY)
    if ruling is not None:
        return (reason(ReasonKind.RULING, entry=ruling.entry, effect=ruling.effect.value),)
    if known.disasters:
        return tuple(reason(ReasonKind.DISASTER, name=each.name) for each in known.disasters)
    if within(known.unserved, gathering.span) >= rules.excuses.outage * MINUTE:
        return silent_reasons(known, gathering.span, gathering.name)
    return ()


def _manual_reasons(known: Touching) -> list[Reason]:
    told = [reason(ReasonKind.MANUAL, list=each.list, why=each.why.value) for each in known.manuals]
    unfounded = (reason(ReasonKind.MANUAL_UNFOUNDED, list=each.list, why=each.why.value) for each in known.unfounded)
    return [*told, *unfounded]


def _look_rulings(known: Touching) -> list[Reason]:
    """A look that was struck, or counts though somebody else was recorded, is said: nobody finds it by comparing."""
    told = (each for each in known.rulings if each.effect in {Effect.STRIKE_LOOK, Effect.COUNT_LOOK})
    return [reason(ReasonKind.RULING, entry=each.entry, effect=each.effect.value, record=each.record) for each in told]


def _ordered(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(set(reasons), key=lambda each: (each.kind, str(each.facts))))
