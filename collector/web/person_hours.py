"""One person's hours: which pattern from when, own weeks, the rota of the month; and the forms that change them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectField, StringField, TimeField
from wtforms.validators import Optional

from collector import audit
from collector.accounts.roles import BKD, EVERYBODY, OPD
from collector.reports.looks import Profile, profile
from collector.rules.hours import Hours, OwnHours, OwnWeek, Rota, SevenDays
from collector.schedules import grid, patterns, weeks
from collector.schedules.errors import ScheduleError
from collector.schedules.grid import Choice, Month
from collector.schedules.standing import Hand, Held, Standing
from collector.settings import CollectorSettings
from collector.web.access import allow, me, person_in_reach
from collector.web.days import month_asked, shift
from collector.web.desk import Desk
from collector.web.fields import day_field
from collector.web.forms import Form, Short, required, tell
from collector.web.hours_words import PATTERNS
from collector.web.menu import Entry
from collector.web.schedule_words import hand, refuse
from collector.web.staff import account_names
from collector.web.words import N_

MENU: tuple[Entry, ...] = ()
WRITERS = BKD | OPD
ONE_DAY = timedelta(days=1)
WEEKDAYS = range(7)


class PatternForm(Form):
    """Which pattern from which day on."""

    pattern = SelectField(N_("Pattern"), validate_choice=False)
    since = DateField(N_("From"), [required()])
    why = StringField(N_("Reason"), [Short(500)])


class BackForm(Form):
    """A pattern is taken back."""

    since = DateField(N_("From"), [required()])
    why = StringField(N_("Reason"), [Short(500)])


class WeekForm(Form):
    """An own week: from and to by weekday, both empty on a free day."""

    first = DateField(N_("Holds from"), [required()])
    until = day_field(N_("Last day (empty: open)"), needed=False)
    why = StringField(N_("Letter or reason"), [required(), Short(500)])
    succeed = BooleanField(N_("An older week that still holds ends on the day before"))


for _number in WEEKDAYS:
    setattr(WeekForm, f"from{_number}", TimeField(N_("Start"), [Optional()]))
    setattr(WeekForm, f"to{_number}", TimeField(N_("End"), [Optional()]))
    setattr(WeekForm, f"break{_number}", IntegerField(N_("Break (min)"), [Optional()]))


class EndForm(Form):
    """An own week ends."""

    entry = HiddenField(validators=[required()])
    last = DateField(N_("Last day"), [required()])
    why = StringField(N_("Reason"), [Short(500)])


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows of a person. `held`: what holds today, or on the first or last day of their service."""

    who: Profile
    held: Held | None
    row: grid.Row | None
    legend: list[grid.Legend]
    entered: list[patterns.Since]
    weeks: list[weeks.Own]
    names: dict[str, str]


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """A person's hours and their forms."""
    blueprint = Blueprint("person_hours", __name__, url_prefix="/people")
    blueprint.context_processor(lambda: {"patterns": PATTERNS})
    _show(blueprint, desk)
    _patterns(blueprint, desk)
    _weeks(blueprint, desk)
    return blueprint


