"""What the pages of leave call things."""

from __future__ import annotations

from wtforms import SelectChoice

from collector.leave.errors import AccountError, DeciderError, LeaveError, LetterError, OverlapError
from collector.rules.codes import Code
from collector.rules.letters import ASKED
from collector.web.words import N_

CODES = {
    Code.CT: N_("Annual leave"),
    Code.CS: N_("Sick leave"),
    Code.CM: N_("Maternity leave"),
    Code.CAP: N_("Leave for an important reason"),
    Code.CB: N_("Long leave"),
    Code.CLTN: N_("Unpaid leave"),
    Code.I: N_("Permission"),
    Code.DL: N_("Official travel"),
    Code.DK: N_("Training"),
    Code.TB: N_("Study assignment"),
    Code.WFH: N_("Work from home"),
    Code.WFA: N_("Work from elsewhere"),
}
CHOICES = [SelectChoice(code.value, CODES[code]) for code in ASKED]

STATES = {
    "filed": ("waiting", "ask", N_("Waits for a decision")),
    "approved": ("check", "good", N_("Approved")),
    "refused": ("incident", "bad", N_("Refused")),
    "withdrawn": ("repeat", "plain", N_("Withdrawn")),
}
APPROVERS = {"superior": N_("Head of the unit"), "bkd": N_("BKD")}

ERRORS: tuple[tuple[type[LeaveError], str], ...] = (
    (OverlapError, N_("Another approved letter holds for the same days: withdraw or shorten that one first.")),
    (
        AccountError,
        N_("More working days than are left of the annual leave. Shorten it, or BKD gives it with a reason."),
    ),
    (DeciderError, N_("You may not decide about this one: you filed it, it is your own, or BKD decides.")),
    (LetterError, N_("This file cannot be taken: a whole PDF, JPEG or PNG of at most 5 MiB.")),
)
OTHERWISE = N_("This cannot be done as asked: its state has changed, or a reason or date is missing.")


def words(error: LeaveError) -> str:
    """An error in the page's words."""
    return next((said for kind, said in ERRORS if isinstance(error, kind)), OTHERWISE)
