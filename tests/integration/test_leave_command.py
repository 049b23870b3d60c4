"""`siperlu leave …`: the rules and the traces of the pages, acted for an account."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from collector.accounts.roles import Role
from collector.leave import letters
from collector.rules.hours import WIB
from collector.store.accounts import StoredAccount
from collector.store.people import Assignment, Person
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures import commands
from tests.fixtures.commands import account, beside, settings_file
from tests.fixtures.judged_office import NOW, judge, open_week, results, settle

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
WEEK = ("--from", "2026-01-06", "--to", "2026-01-08")
LETTER = ("--number", "800/12", "--dated", "2026-01-02")


@pytest.fixture
def centre(tmp_path: Path, sqlite_url: str) -> Iterator[Centre]:
    """DISDIK with its people and accounts, and a head of somewhere else."""
    with opened(sqlite_url, tmp_path) as centre:
        settle(centre, FakeKiosk("kiosk-1"))
        open_week(centre)
        beside(centre)
        account(centre, "p-1", Role.EMPLOYEE, person="p-1")
        yield centre


@pytest.fixture
def path(centre: Centre, tmp_path: Path, sqlite_url: str) -> str:
    assert centre.keys
    return settings_file(tmp_path, sqlite_url)


def asked(path: str, *line: str) -> dict[str, Any]:
    return commands.asked(path, "leave", *line)


def refused(path: str, *line: str) -> str:
    return commands.refused(path, "leave", *line)


def filed(path: str, *line: str, person: str = "p-1", code: str = "CT", by: str = "operator") -> str:
    [number] = asked(path, "file", person, "--code", code, *WEEK, *LETTER, *line, "--by", by)["leave"]
    return str(number)


def actions(centre: Centre) -> list[tuple[str, str, str]]:
    return [(row["who"], row["action"], row["subject"]) for row in centre.rows("audit_log")]


def test_a_letter_goes_its_way_by_command_and_leaves_the_traces_of_the_pages(centre: Centre, path: str) -> None:
    number = filed(path)
    assert asked(path, "decide", number, "approve", "--by", "kepala")["state"] == "approved"
    judge(centre)
    assert results(centre)["p-1", date(2026, 1, 7)].codes == ("CT",)
    [row] = asked(path, "list", "--person", "p-1")["leave"]
    assert (row["leave"], row["state"], row["filed_by"], row["decided_by"]) == (
        number,
        "approved",
        "operator",
        "kepala",
    )
    shorter = asked(path, "shorten", number, "--last", "2026-01-06", "--reason", "dipanggil", "--by", "kepala")["leave"]
    line = ("withdraw", shorter, "--reason", "batal")
    assert "not operator" in refused(path, *line, "--by", "operator")
    assert asked(path, *line, "--by", "kepala")["state"] == "withdrawn"
    assert "is withdrawn" in refused(path, *line, "--by", "kepala")
    hand = f"command:{getpass.getuser()}"
    assert actions(centre) == [
        ("operator", "leave.file", number),
        (hand, "command.act", "operator"),
        ("kepala", "leave.approve", number),
        (hand, "command.act", "kepala"),
        ("kepala", "leave.shorten", number),
        (hand, "command.act", "kepala"),
        ("kepala", "leave.withdraw", shorter),
        (hand, "command.act", "kepala"),
    ]


def test_an_account_may_what_it_may_on_the_pages_and_no_more(path: str) -> None:
    number = filed(path)
    assert "operator is opd-operator" in refused(path, "decide", number, "approve", "--by", "operator")
    assert "lain reaches DINKES and the units below it, not DISDIK: act by an account of DISDIK" in refused(
        path, "decide", number, "approve", "--by", "lain"
    )
    assert "there is no leave 'x'" in refused(path, "decide", "x", "approve", "--by", "lain")
    assert "inspektur is inspectorate" in refused(path, "withdraw", number, "--reason", "x", "--by", "inspektur")
    assert "no account 'siapa'" in refused(path, "decide", number, "approve", "--by", "siapa")
    file = ("file", "p-1", "--code", "CT", *WEEK, *LETTER)
    assert "p-1 is employee" in refused(path, *file, "--by", "p-1")
    told = refused(path, "file", "d-1", "--code", "CT", *WEEK, *LETTER, "--by", "operator")
    assert "operator reaches DISDIK and the units below it, and d-1 has no main post there on" in told
    assert "no person 'x'" in refused(path, "file", "x", "--code", "CT", *WEEK, *LETTER, "--by", "operator")
    own = filed(path, person="p-3")
    assert "own" in refused(path, "decide", own, "approve", "--by", "kepala")
    mine = filed(path, person="p-2", by="bkd-1")
    assert "filed by bkd-1" in refused(path, "decide", mine, "refuse", "--reason", "x", "--by", "bkd-1")


def test_a_letter_is_filed_about_whom_the_page_offers(centre: Centre, path: str) -> None:
    """Who serves today by a main post: not who was there during the leave, is there beside it, or is gone."""
    yesterday = datetime.now(WIB).date() - timedelta(days=1)
    with centre.writer.session() as session:
        session.add(Assignment(person="d-1", unit="DISDIK", kind="second", from_day=date(2020, 1, 1)))
        moved = session.scalars(select(Assignment).where(Assignment.person == "p-2")).one()
        moved.until_day = yesterday
        session.add(Assignment(person="p-2", unit="DINKES", from_day=yesterday + timedelta(days=1)))
        session.get_one(Person, "p-4").left_on = yesterday
    line = ("--code", "CT", *WEEK, *LETTER)
    for person in ("d-1", "p-2"):
        told = refused(path, "file", person, *line, "--by", "operator")
        assert f"operator reaches DISDIK and the units below it, and {person} has no main post there" in told
    assert "p-4 has no main post on" in refused(path, "file", "p-1", "p-4", *line, "--by", "bkd-1")
    filed(path, person="p-2", by="bkd-1")


def test_a_disabled_account_does_nothing(centre: Centre, path: str) -> None:
    with centre.writer.session() as session:
        session.get_one(StoredAccount, "kepala").disabled_at = NOW
    assert "is disabled" in refused(path, "decide", filed(path), "approve", "--by", "kepala")


def test_the_letter_is_attached_sealed_and_checked_by_what_is_in_it(centre: Centre, path: str, tmp_path: Path) -> None:
    sick = ("file", "p-1", "--code", "CS", *WEEK, *LETTER, "--by", "operator")
    assert "needs its letter" in refused(path, *sick)
    scan, wrong = tmp_path / "surat dokter.pdf", tmp_path / "surat.pdf"
    scan.write_bytes(PDF)
    wrong.write_bytes(b"MZ not a letter")
    assert "neither PDF, JPEG nor PNG" in refused(path, *sick, "--letter", str(wrong))
    assert "No such file" in refused(path, *sick, "--letter", str(tmp_path / "none.pdf"))
    filed(path, "--letter", str(scan), code="CS")
    [row] = centre.rows("letters")
    with centre.writer.transaction() as connection:
        assert letters.read(connection, centre.keys.vault, row["id"]).content == PDF
    assert PDF not in row["sealed"]


def test_what_the_page_warns_of_is_refused_until_it_is_said_once_more(path: str) -> None:
    filed(path)
    line = ("file", "p-1", "--code", "CT", *WEEK, "--number", "2", "--dated", "2026-01-02", "--by", "operator")
    assert "letter 800/12 (CT, 2026-01-06 to 2026-01-08, filed)" in refused(path, *line)
    assert len(asked(path, *line, "--despite")["leave"]) == 1
    assert "--starts and --ends go together" in refused(path, *line, "--starts", "08:00")


def test_the_balance_counts_what_was_approved_and_what_bkd_stated(centre: Centre, path: str) -> None:
    line = ("balance", "p-1", "--year", "2026", "--by")
    assert asked(path, *line, "p-1")["taken"] == 0
    asked(path, "decide", filed(path), "approve", "--by", "kepala")
    before = asked(path, *line, "kepala")
    assert (before["right"], before["taken"], before["left"]) == (12, 3, 9)
    assert "lain reaches DINKES" in refused(path, *line, "lain")
    statement = ("opening", "p-1", "--year", "2026", "--taken", "4", "--letter", "daftar 2026")
    assert "kepala is opd-head" in refused(path, *statement, "--by", "kepala")
    commands.called(path, "leave", *statement, "--by", "bkd-1")
    assert asked(path, *line, "bkd-1")["left"] == 5
    assert ("bkd-1", "leave.opening", "p-1") in actions(centre)
    assert ("kepala", "leave.read", "p-1") in actions(centre)
