"""`siperlu appeal …`: contesting a day or a violation, and deciding about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import click

from cli.acting import acting, by, check_person, out_of_reach
from cli.centre import as_json, config, reading, session
from cli.output import Failure, emit, say
from cli.report import DATE
from cli.table import show
from collector.accounts.book import Account
from collector.accounts.reach import reach_of
from collector.appealing import book, listing
from collector.appealing.book import Filing, Word, deadlines, number
from collector.appealing.known import KNOWN
from collector.appealing.rights import FILERS, MAY, actor_of, part_of, sees
from collector.rules.appeals.case import BY, Act, Ground, Part, Stage
from collector.rules.hours import WIB

CLOCK = click.DateTime(["%H:%M"])
reason = click.option("--reason", required=True, help="Why; it can be read later.")


@click.group()
def command() -> None:
    """Appeals (sanggahan): filed, the superior's word, the agency's decision."""


@command.command("file")
@click.argument("person")
@click.option("--day", type=DATE, required=True, help="The work date.")
@click.option(
    "--ground", type=click.Choice([ground.value for ground in Ground]), required=True, help="What is contested."
)
@click.option("--around", type=CLOCK, help="When the person stood at the kiosk, local time.")
@click.option("--record", default="", help="Of a wrong person: the look that was not them, kiosk/chain/number.")
@click.option("--violation", default="", help="Key of the violation.")
@by
@reason
@config
@as_json
def file_(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    person: str,
    day: datetime,
    ground: str,
    around: datetime | None,
    record: str,
    violation: str,
    by: str,
    reason: str,
    path: Path | None,
    as_json: bool,
) -> None:
    """Contest what PERSON's day became; what the centre knows now is attached. An account of BKD may do so past the deadline, too."""
    moment = datetime.combine(day.date(), around.time() if around else time(), WIB).astimezone(UTC)
    filing = Filing(
        person=person,
        day=day.date(),
        ground=Ground(ground),
        why=reason,
        around=moment if around else None,
        record=record,
        violation=violation,
    )
    with session(path) as (settings, opened):
        account = acting(opened, by, FILERS)
        check_person(opened, account, person, filing.day, filing.day)
        word = _word(Act.FILE, part_of(account, person), account, reason)
        made = book.file(opened, filing, word, deadlines(settings.appeals))
    say(f"{number(made)}: filed; the superior's word is next")
    if as_json:
        emit({"appeal": made, "number": number(made)})


@command.command()
@click.argument("appeal", type=int)
@click.argument(
    "act", type=click.Choice([act.value for act in (Act.SUPPORT, Act.OBJECT, Act.ACCEPT, Act.REJECT, Act.WITHDRAW)])
)
@click.option("--record", default="", help="With the acceptance of a wrong person: the look that it is about.")
@click.option("--truly", default="", help="And id of the person for whom that look counts from now on.")
@by
@reason
@config
@as_json
def say_(  # noqa: PLR0913, PLR0917
    appeal: int,
    act: str,
    record: str,
    truly: str,
    by: str,
    reason: str,
    path: Path | None,
    as_json: bool,
) -> None:
    """Support or object to APPEAL as superior, accept or reject it for the agency, or withdraw it."""
    with session(path) as (settings, opened):
        account, limits = acting(opened, by, MAY[Act(act)]), deadlines(settings.appeals)
        word = _word(Act(act), BY[Act(act)], account, reason, record=record, truly=truly)
        found = listing.detail(opened, appeal, word.at, limits)
        if found is not None and not sees(reach_of(opened, account), found):
            raise out_of_reach(account, found.row.unit)
        after = book.say(opened, appeal, word, limits)
    then = "; days that it changes are judged within a minute" if after.stage is Stage.ACCEPTED else ""
    say(f"{number(appeal)}: {after.stage}{then}")
    if as_json:
        emit({"appeal": appeal, "stage": after.stage.value})


command.add_command(say_, "say")


@command.command("list")
@click.option(
    "--stage", type=click.Choice([stage.value for stage in Stage]), multiple=True, help="Only at these stages."
)
@click.option("--person", default="", help="Only of this person, by id.")
@config
@as_json
def list_(stage: tuple[str, ...], person: str, path: Path | None, as_json: bool) -> None:
    """Appeals, the one that has waited longest first."""
    which = listing.Which(stages=tuple(map(Stage, stage)), person=person)
    now = datetime.now(UTC)
    with reading(path) as (settings, opened):
        found = listing.listed(opened, which, now, deadlines(settings.appeals))
    rows = [
        [each.number, f"{each.day:%d-%m-%Y}", each.ground, each.stage, _until(each, now), each.name, each.unit_name]
        for each in found
    ]
    show(["appeal", "day", "ground", "stage", "due", "name", "unit"], rows, on_stderr=as_json)
    if as_json:
        emit({"appeals": [_public(each) for each in found]})


@command.command("show")
@click.argument("appeal", type=int)
@config
def show_(appeal: int, path: Path | None) -> None:
    """All about APPEAL as one JSON object: its steps, and what the centre knew at filing, with its digest checked."""
    with reading(path) as (settings, opened):
        found = listing.detail(opened, appeal, datetime.now(UTC), deadlines(settings.appeals))
    if found is None:
        raise Failure(f"there is no appeal {number(appeal)}; `siperlu appeal list` shows them")
    emit(
        {
            **_public(found.row),
            "record": found.record,
            "violation": found.violation,
            "steps": [
                {
                    "act": s.act,
                    "by": s.by,
                    "part": s.part,
                    "at": s.at.isoformat(),
                    "why": s.why,
                    "entries": list(s.entries),
                }
                for s in found.steps
            ],
            "known": json.loads(KNOWN.encode(found.known)),
            "digest": found.digest,
            "intact": found.intact,
        }
    )


def _word(  # noqa: PLR0913 - a word is all of this
    act: Act, part: Part, by: Account, reason: str, *, record: str = "", truly: str = ""
) -> Word:
    return Word(act=act, by=actor_of(by), part=part, at=datetime.now(UTC), why=reason, record=record, truly=truly)


def _until(one: listing.Listed, now: datetime) -> str:
    if one.due is None:
        return ""
    return f"{one.due.astimezone(WIB):%d-%m-%Y}{' overdue' if one.due < now else ''}"


def _public(one: listing.Listed) -> dict[str, Any]:
    return {
        "appeal": one.id,
        "number": one.number,
        "person": one.person,
        "unit": one.unit,
        "day": one.day.isoformat(),
        "ground": one.ground,
        "stage": one.stage.value,
        "due": one.due.isoformat() if one.due else None,
    }
