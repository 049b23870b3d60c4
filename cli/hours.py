"""`siperlu hours …`: one person's pattern of hours and own weeks."""

from __future__ import annotations

import getpass
import re
from datetime import UTC, date, datetime, time
from pathlib import Path

import click
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cli.centre import as_json, config, reading, session, today
from cli.output import emit, say
from cli.report import DATE
from cli.table import show as show_table
from collector.rules.hours import Hours, OwnHours
from collector.schedules import patterns, weeks
from collector.schedules.errors import Rule, ScheduleError
from collector.schedules.standing import Hand, Standing
from collector.store.people import Person

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
reason = click.option("--reason", "why", default="", help="Why; needed for today and the past.")


CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
DAY_HOURS = re.compile(rf"({'|'.join(WEEKDAYS)})={CLOCK}-{CLOCK}(?:/(\d{{1,3}}))?")


def _days(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[Hours | None, ...]:
    """Seven days, Monday first, of mon=07:00-09:30 and the like."""
    found: list[Hours | None] = [None] * len(WEEKDAYS)
    for value in values:
        said = DAY_HOURS.fullmatch(value)
        if said is None:
            raise click.BadParameter(
                f"{value!r}: write a weekday and its hours as mon=07:00-09:30, with a break as mon=07:00-12:00/15",
                ctx,
                param,
            )
        start, end = time(int(said[2]), int(said[3])), time(int(said[4]), int(said[5]))
        found[WEEKDAYS.index(said[1])] = Hours(start=start, end=end, break_minutes=int(said[6] or 0))
    return tuple(found)


@click.group()
def command() -> None:
    """Hours of a person: pattern, own weeks."""


@command.command()
@click.argument("who")
@config
@as_json
def show(who: str, path: Path | None, as_json: bool) -> None:
    """Print what holds for WHO (person id, NIP or internal number): pattern and own weeks."""
    with reading(path) as (settings, opened):
        person, day = _person(opened, who), today(settings)
        held = Standing(opened.connection(), [person], day, day).held(person, day)
        entered, own = patterns.entered(opened, person), weeks.entered(opened, person)
    if as_json:
        given = [{"from": str(one.day), "pattern": one.pattern, "by": one.by, "reason": one.reason} for one in entered]
        told = [
            {"entry": one.entry, "from": str(one.hours.since), "to": _iso(one.hours.until), "reason": one.reason}
            for one in own
        ]
        emit({"person": person, "pattern": held.name if held else None, "patterns": given, "weeks": told})
        return
    say(f"{person}: {held.name if held else 'does not serve today'}")
    show_table(
        ["pattern", "from", "by", "reason"], ([one.pattern, str(one.day), one.by, one.reason] for one in entered)
    )
    rows = ([one.entry, str(one.hours.since), _iso(one.hours.until) or "open", _week(one.hours)] for one in own)
    show_table(["own week", "from", "to", "hours"], rows)


@command.command()
@click.argument("who")
@click.argument("name", metavar="PATTERN")
@click.option("--from", "since", type=DATE, required=True, help="First day.")
@reason
@config
def pattern(who: str, name: str, since: datetime, why: str, path: Path | None) -> None:
    """Let WHO follow PATTERN from a day on, until the next one that is given."""
    with session(path) as (_, opened):
        person = _person(opened, who)
        patterns.assign(opened, [person], name, since.date(), _hand(why))
    say(f"{person}: {name} from {since.date()}")


@command.command()
@click.argument("who")
@click.argument("days", metavar="DAY=FROM-TO", nargs=-1, required=True, callback=_days)
@click.option("--from", "since", type=DATE, required=True, help="First day.")
@click.option("--to", "until", type=DATE, help="Last day; open without it.")
@click.option("--succeed", is_flag=True, help="An older week that still holds ends on the day before.")
@click.option("--reason", "why", required=True, help="Letter or reason.")
@config
def week(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    who: str,
    days: tuple[Hours | None, ...],
    since: datetime,
    until: datetime | None,
    succeed: bool,
    why: str,
    path: Path | None,
) -> None:
    """Enter WHO's own week of lesson or part-time hours, e.g. mon=07:00-09:30 thu=08:00-11:00."""
    one, two, three, four, five, six, seven = days
    last = until.date() if until else None
    own = OwnHours(since=since.date(), until=last, days=(one, two, three, four, five, six, seven))
    with session(path) as (_, opened):
        entry = weeks.give(opened, _person(opened, who), own, _hand(why), succeed=succeed)
    say(f"entry {entry}: {_week(own)} from {own.since} to {last or 'open'}")


@command.command()
@click.argument("who")
@click.argument("entry")
@click.option("--last", type=DATE, required=True, help="Last day; a day before its beginning takes it back.")
@reason
@config
def end(who: str, entry: str, last: datetime, why: str, path: Path | None) -> None:
    """End WHO's own week ENTRY, as `siperlu hours show` names it."""
    with session(path) as (_, opened):
        weeks.end(opened, _person(opened, who), entry, last.date(), _hand(why))
    say(f"entry {entry}: ends on {last.date()}")


def _person(opened: Session, who: str) -> str:
    named = or_(Person.id == who, Person.number == who, Person.internal_number == who)
    found = opened.scalars(select(Person.id).where(named).limit(1)).one_or_none()
    if found is None:
        raise ScheduleError(Rule.UNKNOWN, person=who[:40])
    return found


def _hand(why: str) -> Hand:
    return Hand(by=f"command:{getpass.getuser()}", at=datetime.now(UTC), bkd=True, why=why)


def _iso(day: date | None) -> str | None:
    return str(day) if day else None


def _week(own: OwnHours) -> str:
    told = (
        f"{name} {hours.start:%H:%M}-{hours.end:%H:%M}"
        for name, hours in zip(WEEKDAYS, own.days, strict=True)
        if hours is not None
    )
    return ", ".join(told)
