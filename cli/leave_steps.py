"""What changes a letter: filing, the decision, the way back, an earlier end. The same rules and traces as on the pages."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import click
from sqlalchemy.orm import Session

from cli.acting import acting, by, check_unit, extent
from cli.centre import as_json, config, failures, session, today
from cli.output import Failure, emit, say
from cli.report import DATE
from collector import audit
from collector.accounts.book import Account
from collector.accounts.reach import reach_of
from collector.leave import letters, reading, requests
from collector.leave.reading import Listed
from collector.leave.requests import Filing, Verdict
from collector.leave.rights import DECIDERS, FILERS, may_decide, may_withdraw, role_of
from collector.rules.codes import Code
from collector.rules.errors import RulesError
from collector.rules.letters import ASKED
from collector.vault import Vault

CLOCK = click.DateTime(["%H:%M"])
LETTER = click.Path(path_type=Path, dir_okay=False)
number = click.argument("number", metavar="LEAVE")
reason = click.option("--reason", required=True, help="Why; it can be read later.")


@click.command()
@click.argument("people", nargs=-1, required=True, metavar="PERSON...")
@click.option("--code", type=click.Choice([code.value for code in ASKED]), required=True, help="Kind of leave.")
@click.option("--from", "since", type=DATE, required=True, help="First date.")
@click.option("--to", "until", type=DATE, required=True, help="Last date.")
@click.option("--number", required=True, help="Number of the letter.")
@click.option("--dated", type=DATE, required=True, help="Date of the letter.")
@click.option("--letter", type=LETTER, help="Its scan: PDF, JPEG or PNG, at most 5 MiB.")
@click.option("--starts", type=CLOCK, help="Only from this time of each day on (I, DL, DK).")
@click.option("--ends", type=CLOCK, help="And until this one.")
@click.option("--place", default="", help="Where one goes, where the kind asks for it.")
@click.option("--note", "why", default="", help="What else is to be said.")
@click.option("--despite", is_flag=True, help="File it although other letters or the year's account speak against it.")
@by
@config
@as_json
def file_(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    people: tuple[str, ...],
    code: str,
    since: datetime,
    until: datetime,
    number: str,
    dated: datetime,
    letter: Path | None,
    starts: datetime | None,
    ends: datetime | None,
    place: str,
    why: str,
    despite: bool,
    by: str,
    path: Path | None,
    as_json: bool,
) -> None:
    """File one letter for each PERSON, by id; it counts when another account approves it."""
    paper = _paper(letter)
    now = datetime.now(UTC)
    with session(path) as (settings, opened):
        account = acting(opened, by, FILERS)
        _check_people(opened, account, people, today(settings))
        kept = None
        if paper is not None:
            kept = letters.store(opened.connection(), Vault.open(settings.store.keys), paper, by, now)
        filing = Filing(
            people=people,
            code=Code(code),
            since=since.date(),
            until=until.date(),
            number=number,
            dated=dated.date(),
            hours=_hours(starts, ends),
            place=place,
            why=why,
            letter=kept,
        )
        requests.check(filing)
        if not despite:
            _check_warnings(opened, filing)
        made = requests.file(opened.connection(), filing, by, now)
        for each in made:
            audit.note(
                opened, by, "leave.file", each, {"code": code, "from": str(filing.since), "to": str(filing.until)}, now
            )
    say(f"{', '.join(made)}: filed; it counts when another account approves it")
    if as_json:
        emit({"leave": made})


@click.command()
@number
@click.argument("act", type=click.Choice(["approve", "refuse"]))
@click.option("--over", is_flag=True, help="BKD gives the days beyond the year's account all the same; needs a reason.")
@click.option("--reason", default="", help="Why; a refusal needs it.")
@by
@config
@as_json
def decide(number: str, act: str, over: bool, reason: str, by: str, path: Path | None, as_json: bool) -> None:  # noqa: PLR0913, PLR0917
    """Approve or refuse LEAVE, as head of the unit or for BKD, whichever the account is."""
    with session(path) as (_, opened):
        account = acting(opened, by, DECIDERS)
        _known(opened, account, number)
        step = requests.approve if act == "approve" else requests.refuse
        step(opened.connection(), number, _verdict(account, reason, over=over))
        audit.note(opened, by, f"leave.{act}", number)
        state = requests.find(opened.connection(), number).state
    _tell(number, state, as_json=as_json)


@click.command()
@number
@reason
@by
@config
@as_json
def withdraw(number: str, reason: str, by: str, path: Path | None, as_json: bool) -> None:
    """Take LEAVE back: who filed it while it waits, who may decide about it afterwards."""
    with session(path) as (_, opened):
        account = acting(opened, by, FILERS)
        found = _known(opened, account, number)
        # What is decided or gone already is the book's to refuse: it says in which state the letter is.
        if found.row.state in {requests.FILED, requests.APPROVED} and not may_withdraw(account, found.row):
            raise Failure(f"leave {number} is {found.row.state}: who filed or decides about it takes it back, not {by}")
        requests.withdraw(opened.connection(), number, by, reason, datetime.now(UTC))
        audit.note(opened, by, "leave.withdraw", number)
    _tell(number, requests.WITHDRAWN, as_json=as_json)


@click.command()
@number
@click.option("--last", type=DATE, required=True, help="New last date.")
@reason
@by
@config
@as_json
def shorten(number: str, last: datetime, reason: str, by: str, path: Path | None, as_json: bool) -> None:  # noqa: PLR0913, PLR0917
    """End LEAVE, which is approved, earlier: it is withdrawn, and one up to the new date stands in its place."""
    with session(path) as (_, opened):
        account = acting(opened, by, DECIDERS)
        found = _known(opened, account, number)
        if found.row.state == requests.APPROVED and not may_decide(account, found.row, requests.APPROVED):
            raise Failure(f"leave {number} is not {by}'s to shorten: it is their own, or BKD decides about it")
        made = requests.shorten(opened.connection(), number, last.date(), _verdict(account, reason))
        audit.note(opened, by, "leave.shorten", number)
    say(f"leave {number}: ends {last:%d-%m-%Y} as {made}; the days are judged again within a minute")
    if as_json:
        emit({"leave": made, "in_place_of": number})


COMMANDS = {"file": file_, "decide": decide, "shorten": shorten, "withdraw": withdraw}


def _paper(letter: Path | None) -> letters.Paper | None:
    if letter is None:
        return None
    try:
        with letter.open("rb") as file:
            raw = file.read(letters.MAX_BYTES + 1)
    except OSError as error:
        raise Failure(f"{letter}: {error.strerror}; name the letter's scan with --letter") from error
    with failures():
        return letters.check(raw, letter.name)


def _hours(starts: datetime | None, ends: datetime | None) -> tuple[time, time] | None:
    if (starts is None) != (ends is None):
        raise Failure("--starts and --ends go together: give both or none")
    return (starts.time(), ends.time()) if starts and ends else None


def _check_people(opened: Session, account: Account, people: tuple[str, ...], on: date) -> None:
    """Whom the page offers: who serves today, by their main post, within the account's reach. Raises Failure."""
    units = reach_of(opened, account).units
    for person in reading.strangers(opened, units, people, on)[:1]:
        if reading.name(opened, person) is None:
            raise Failure(f"there is no person {person!r}; `siperlu people list` shows their ids")
        if units is None:
            raise Failure(
                f"{person} has no main post on {on}: a letter is filed about who serves; mend their posts first"
            )
        raise Failure(
            f"{extent(account)}, and {person} has no main post there on {on}: act by an account of their unit, or by BKD's"
        )


