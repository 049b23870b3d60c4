"""The forms about rule sets that are not the rule set's own fields."""

from __future__ import annotations

from wtforms import BooleanField, StringField, TextAreaField

from collector.web.forms import Form, Short, required
from collector.web.words import N_


class ApproveForm(Form):
    """The second person's word; for today or the past it takes two more ticks and a reason."""

    sure = BooleanField(N_("I know that it changes days that have begun or passed."))
    surer = BooleanField(N_("It shall do so all the same."))
    why = StringField(N_("Reason"), [Short(500)])


class DocumentForm(Form):
    """A rule set as the whole document."""

    document = TextAreaField(N_("Document (JSON)"), [required()])
