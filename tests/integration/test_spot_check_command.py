"""`siperlu spot-check …`: drawn by the inspectorate, noted, held against the ledger, closed once."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.accounts.roles import Role
from collector.rules.hours import WIB
from collector.store.accounts import StoredAccount
from tests.centre import Centre, FakeKiosk, opened
from tests.fixtures.commands import asked, called, refused, settings_file
from tests.fixtures.judged_office import NOW, settle

ANY_TIME = ("--first", "00:00", "--last", "23:59")


@pytest.fixture
def centre(tmp_path: Path, sqlite_url: str) -> Iterator[Centre]:
    with opened(sqlite_url, tmp_path) as centre:
        settle(centre, FakeKiosk("kiosk-1"), people=("p-1", "p-2", "p-3"))
        with centre.writer.session() as session:
            for role in (Role.INSPECTORATE, Role.BKD_ADMIN, Role.OPD_HEAD):
                login = role.value
                made = StoredAccount(id=login, login=login, name=login, role=role.value, unit=None, created_at=NOW)
                session.add(made)
        yield centre


@pytest.fixture
def path(centre: Centre, tmp_path: Path, sqlite_url: str) -> str:
    assert centre.keys
    return settings_file(tmp_path, sqlite_url)


def drawn(path: str) -> str:
    """A check of today, wherever midnight is."""
    day = str(datetime.now(UTC).astimezone(WIB).date())
    told = asked(path, "spot-check", "draw", "--day", day, *ANY_TIME, "--by", "inspectorate")
    assert told["unit"] == "DISDIK"
    return str(told["check"])


def test_a_check_goes_its_way_by_command(centre: Centre, path: str) -> None:
    check = drawn(path)
    by = ("--by", "inspectorate")
    assert "nobody was noted" in refused(path, "spot-check", "close", check, *by)
    called(
        path,
        "spot-check",
        "note",
        check,
        "p-1=present",
        "p-2=absent",
        "--uniform",
        "not",
        "--remark",
        "tanpa korpri",
        *by,
    )
    called(path, "spot-check", "note", check, "p-2=present", *by)
    told = asked(path, "spot-check", "show", check, "--by", "bkd-admin")
    assert (told["redrawn"], told["closed"]) == (True, False)
    assert told["tally"] == {"unrecorded": 2, "not-noted": 1}
    first = told["people"][0]
    assert (first["person"], first["uniform"], first["remark"], first["looks"]) == ("p-1", "not", "tanpa korpri", [])
    called(path, "spot-check", "close", check, *by)
    assert "was closed" in refused(path, "spot-check", "note", check, "p-3=present", *by)
    [one] = asked(path, "spot-check", "list")["checks"]
    assert (one["check"], one["state"], one["noted"]) == (int(check), "closed", 2)
    told_by = [(row["who"], row["action"]) for row in centre.rows("audit_log")]
    assert told_by[1] == (f"command:{getpass.getuser()}", "command.act")
    assert [each for each in told_by if each[1] != "command.act"] == [
        ("inspectorate", "spot-check.draw"),
        ("bkd-admin", "spot-check.read"),
        ("inspectorate", "spot-check.close"),
    ]


def test_only_the_inspectorate_draws_and_notes_and_who_has_a_unit_reads_nothing(path: str) -> None:
    check = drawn(path)
    assert "bkd-admin is bkd-admin" in refused(path, "spot-check", "note", check, "p-1=present", "--by", "bkd-admin")
    assert "bkd-admin is bkd-admin" in refused(path, "spot-check", "close", check, "--by", "bkd-admin")
    assert "opd-head is opd-head" in refused(path, "spot-check", "show", check, "--by", "opd-head")


def test_what_cannot_be_noted_leaves_nothing_of_the_line_behind(centre: Centre, path: str) -> None:
    check = drawn(path)
    by = ("--by", "inspectorate")
    assert "'p-2=late' is no note" in refused(path, "spot-check", "note", check, "p-1=present", "p-2=late", *by)
    assert "'x' does not serve" in refused(path, "spot-check", "note", check, "p-1=present", "x=present", *by)
    assert centre.rows("spot_notes") == []
    assert "no spot check 77" in refused(path, "spot-check", "show", "77", *by)
    past = str(datetime.now(UTC).date() - timedelta(days=3))
    assert "draw for today" in refused(path, "spot-check", "draw", "--day", past, *ANY_TIME, *by)
