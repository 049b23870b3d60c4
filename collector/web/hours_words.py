"""What the pages of hours call things."""

from __future__ import annotations

from collector.errors import CollectorError
from collector.judging.editing import Wrong
from collector.judging.errors import EntryError, FourEyesError, MonthError, RuleChangeError
from collector.rules.errors import OverlapError, PastChangeError, RulesError
from collector.rules.ruleset import AssemblyKind, Seconds, TppBase
from collector.web.words import N_

STATES = {
    "proposed": ("waiting", "ask", N_("Waits for a second person")),
    "approved": ("check", "good", N_("Approved")),
    "withdrawn": ("repeat", "plain", N_("Withdrawn")),
}
PATTERNS = {
    "five-day": N_("Five days"),
    "six-day": N_("Six days"),
    "shift": N_("Shifts by rota"),
    "lessons": N_("Lesson hours of each teacher"),
    "part-time": N_("Part-time hours of each person"),
}
SECONDS = {Seconds.IGNORED: N_("Seconds do not count"), Seconds.COUNTED: N_("A started minute counts")}
BASES = {
    TppBase.WHOLE: N_("the whole allowance"),
    TppBase.DISCIPLINE: N_("its discipline part"),
    TppBase.DAY: N_("the allowance of one working day"),
}
ASSEMBLIES = {
    AssemblyKind.APEL: N_("absence is TA"),
    AssemblyKind.UPACARA: N_("absence is TA"),
    AssemblyKind.SKJ: N_("counts as work"),
    AssemblyKind.MIDDAY: N_("a reason to check"),
}
WRONG = {
    Wrong.TIME: N_("A time HH:MM, start and end together."),
    Wrong.DATE: N_("A date."),
    Wrong.ORDER: N_("It must come after the one before it."),
    Wrong.NUMBER: N_("A number within its range."),
    Wrong.MISSING: N_("This is needed, at most 200 characters."),
    Wrong.CHOICE: N_("Not a valid choice."),
}
ERRORS: tuple[tuple[type[Exception], str], ...] = (
    (FourEyesError, N_("You proposed it yourself: somebody else must approve it.")),
    (
        PastChangeError,
        N_("It would change today or days that have passed: choose a later day, or confirm twice with a reason."),
    ),
    (OverlapError, N_("Another rule set holds for the same people on these days: end one first, or narrow one.")),
    (RuleChangeError, N_("This cannot be done: its state or version has changed meanwhile. Look at it again.")),
    (MonthError, N_("This month cannot be closed yet: look at what is open below.")),
    (EntryError, N_("This entry cannot be made: a reason or date is missing, or it was withdrawn already.")),
)
OTHERWISE = N_("This cannot be done as asked.")


def words(error: CollectorError | RulesError) -> str:
    """An error in the page's words."""
    return next((said for kind, said in ERRORS if isinstance(error, kind)), OTHERWISE)
