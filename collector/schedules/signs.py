"""What stands in a cell of a rota: short signs for shifts, read and written. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from collector.rules.codes import Code
from collector.rules.hours import Rota, Turn
from collector.rules.rulebook import Rulebook
from collector.schedules.errors import Rule, ScheduleError

OFF = {"LB": Code.LB, "LJ": Code.LJ}
"""Signs of days without a shift: LB off, LJ off after a shift."""
OTHER_OFF = {"LIBUR": Code.LB, "-": Code.LB}


class Signs:
    """A short sign for every shift of all rule sets, the same on every page, file and print: as few of its first letters as
    tell it from the others."""

    def __init__(self, shifts: Iterable[str]) -> None:
        names = list(dict.fromkeys(name for name in shifts if name.upper() not in OFF))
        self.by_name: dict[str, str] = {}
        for name in names:
            others = [other.upper() for other in (*names, *OFF, *OTHER_OFF) if other != name]
            self.by_name[name] = next(
                (
                    name[:length].upper()
                    for length in range(1, len(name) + 1)
                    if not any(other.startswith(name[:length].upper()) for other in others)
                ),
                name.upper(),
            )

    def write(self, turn: Turn | None) -> str:
        """The sign of a turn; empty for none."""
        if turn is None:
            return ""
        return turn.off.value if turn.shift is None else self.by_name.get(turn.shift, turn.shift)

    def read(self, text: str, day: date, rota: Rota) -> Turn | None:
        """The turn that a cell says, by sign or whole name, large or small letters. Raises ScheduleError."""
        said = text.strip().upper()
        off = (OFF | OTHER_OFF).get(said)
        if not said:
            return None
        if off is not None:
            return Turn(day=day, shift=None, off=off)
        for shift in rota.shifts:
            if said in (shift.name.upper(), self.by_name.get(shift.name)):
                return Turn(day=day, shift=shift.name)
        known = ", ".join(f"{self.by_name.get(shift.name, shift.name)} ({shift.name})" for shift in rota.shifts)
        raise ScheduleError(Rule.SHIFT, value=text.strip()[:40], pattern=rota.name, day=day, known=known)


def signs_of(rules: Rulebook) -> Signs:
    """The signs of all shifts that any rule set names."""
    rotas = (each for one in rules.rule_sets for each in one.patterns if isinstance(each, Rota))
    return Signs(shift.name for rota in rotas for shift in rota.shifts)


def stored(turn: Turn | None) -> str:
    """A turn as the history keeps it: name of the shift, LJ, LB, or nothing."""
    return "" if turn is None else turn.off.value if turn.shift is None else turn.shift
