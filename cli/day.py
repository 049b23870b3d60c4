"""`siperlu day …`: judging days, judging them again, closing months, and what people enter about them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from cli.acting import acting, by
from cli.centre import as_json, centre, config, reading, session
from cli.noted import note
from cli.output import Failure, emit, say
from cli.table import show
from collector.accounts.book import Account, Author
from collector.accounts.roles import BKD
from collector.entered import declaring, waiting, withdrawing
from collector.entered.closing import Standing, Standings
from collector.judging import months
from collector.judging.months import Order
from collector.judging.recompute import recompute as judge_again
from collector.judging.run import run
from collector.leave import requests
from collector.leave.rights import may_withdraw
from collector.recap.month import Month
from collector.reports.units import read_units
from collector.rules.hours import WIB
from collector.store.hours import Entry

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def command() -> None:
    """Judge days and close months."""


@command.command()
@config
@as_json
def judge(path: Path | None, as_json: bool) -> None:
    """Judge what has arrived, as the centre's jobs do every minute."""
    with centre(path) as (_, writer):
        done = run(writer, datetime.now(UTC))
    if as_json:
        emit(asdict(done))
    else:
        say(f"{done.judged} person-days judged, {done.changed} changed")


@command.command()
@click.option("--from", "since", type=DAY, required=True, help="First date.")
@click.option("--to", "until", type=DAY, required=True, help="Last date.")
@click.option("--unit", help="Only this unit and those below.")
@config
@as_json
def recompute(since: datetime, until: datetime, unit: str | None, path: Path | None, as_json: bool) -> None:
    """Judge days again under the rules of their time; the same records and entries give the same digest."""
    with centre(path) as (_, writer):
        done = judge_again(writer, since.date(), until.date(), datetime.now(UTC), unit)
    if as_json:
        emit({"from": str(since.date()), "to": str(until.date()), "unit": unit, **asdict(done)})
    else:
        say(f"{done.results} results, {done.changed} changed; digest {done.digest}")


@command.command("close-month")
@click.option("--unit", required=True, help="The unit; those below it are closed with it.")
@click.option("--month", type=click.DateTime(["%Y-%m"]), required=True, help="YYYY-MM.")
@by
@click.option("--leave-unsettled", "leave", default="", help="Why days open or in review may stay so.")
@config
@as_json
def close_month(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    unit: str, month: datetime, by: str, leave: str, path: Path | None, as_json: bool
) -> None:
    """Freeze a month as it is paid; what is found later becomes a correction of the next."""
    with session(path) as (_, opened):
        order = Order(acting(opened, by, BKD).id, datetime.now(UTC), leave)
        done = months.close_month(opened.connection(), unit, month.date(), order)
        told = {"month": f"{done.month:%Y-%m}", "digest": done.digest}
        note(opened, "month.close", unit, days=done.days, unsettled=done.unsettled, **told)
    if as_json:
        emit({**asdict(done), "month": f"{done.month:%Y-%m}"})
        return
    say(
        f"{unit} {done.month:%m-%Y}: {done.days} days frozen, {done.unsettled} of them not settled, "
        f"{done.corrections} corrections of earlier months taken up; digest {done.digest}"
    )


@command.command("kiosk-finished")
@click.argument("kiosk", metavar="ID")
@by
@click.option("--reason", required=True, help="What became of it.")
@config
def kiosk_finished(kiosk: str, by: str, reason: str, path: Path | None) -> None:
    """Declare kiosk ID finished: nobody waits for its records any more, and its silence excuses."""
    with session(path) as (_, opened):
        who = acting(opened, by, BKD).id
        number = declaring.declare_finished(opened.connection(), kiosk, who, reason, datetime.now(UTC))
        note(opened, "kiosk.finished", kiosk, entry=number)
    say(f"{kiosk}: finished (entry {number})")


@command.command("withdraw")
@click.argument("entry")
@by
@click.option("--reason", default="", help="Why; it can be read later.")
@config
def withdraw(entry: str, by: str, reason: str, path: Path | None) -> None:
    """Take back ENTRY: a leave, a list, a ruling, a kiosk declared finished, a guarantee with its PIN."""
    with session(path) as (_, opened):
        account = acting(opened, by, BKD)
        _check_own(opened, account, entry)
        withdrawing.withdraw(opened, entry, Author(account.id, datetime.now(UTC)), reason)
        note(opened, f"{opened.get_one(Entry, entry).kind}.withdraw", entry)
    say(f"entry {entry}: withdrawn")


@command.command("waiting")
@config
@as_json
def waiting_(path: Path | None, as_json: bool) -> None:
    """Kiosks that days wait for: up to when each is complete, and how many dates and people it holds up."""
    with reading(path) as (_, opened):
        found = waiting.awaited(opened.connection(), datetime.now(UTC))
    rows = [
        [
            each.kiosk,
            each.unit_name,
            _moment(each.complete_until),
            str(each.days[0]),
            str(len(each.days)),
            str(each.people),
        ]
        for each in found
    ]
    show(["kiosk", "unit", "complete up to", "since", "days", "people"], rows, on_stderr=as_json)
    if as_json:
        emit(
            {
                "kiosks": [
                    {
                        "kiosk": each.kiosk,
                        "complete_until": each.complete_until.isoformat() if each.complete_until else None,
                        "days": [str(day) for day in each.days],
                        "people": each.people,
                        "person_days": each.person_days,
                    }
                    for each in found
                ]
            }
        )


@command.command("months")
@click.option("--month", type=click.DateTime(["%Y-%m"]), required=True, help="YYYY-MM.")
@config
@as_json
def months_(month: datetime, path: Path | None, as_json: bool) -> None:
    """What is still open of a month, by unit; nothing is closed."""
    with reading(path) as (_, opened):
        units = read_units(opened)
        standings = Standings(opened, units, Month(month.year, month.month), datetime.now(UTC))
        found = [standings.of(place) for place in units.places.values()]
    told = sorted((each for each in found if each.sums.people or each.closed), key=lambda each: each.unit.code)
    rows = [[each.unit.code, each.unit.name, *map(str, _counts(each).values())] for each in told]
    show(["unit", "name", "open", "review", "kiosks", "appeals", "corrections", "closed"], rows, on_stderr=as_json)
    if as_json:
        emit({"month": f"{month:%Y-%m}", "units": [{"unit": each.unit.code, **_counts(each)} for each in told]})


def _check_own(opened: Session, account: Account, entry: str) -> None:
    """A leave is taken back as on its own page: nobody takes back their own. Raises Failure."""
    number = requests.of_entry(opened.connection(), entry)
    if number is not None and not may_withdraw(account, requests.find(opened.connection(), number)):
        raise Failure(f"entry {entry} is a leave of {account.id}'s own person: let another account of BKD withdraw it")


def _counts(one: Standing) -> dict[str, int | bool]:
    return {
        "open": one.sums["open"],
        "review": one.sums["review"],
        "kiosks": len(one.kiosks),
        "appeals": one.appeals,
        "corrections": one.corrections,
        "closed": one.closed is not None,
    }


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(WIB):%d-%m-%Y %H:%M}" if at else "never"
