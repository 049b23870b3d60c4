"""The forms of appeals: contesting a day, the superior's word, the agency's decision, withdrawing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Self

from wtforms import RadioField, SelectField, TextAreaField, TimeField
from wtforms.validators import Optional

from collector.appealing.book import Filing
from collector.appealing.choices import Contestable, Seen, moment_of
from collector.appealing.listing import OwnLook
from collector.rules.appeals.case import Act, Ground
from collector.rules.hours import WIB
from collector.web.appeal_words import GROUNDS
from collector.web.forms import Form, Short, required
from collector.web.violations import KINDS
from collector.web.words import N_

MOST = 2000
WHY = [required(), Short(MOST)]
VIOLATION = f"{Ground.VIOLATION}:"
NO_TOKEN = {"csrf": False}
"""Several forms of one page, told apart by a prefix, share its token, which is looked at before any view."""


class FileForm(Form):
    """What is contested, why, and when the person stood there. The choices are what stands against the person."""

    ground = RadioField(N_("What is not right?"), [required()], choices={})
    record = SelectField(N_("Which look was not you?"), [Optional()], choices={}, validate_choice=True)
    around = TimeField(N_("When did you stand before the kiosk? (about)"), [Optional()])
    why = TextAreaField(N_("What happened?"), WHY)

    @classmethod
    def of(cls, found: Contestable | None, looks: Sequence[OwnLook], own: bool) -> Self:
        """The form for that day."""
        form = cls()
        offered = (*(found.grounds if found else ()), Ground.WRONG_PERSON)
        told = {ground.value: GROUNDS[ground.value][0] for ground in offered}
        accused = found.violations if found else ()
        told |= {f"{VIOLATION}{one.key}": KINDS.get(one.kind, one.kind) for one in accused}
        form.ground.choices = told
        form.record.choices = {
            "": N_("None: I was taken for somebody else"),
            **{look.record: look.words for look in looks},
        }
        if not own:
            form.record.label.text = N_("Which look was not this person?")
            form.around.label.text = N_("When did the person stand before the kiosk? (about)")
        if form.ground.data in {None, "None"}:
            form.ground.data = next(iter(told))
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """Who was taken for somebody else says when: `Optional` lets no validator see an empty field."""
        right = bool(super().validate(extra_validators))
        if self.ground.data == Ground.WRONG_PERSON and not self.record.data and self.around.data is None:
            self.around.errors = [*self.around.errors, N_("Say about when, so that BKD finds the look.")]
            return False
        return right

    def filing(self, person: str, day: date) -> Filing:
        """What was filled in."""
        key = self.ground.data.partition(VIOLATION)[2] if self.ground.data.startswith(VIOLATION) else ""
        ground = Ground.VIOLATION if key else Ground(self.ground.data)
        clock = self.around.data
        return Filing(
            person=person,
            day=day,
            ground=ground,
            why=self.why.data.strip(),
            around=moment_of(day, clock.hour * 60 + clock.minute) if clock else None,
            record=self.record.data or "" if ground is Ground.WRONG_PERSON else "",
            violation=key,
        )


class SayForm(Form):
    """The superior's word."""

    act = RadioField(
        N_("Your word"),
        [required()],
        choices={Act.SUPPORT.value: N_("I support it"), Act.OBJECT.value: N_("I speak against it")},
    )
    why = TextAreaField(N_("Reason"), WHY)

    def chosen(self) -> Act:
        """The step."""
        return Act(self.act.data)

    def about(self) -> dict[str, str]:
        """What else the step says."""
        return {}


class DecideForm(Form):
    """The agency's decision; of a wrong person also which look, or whose it was."""

    act = RadioField(
        N_("Decision"),
        [required()],
        choices={Act.ACCEPT.value: N_("Accept"), Act.REJECT.value: N_("Reject")},
    )
    record = SelectField(N_("Which look was this person?"), [Optional()], choices={})
    truly = SelectField(N_("For whom does the look count now?"), [Optional()], choices={})
    why = TextAreaField(N_("Reason"), WHY)

    @classmethod
    def of(cls, looks: Sequence[Seen], people: Sequence[tuple[str, str]], *, wrong: bool, given: bool) -> Self:
        """The form for that appeal; fields without a use are left out."""
        form = cls(prefix="bkd", meta=NO_TOKEN)
        form.record.choices = {"": "—", **{look.record: _seen(look) for look in looks}}
        form.truly.choices = {"": N_("For nobody"), **dict(people)}
        if not wrong or given:
            del form.record
        if not wrong or not given:
            del form.truly
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """An acceptance names the look."""
        right = bool(super().validate(extra_validators))
        if "record" in self._fields and self.act.data == Act.ACCEPT and not self.record.data:
            mend = N_("Choose the look; where there is none, reject it or ask for a better time.")
            self.record.errors = [*self.record.errors, mend]
            return False
        return right

    def chosen(self) -> Act:
        """The step."""
        return Act(self.act.data)

    def about(self) -> dict[str, str]:
        """Which look, and whose it was."""
        fields: dict[str, Any] = {name: field.data or "" for name, field in self._fields.items()}
        return {name: str(fields[name]) for name in ("record", "truly") if name in fields}


class WithdrawForm(Form):
    """Taking one's appeal back."""

    why = TextAreaField(N_("Reason"), WHY)

    def chosen(self) -> Act:
        """The step."""
        return Act.WITHDRAW

    def about(self) -> dict[str, str]:
        """Nothing else."""
        return {}


def _seen(look: Seen) -> str:
    return f"{look.at.astimezone(WIB):%H:%M:%S} · {look.kiosk} · {look.name}"
