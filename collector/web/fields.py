"""Fields and answers that the pages of people share: dates, units, and a service's refusal told at its field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import DateField, StringField

from collector.errors import ChangeError
from collector.store.people import Unit
from collector.web.access import reach
from collector.web.forms import Form, Short, required
from collector.web.people_words import for_field


def day_field(words: str, *, needed: bool = True) -> DateField:
    """A date as browsers send it."""
    return DateField(words, [required()] if needed else [_Optional()])


def unit_field(words: str) -> StringField:
    """A unit by its code, offered from a list."""
    return StringField(words, [required(), Short(64)], render_kw={"list": "units", "autocomplete": "off"})


class _Optional:
    """Stops at an empty date instead of calling it wrong."""

    field_flags: Mapping[str, object] = {"optional": True}

    def __call__(self, _form: Form, field: DateField) -> None:
        """An empty field is no error."""
        if not field.raw_data or not str(field.raw_data[0]).strip():
            field.errors = []
            field.process_errors = []


def refuse(form: Form, error: ChangeError, fallback: str) -> None:
    """The service's refusal at the field it is about, in the page's language; at `fallback` where the form has no such field."""
    field = form[error.field if error.field in form else fallback]
    field.errors = [*field.errors, for_field(str(error))]


def units_in_reach(session: Session) -> list[tuple[str, str]]:
    """Code and name of every unit that the asker sees, by name. Two queries at most."""
    within = reach(session)
    rows = session.execute(select(Unit.code, Unit.name).order_by(Unit.name, Unit.code))
    return [(code, name) for code, name in rows if within is None or code in within]


def plain(day: date | None) -> str:
    """A date as people here write it."""
    return f"{day:%d-%m-%Y}" if day else ""