def _show(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/<person>/hours")
    @allow(*EVERYBODY)
    def show(person: str) -> str:
        return _page(desk, person, WeekForm(formdata=None))


def _patterns(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.post("/<person>/hours/pattern")
    @allow(*WRITERS)
    def pattern(person: str) -> str | Response:
        form = PatternForm()
        if not form.validate_on_submit():
            tell(N_("Choose a pattern, and say from which day."), "bad")
            return _back(person)

        def change(session: Session, by: Hand) -> None:
            patterns.assign(session, [person], form.pattern.data or "", form.since.data, by)

        return _changed(desk, person, form.why.data or "", change) or _back(person)

    @blueprint.post("/<person>/hours/pattern/back")
    @allow(*WRITERS)
    def pattern_back(person: str) -> str | Response:
        form = BackForm()
        if not form.validate_on_submit():
            abort(400)

        def change(session: Session, by: Hand) -> None:
            patterns.take_back(session, person, form.since.data, by)

        return _changed(desk, person, form.why.data or "", change) or _back(person)


def _weeks(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.post("/<person>/hours/week")
    @allow(*WRITERS)
    def week(person: str) -> str | Response:
        form = WeekForm()
        if not form.validate_on_submit():
            return _page(desk, person, form)
        found = _days(form)
        if found is None:
            return _page(desk, person, form)

        def change(session: Session, by: Hand) -> None:
            own = OwnHours(since=form.first.data, until=form.until.data, days=found)
            weeks.give(session, person, own, by, succeed=form.succeed.data)

        return _changed(desk, person, form.why.data, change, form) or _back(person)

    @blueprint.post("/<person>/hours/week/end")
    @allow(*WRITERS)
    def week_end(person: str) -> str | Response:
        form = EndForm()
        if not form.validate_on_submit():
            tell(N_("Give the last day."), "bad")
            return _back(person)

        def change(session: Session, by: Hand) -> None:
            weeks.end(session, person, form.entry.data, form.last.data, by)

        return _changed(desk, person, form.why.data or "", change) or _back(person)


def _days(form: WeekForm) -> SevenDays | None:
    """The week as typed; None when a day has only one of its times, which is told at that day."""
    days: list[Hours | None] = []
    whole = True
    for number in WEEKDAYS:
        start: time | None = form[f"from{number}"].data
        end: time | None = form[f"to{number}"].data
        if (start is None) != (end is None):
            form[f"to{number}"].errors = [N_("Give both times, or none.")]
            whole = False
        pause = form[f"break{number}"].data or 0
        days.append(None if start is None or end is None else Hours(start=start, end=end, break_minutes=pause))
    one, two, three, four, five, six, seven = days
    return (one, two, three, four, five, six, seven) if whole else None


def _changed(
    desk: Desk, person: str, why: str, change: Callable[[Session, Hand], None], form: WeekForm | None = None
) -> str | None:
    """Do it and say so. What is refused is said too: in a form that was filled in at length it stays there to be mended."""
    name = person
    try:
        with desk.write() as session:
            name = _known(desk, session, person).name
            change(session, hand(desk, session, why))
    except ScheduleError as error:
        refuse(error, {person: name})
        return _page(desk, person, form) if form is not None else None
    tell(N_("Kept. The days that it touches are judged again within a minute."))
    return None


def _known(desk: Desk, session: Session, person: str) -> Profile:
    """Answers 404 for who is out of reach in the month shown."""
    month = Month(month_asked(desk.today().date))
    if not person_in_reach(session, person, month.first, month.last):
        abort(404, "no such person")
    return profile(session, person, desk.today().date) or abort(404, "no such person")


def _page(desk: Desk, person: str, form: WeekForm) -> str:
    month, today = Month(month_asked(desk.today().date)), desk.today().date
    with desk.write() as session:
        found = _gather(desk, session, person, month)
        audit.note(session, me().id, "hours.read", person, {"month": f"{month.first:%Y-%m}"}, desk.now())
    offered = [each.name for each in found.held.rules.patterns] if found.held else []
    choice = PatternForm(formdata=None, since=today + ONE_DAY, pattern=found.held.name if found.held else None)
    choice.pattern.choices = [(name, PATTERNS.get(name, name)) for name in offered]
    if request.method == "GET":
        form.first.data = today + ONE_DAY
    values: dict[str, Any] = {
        "own": bool(found.held and isinstance(found.held.pattern, OwnWeek)),
        "rota": bool(found.held and isinstance(found.held.pattern, Rota)),
        "may": me().role in WRITERS,
        "bkd": me().role in BKD,
    }
    return render_template(
        "person_hours.html",
        one=found,
        who=found.who,
        form=form,
        choice=choice,
        month=month,
        before=shift(month.first, -1),
        after=shift(month.first, 1),
        today=today,
        **values,
    )


def _gather(desk: Desk, session: Session, person: str, month: Month) -> Page:
    who, today = _known(desk, session, person), desk.today().date
    by = hand(desk, session)
    units = None if me().person == person else by.reach  # a superior sees the time at their unit
    found = grid.read(session, Choice(units, month, people=[person]), by)
    entered, own = patterns.entered(session, person), weeks.entered(session, person)
    names = account_names(session, {one.by for one in entered} | {one.by for one in own})
    row = found.rows[0] if found.rows else None
    return Page(who, _held(session, person, today), row, found.shifts, entered, own, names)


def _held(session: Session, person: str, today: date) -> Held | None:
    """What holds today; for who has not begun yet, on their first day."""
    standing = Standing(session.connection(), [person], today, today)
    coming = [post.since for post in standing.facts.known[person].assignments if post.main and post.since > today]
    days = [today, *sorted(coming)]
    return next((held for held in (standing.held(person, day) for day in days) if held is not None), None)


def _back(person: str) -> Response:
    month = request.args.get("month")
    return redirect(url_for("person_hours.show", person=person, month=month), 303)
