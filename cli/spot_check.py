"""`siperlu spot-check …`: spot checks (sidak): drawn by lot, noted person by person, held against the ledger."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from cli.acting import acting, by
from cli.centre import as_json, config, reading, session
from cli.output import Failure, emit, say
from cli.report import DATE
from cli.table import show
from collector import audit
from collector.accounts.roles import CHECKERS, WHOLE
from collector.judging.marks import local_midnight
from collector.rules.hours import WIB
from collector.rules.spotcheck import Seen, Weighting
from collector.spotchecks import book, result
from collector.spotchecks.book import Note, Order
from collector.spotchecks.result import Line, Listed
from collector.store.people import Unit
from collector.store.spotchecks import SpotCheck

CLOCK = click.DateTime(["%H:%M"])
LATEST = 12 * 60
spot = click.argument("spot", type=int, metavar="CHECK")


@click.group()
def command() -> None:
    """Spot checks: a draw that anybody can repeat, who was there, and what the ledger says."""


@command.command("list")
@config
@as_json
def list_(path: Path | None, as_json: bool) -> None:
    """Every draw, the newest first, also those that nobody went to; the latest 200."""
    with reading(path) as (_, opened):
        found = result.listed(opened)
    show(["check", "when", "state", "noted", "drawn by", "unit"], [_cells(each) for each in found], on_stderr=as_json)
    if as_json:
        emit({"checks": [_public(each) for each in found]})


@command.command()
@click.option("--day", type=DATE, required=True, help="Today or one of the next 31 days.")
@click.option("--first", type=CLOCK, required=True, help="Local time from which on.")
@click.option("--last", type=CLOCK, required=True, help="And until which.")
@click.option(
    "--weighting",
    type=click.Choice([each.value for each in Weighting]),
    default=Weighting.PEOPLE.value,
    show_default=True,
    help="How units are weighed.",
)
@click.option("--least", type=click.IntRange(1, 10_000), default=1, help="Units of at least so many people.")
@by
@config
@as_json
def draw(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    day: datetime,
    first: datetime,
    last: datetime,
    weighting: str,
    least: int,
    by: str,
    path: Path | None,
    as_json: bool,
) -> None:
    """Draw a unit and a moment. A draw stays: nobody draws until the right one comes."""
    order = Order(
        by=by, day=day.date(), first=first.time(), last=last.time(), weighting=Weighting(weighting), least=least
    )
    with session(path) as (_, opened):
        acting(opened, by, CHECKERS)
        made = book.draw_check(opened, order, datetime.now(UTC))
        check, name = _check(opened, made)
        told = {"check": made, "unit": check.unit, "at": check.at.isoformat(), "seed": check.seed}
        say(f"check {made}: {name} ({check.unit}) at {check.at.astimezone(WIB):%d-%m-%Y %H:%M}")
    if as_json:
        emit(told)


@command.command()
@spot
@click.argument("lines", nargs=-1, required=True, metavar="PERSON=SEEN...")
@click.option("--uniform", type=click.Choice(["ok", "not"]), help="What they wore, for all of these.")
@click.option("--remark", default="", help="What else was seen, for all of these.")
@click.option(
    "--ago", type=click.IntRange(0, LATEST), default=0, help="Minutes ago, where it was noted on paper first."
)
@by
@config
@as_json
def note(  # noqa: PLR0913, PLR0917
    spot: int,
    lines: tuple[str, ...],
    uniform: str | None,
    remark: str,
    ago: int,
    by: str,
    path: Path | None,
    as_json: bool,
) -> None:
    """Note who is there, a word a person: id=present, id=absent or id=explained. The last note about somebody counts."""
    at = datetime.now(UTC) - timedelta(minutes=ago)
    seen = [_seen(each) for each in lines]
    with session(path) as (_, opened):
        acting(opened, by, CHECKERS)
        for person, what in seen:
            told = Note(
                person=person, seen=what, tap=secrets.token_hex(8), by=by, at=at, uniform=uniform or "", remark=remark
            )
            book.note(opened, spot, told)
    say(f"check {spot}: {len(seen)} noted")
    if as_json:
        emit({"check": spot, "noted": len(seen)})


@command.command()
@spot
@click.option("--remark", default="", help="On the whole check.")
@by
@config
def close(spot: int, remark: str, by: str, path: Path | None) -> None:
    """End CHECK: nothing is noted any more, and who checked in and was gone becomes a reason to check."""
    with session(path) as (_, opened):
        acting(opened, by, CHECKERS)
        book.close(opened, spot, by, remark, datetime.now(UTC))
    say(f"check {spot}: closed; the detectors look at it within a minute")


@command.command("show")
@spot
@by
@config
@as_json
def show_(spot: int, by: str, path: Path | None, as_json: bool) -> None:
    """CHECK against the ledger, what needs a look first; whether its draw can be repeated. That it was read is in the audit log."""
    with session(path) as (_, opened):
        acting(opened, by, WHOLE)
        check, name = _check(opened, spot)
        lines = result.urgent_first(result.lines(opened, check))
        tally = result.tally(lines)
        told: dict[str, Any] = {
            "check": spot,
            "unit": check.unit,
            "at": check.at.isoformat(),
            "closed": check.closed_at is not None,
            "redrawn": book.redrawn(check),
            "remark": check.remark,
            "tally": {verdict.value: tally[verdict] for verdict in result.URGENCY if tally[verdict]},
            "people": [_line(each) for each in lines],
        }
        audit.note(opened, by, "spot-check.read", str(spot))
    moment = f"{check.at.astimezone(WIB):%d-%m-%Y %H:%M}"
    say(
        f"check {spot}: {name}, {moment}; its draw {'can be repeated' if told['redrawn'] else 'is NOT what its seed gives'}"
    )
    titles = ["person", "name", "verdict", "noted", "uniform", "looks", "remark"]
    show(titles, [_row(each, local_midnight(check.day)) for each in lines], on_stderr=as_json)
    if as_json:
        emit(told)


def _seen(text: str) -> tuple[str, Seen]:
    person, _, what = text.partition("=")
    if not person or what not in set(Seen):
        raise Failure(f"{text!r} is no note: write id=present, id=absent or id=explained")
    return person, Seen(what)


def _check(opened: Session, spot: int) -> tuple[SpotCheck, str]:
    """The check and its unit's name. Raises Failure."""
    check = opened.get(SpotCheck, spot)
    if check is None:
        raise Failure(f"there is no spot check {spot}; `siperlu spot-check list` shows them")
    unit = opened.get(Unit, check.unit)
    return check, unit.name if unit else check.unit


