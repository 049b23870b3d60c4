"""What an accepted appeal does: rulings, never an edited record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from collector.rules.appeals.case import Ground
from collector.rules.codes import EARLY, LATE, Code, State
from collector.rules.day import DayResult
from collector.rules.errors import TransitionError
from collector.rules.evidence import Effect, Ruling

EXCUSES: Mapping[Ground, Effect] = {
    Ground.LATE: Effect.EXCUSE_IN,
    Ground.EARLY: Effect.EXCUSE_OUT,
    Ground.ABSENT: Effect.EXCUSE_DAY,
    Ground.ASSEMBLY: Effect.EXCUSE_ASSEMBLY,
}
CODES: Mapping[Ground, tuple[Code, ...]] = {
    Ground.LATE: LATE,
    Ground.EARLY: EARLY,
    Ground.ABSENT: (Code.TK,),
    Ground.ASSEMBLY: (Code.TA,),
}


def grounds(result: DayResult | None) -> tuple[Ground, ...]:
    """What of a judged day can be contested: only what is held against the person, and only when it is settled."""
    if result is None or result.state is State.OPEN:
        return ()
    return tuple(ground for ground, codes in CODES.items() if any(code in result.codes for code in codes))


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongPerson:
    """A look that was somebody else. `holder`: for whom it counts now; `truly`: who it was, by the agency's word, or empty."""

    record: str
    holder: str
    truly: str = ""


def rulings(ground: Ground, person: str, day: date, entry: str, wrong: WrongPerson | None = None) -> list[Ruling]:
    """The rulings of an accepted appeal; `entry`: its number, which the day's reasons name.

    Raises TransitionError for a wrong person without a record, or given to whom it counts for already.
    """
    if ground in EXCUSES:
        return [Ruling(person=person, day=day, effect=EXCUSES[ground], entry=entry)]
    if ground is not Ground.WRONG_PERSON:
        return []
    if wrong is None or not wrong.record:
        raise TransitionError("a wrong person is a matter of one record: choose the record that it is about")
    if wrong.truly == wrong.holder:
        raise TransitionError("the record counts for this person already: choose who it was instead, or nobody")
    found = [Ruling(person=wrong.holder, day=day, effect=Effect.STRIKE_LOOK, entry=entry, record=wrong.record)]
    if wrong.truly:
        found.append(Ruling(person=wrong.truly, day=day, effect=Effect.COUNT_LOOK, entry=entry, record=wrong.record))
    return found
