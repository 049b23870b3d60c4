"""Deciding about a violation in the pages: what it means in plain words, the form, the step."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField

from collector import audit
from collector.errors import ReviewError
from collector.reports import violations as reports
from collector.reports.violations import Detail
from collector.rules.violations.case import ALLOWED, Status, Step
from collector.store.violations import StoredViolation
from collector.violating.review import review
from collector.violating.rights import DECIDERS, may_decide
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.forms import Form, Short, required
from collector.web.words import N_

MEANINGS = {
    "outside-coordinates": N_(
        "A telephone sent from farther away than the unit's circle. Check for a letter of travel, and the unit's coordinates."
    ),
    "shared-device": N_("One telephone sent for several people on one day. Ask whose it is, and who held it."),
    "two-places": N_(
        "One person was seen at two places sooner than one can travel. Compare both faces; one look may be somebody else."
    ),
    "wrong-unit": N_("Somebody was seen at a unit that is not theirs. Check for a letter of assignment."),
    "uncertain-match": N_(
        "The face was accepted narrowly, or somebody else was close behind. Compare the picture with the person."
    ),
    "ghost": N_(
        "Two people are enrolled with faces that are too alike: one person under two names, twins, or a wrong picture. See both people together."
    ),
    "spoof": N_("The kiosk saw a photo or a screen instead of a face. Ask who stood there at that time."),
    "covered-face": N_("A face stayed covered although asked to uncover. Ask who stood there at that time."),
    "pin-guessing": N_(
        "Many wrong PINs at one kiosk on one day. Ask who stood there; give whose number was tried a new PIN, and see what was recorded by PIN."
    ),
    "series": N_(
        "Several people within a second: faster than people pass a camera. Look at who follows whom, on other days too."
    ),
    "checked-in-and-gone": N_(
        "Present by the records, and not there when it was looked. Ask the superior where the person was."
    ),
    "clock-turned": N_("The kiosk's clock was turned by more than a correction. Ask who has access to it."),
    "kiosk-moved": N_("The kiosk sees other surroundings than before. Ask whether it was moved, and by whose order."),
    "records-missing": N_("Numbers of the kiosk's chain never came. Ask for the card or the stick."),
    "records-altered": N_(
        "The kiosk's chain contradicts itself or its seal does not fit. Keep the kiosk as it is and call IT."
    ),
    "recurring-outage": N_(
        "Outages at check-in time on several days of a month. Look whether somebody pulls the plug."
    ),
}
"""What each kind means, and what to check first."""

VERDICTS = {
    Status.CONFIRMED: N_("Confirm: it was so"),
    Status.DISMISSED: N_("Dismiss: there is an explanation"),
    Status.OPEN: N_("Open it again"),
}


class ReviewForm(Form):
    """A decision and its reason."""

    state = RadioField(N_("Decision"), [required()], choices={})
    why = TextAreaField(N_("Reason"), [required(), Short(2000)])


def add(blueprint: Blueprint, desk: Desk) -> None:
    """The step of a review; the page that shows it is `shown`."""

    @blueprint.post("/<key>/decide")
    @allow(*DECIDERS)
    def decide(key: str) -> str | Response:
        with desk.session() as session:
            found = reports.detail(session, key) or abort(404, "no such violation")
            form = form_for(session, found) or abort(403)
        if not form.validate_on_submit():
            return shown(found, form)
        step = Step(to=Status(form.state.data), by=me().id, at=desk.now(), why=form.why.data.strip())
        try:
            with desk.write() as session:
                review(session, key, step)
        except ReviewError:  # somebody else was quicker
            form.why.errors = [*form.why.errors, N_("Somebody decided meanwhile: open the page again and look.")]
            return shown(found, form)
        flash(N_("Kept, with your name and your reason."), "good")
        return redirect(url_for("violations.one", key=key), 303)


def form_for(session: Session, found: Detail) -> ReviewForm | None:
    """The form of whoever asks, or None: only the agency decides, and nobody about themselves."""
    stored = session.get_one(StoredViolation, found.violation.key)
    if not may_decide(session, me(), stored):
        return None
    form = ReviewForm()
    form.state.choices = {status.value: VERDICTS[status] for status in ALLOWED[Status(stored.status)]}
    return form


def shown(found: Detail, form: ReviewForm | None) -> str:
    """The page of one violation."""
    return render_template("violation.html", found=found, one=found.violation, form=form, meanings=MEANINGS)


def note_read(desk: Desk, found: Detail) -> None:
    """Whoever opens a violation of a person has read about that person."""
    with desk.write() as session:
        about = {"of": found.violation.subject} if found.violation.against == "person" else {}
        audit.note(session, me().id, "violation.read", found.violation.key, about, desk.now())