def _check_warnings(opened: Session, filing: Filing) -> None:
    """What the page shows before it files. Raises Failure that names the first of each."""
    permits = requests.permits_of(filing)
    found = [
        f"letter {met.number} ({met.code}, {met.since} to {met.until}, {met.state}) claims days of {met.person}"
        for met in requests.meetings(opened.connection(), permits)[:1]
    ]
    try:
        over = [cost for cost in requests.costs(opened.connection(), permits) if cost.over]
    except (RulesError, LookupError):  # hours that contradict each other are somebody else's to mend
        over = []
    found += [f"{cost.person} has {cost.account.left} days left of {cost.year}, asked {cost.days}" for cost in over[:1]]
    if found:
        raise Failure(f"{'; '.join(found)}: file it all the same with --despite")


def _known(opened: Session, account: Account, number: str) -> Listed:
    """The leave, if the account sees it. Raises Failure."""
    found = reading.one(opened, number)
    if found is None:
        raise Failure(f"there is no leave {number!r}; `siperlu leave list` shows them")
    check_unit(opened, account, found.row.unit)
    return found


def _verdict(account: Account, why: str, *, over: bool = False) -> Verdict:
    return Verdict(account.id, role_of(account), datetime.now(UTC), why, over, account.person)


def _tell(number: str, state: str, *, as_json: bool) -> None:
    say(f"leave {number}: {state}; days that it changes are judged within a minute")
    if as_json:
        emit({"leave": number, "state": state})