def _state(one: Listed) -> str:
    return "closed" if one.closed_at else "open"


def _cells(one: Listed) -> list[str]:
    moment = f"{one.at.astimezone(WIB):%d-%m-%Y %H:%M}"
    return [str(one.id), moment, _state(one), str(one.noted), one.drawn_by, one.unit_name]


def _public(one: Listed) -> dict[str, Any]:
    return {
        "check": one.id,
        "unit": one.unit,
        "at": one.at.isoformat(),
        "state": _state(one),
        "noted": one.noted,
        "drawn_by": one.drawn_by,
        "drawn_at": one.drawn_at.isoformat(),
    }


def _row(one: Line, midnight: datetime) -> list[str]:
    noted = one.noted
    looks = " ".join(
        look.astimezone(WIB).strftime("%H:%M:%S" if look >= midnight else "%d-%m-%Y %H:%M:%S") for look in one.looks
    )
    seen = noted.seen.value if noted.seen else ""
    said = f"{one.verdict.value}: {one.gathering}" if one.gathering else one.verdict.value
    return [noted.person, noted.name, said, seen, noted.uniform, looks, noted.remark]


def _line(one: Line) -> dict[str, Any]:
    noted = one.noted
    return {
        "person": noted.person,
        "verdict": one.verdict.value,
        "gathering": one.gathering or None,
        "seen": noted.seen.value if noted.seen else None,
        "at": noted.at.isoformat() if noted.at else None,
        "uniform": noted.uniform,
        "remark": noted.remark,
        "looks": [look.isoformat() for look in one.looks],
    }
