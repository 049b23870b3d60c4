"""Forms: a field says what is wrong with it, in the page's language; every form carries a token of its session.

form = MyForm()
if form.validate_on_submit(): … change, note, flash …; return redirect(…, 303)
return render_template("my.html", form=form)
"""

from __future__ import annotations

from typing import Any

from flask import flash
from flask_wtf import FlaskForm
from wtforms import Field, ValidationError
from wtforms.validators import DataRequired

from collector.web.words import N_

REQUIRED = N_("This is needed.")
FOREIGN = (
    N_("Not a valid choice."),
    N_("Not a valid integer value."),
    N_("Not a valid decimal value."),
    N_("Not a valid date value."),
    N_("Not a valid time value."),
    N_("Not a valid datetime value."),
    N_("Invalid Choice: could not coerce."),
)
"""What WTForms itself says of a field; the macros translate it."""


class Form(FlaskForm):  # type: ignore[misc]
    """A form of these pages. Only the fields that it declares are read: nothing else of a request reaches an account."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """WTForms' messages stay English: `forms.html` translates them with our catalogue."""

        locales = False

        def get_translations(self, form: Any) -> None:
            """None of WTForms' own."""


def required() -> DataRequired:
    """Refuses an empty field."""
    return DataRequired(message=REQUIRED)


class Short:
    """Refuses a text longer than `most` characters."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.field_flags = {"maxlength": most}

    def __call__(self, _form: Form, field: Field) -> None:
        """Raises ValidationError."""
        if len(field.data or "") > self.most:
            raise ValidationError(N_("This is too long."))


def tell(words: str, kind: str = "good", **values: str | int) -> None:
    """Say something on the next page, with values in it: `tell(N_("%(name)s was added."), name=…)`. `kind`: good or bad."""
    said: Any = [words, values]  # kept as JSON until the page is shown
    flash(said, kind)
