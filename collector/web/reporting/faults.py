"""Why an order could not be made, in words."""

from __future__ import annotations

from babel.numbers import format_decimal
from flask import g

from collector.errors import ReportError
from collector.recap import faults
from collector.recap.faults import Fault, Told
from collector.web.forms import tell
from collector.web.words import N_

WORDS = {
    Fault.UNIT: N_("There is no unit %(unit)s any more: choose another one."),
    Fault.NOT_JUDGED: N_(
        "No day of %(month)s has been judged for this unit: is the month over, and does the centre judge?"
    ),
    Fault.NO_RECORDS: N_("No kiosk asked for has a record on these days: choose other days."),
    Fault.TOO_MANY_RECORDS: N_(
        "%(count)s records are too many, one file holds at most %(most)s: choose fewer days, a unit or a kiosk."
    ),
    Fault.UNSETTLED: N_(
        "%(days)s days of %(month)s are open or in review, so nobody can say what is paid: settle them or close the month first."
    ),
    Fault.NO_ALLOWANCE: N_("Nobody's allowance is known: the staff list needs a column tpp."),
    Fault.STAFF_COLUMNS: N_("The staff list has no column nip or id: its first row must name the columns."),
    Fault.STAFF_TWICE: N_("Line %(line)s of the staff list: %(number)s stands twice. Keep one line a person."),
    Fault.STAFF_LINE: N_("Line %(line)s of the staff list cannot be read: check number, allowance and who signs."),
    Fault.STAFF_SHEET: N_("The staff list is no CSV that can be read: save it as CSV with ; between the columns."),
    Fault.FORM: N_("This kind of file is not made as %(form)s."),
    Fault.WAITING: N_("%(most)s of your orders wait already: let them be made first."),
    Fault.PRINTING: N_("The centre's computer cannot print PDF: order XLSX, and tell IT."),
    Fault.OTHER: N_("It could not be made (%(what)s). Order it again; if it fails again, tell IT."),
}


def said(told: Told) -> tuple[str, dict[str, str]]:
    """Words and their values, numbers as the reader writes them, for `_(words, **values)`."""
    values = {
        name: format_decimal(each, locale=g.language) if isinstance(each, int) else each
        for name, each in told.values.items()
    }
    return WORDS[told.fault], values


def refuse(error: ReportError) -> None:
    """Say it on the next page."""
    words, values = said(faults.of(error))
    tell(words, "bad", **values)
