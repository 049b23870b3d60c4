"""The forms of leave: filing a letter, deciding about it, stating a year's account."""

from __future__ import annotations

from datetime import time

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    ValidationError,
)
from wtforms.validators import Optional

from collector.leave.requests import LONGEST_DAYS, Filing
from collector.rules.codes import Code
from collector.rules.leave import LONGEST
from collector.rules.letters import ASKED
from collector.web.forms import Form, Short, required
from collector.web.leave_words import CHOICES
from collector.web.words import N_


class FilingForm(Form):
    """One letter about one or many people. The letter's file may be on the page already, as `kept`."""

    people = SelectMultipleField(N_("People"), [required()])
    code = SelectField(N_("Kind"), choices=CHOICES)
    since = DateField(N_("From"), [required()])
    until = DateField(N_("To"), [required()])
    starts = TimeField(N_("Only from (time)"), [Optional()])
    ends = TimeField(N_("until (time)"), [Optional()])
    number = StringField(N_("Letter number"), [required(), Short(100)])
    dated = DateField(N_("Letter date"), [required()])
    place = StringField(N_("Place"), [Short(200)])
    why = TextAreaField(N_("Note"), [Short(500)])
    file = FileField(N_("Letter (PDF, JPEG or PNG, at most 5 MiB)"))
    kept = HiddenField()
    despite = BooleanField(N_("I have read the warnings; file it all the same."))

    def validate_until(self, field: DateField) -> None:
        """Not before its beginning, not for decades."""
        if self.since.data and field.data and not 0 <= (field.data - self.since.data).days < LONGEST_DAYS:
            raise ValidationError(N_("The end comes after the start, within four years."))

    def validate_place(self, field: StringField) -> None:
        """Where the code asks for one."""
        if ASKED[Code(self.code.data)].place and not (field.data or "").strip():
            raise ValidationError(N_("This kind needs the place."))

    def validate_file(self, field: FileField) -> None:
        """Where the code asks for one."""
        if ASKED[Code(self.code.data)].paper and not field.data and not self.kept.data:
            raise ValidationError(N_("This kind needs its letter attached."))

    def validate_code(self, _field: SelectField) -> None:
        """Both times or none, for codes that have parts."""
        hours = self.hours
        if (self.starts.data is None) != (self.ends.data is None) or (hours and hours[0] >= hours[1]):
            raise ValidationError(N_("Give both times, the start before the end."))
        if hours and not ASKED[Code(self.code.data)].part:
            raise ValidationError(N_("Only permission, travel and training may be for a part of the day."))

    @property
    def hours(self) -> tuple[time, time] | None:
        """The part of the day, None for whole days."""
        return None if self.starts.data is None or self.ends.data is None else (self.starts.data, self.ends.data)

    def filing(self, letter: str | None) -> Filing:
        """What is filed. Call it when the form is valid."""
        return Filing(
            people=tuple(self.people.data),
            code=Code(self.code.data),
            since=self.since.data,
            until=self.until.data,
            number=self.number.data,
            dated=self.dated.data,
            hours=self.hours,
            place=self.place.data or "",
            why=self.why.data or "",
            letter=letter,
        )


class DecisionForm(Form):
    """Approve, refuse or withdraw; the button says which."""

    why = StringField(N_("Reason"), [Short(500)])
    over = BooleanField(N_("Give the days beyond the account all the same."))


class ShortenForm(Form):
    """A leave that ends earlier than its letter says."""

    last = DateField(N_("New last day"), [required()])
    why = StringField(N_("Reason"), [required(), Short(500)])


class OpeningForm(Form):
    """What is known of a year beside the letters here."""

    year = IntegerField(N_("Year"), [required()])
    taken = IntegerField(N_("Days taken before this system"), default=0)
    added = IntegerField(N_("Days added for joint leave that was worked"), default=0)
    letter = StringField(N_("Taken from (list or letter)"), [required(), Short(100)])

    def validate_taken(self, field: IntegerField) -> None:
        """What one can take at most."""
        if not 0 <= (field.data or 0) <= LONGEST:
            raise ValidationError(N_("0 to 24 working days."))

    validate_added = validate_taken

    def validate_year(self, field: IntegerField) -> None:
        """A year of this system or shortly before."""
        if not 2000 <= (field.data or 0) <= 2199:
            raise ValidationError(N_("A year of four digits."))
