"""`siperlu spot-check …`: drawn by the inspectorate, noted, held against the ledger, closed once."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import main
from collector.accounts.roles import Role
from collector.rules.hours import WIB
from collector.store.accounts import StoredAccount
from tests.centre import Centre, FakeKiosk, opened
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
    file = tmp_path / "centre.toml"
    file.write_text(f'[store]\nurl = "{sqlite_url}"\nkeys = "{tmp_path / "centre-keys"}"\n')
    return str(file)


def called(path: str, *line: str) -> str:
    result = CliRunner().invoke(main, ["spot-check", *line, "--config", path])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def asked(path: str, *line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(called(path, *line, "--json").splitlines()[-1])
    return found


def refused(path: str, *line: str) -> str:
    result = CliRunner().invoke(main, ["spot-check", *line, "--config", path])
    assert result.exit_code == 1, result.output
    assert result.stderr.count("\n") == 1
    return result.stderr


def drawn(path: str) -> str:
    """A check of today, wherever midnight is."""
    day = str(datetime.now(UTC).astimezone(WIB).date())
    told = asked(path, "draw", "--day", day, *ANY_TIME, "--by", "inspectorate")
    assert told["unit"] == "DISDIK"
    return str(told["check"])


def test_a_check_goes_its_way_by_command(centre: Centre, path: str) -> None:
    check = drawn(path)
    by = ("--by", "inspectorate")
    assert "nobody was noted" in refused(path, "close", check, *by)
    called(path, "note", check, "p-1=present", "p-2=absent", "--uniform", "not", "--remark", "tanpa korpri", *by)
    called(path, "note", check, "p-2=present", *by)
    told = asked(path, "show", check, "--by", "bkd-admin")
    assert (told["redrawn"], told["closed"]) == (True, False)
    assert told["tally"] == {"unrecorded": 2, "not-noted": 1}
    first = told["people"][0]
    assert (first["person"], first["uniform"], first["remark"], first["looks"]) == ("p-1", "not", "tanpa korpri", [])
    called(path, "close", check, *by)
    assert "was closed" in refused(path, "note", check, "p-3=present", *by)
    [one] = asked(path, "list")["checks"]
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
    assert "bkd-admin is bkd-admin" in refused(path, "note", check, "p-1=present", "--by", "bkd-admin")
    assert "bkd-admin is bkd-admin" in refused(path, "close", check, "--by", "bkd-admin")
    assert "opd-head is opd-head" in refused(path, "show", check, "--by", "opd-head")


def test_what_cannot_be_noted_leaves_nothing_of_the_line_behind(centre: Centre, path: str) -> None:
    check = drawn(path)
    by = ("--by", "inspectorate")
    assert "'p-2=late' is no note" in refused(path, "note", check, "p-1=present", "p-2=late", *by)
    assert "'x' does not serve" in refused(path, "note", check, "p-1=present", "x=present", *by)
    assert centre.rows("spot_notes") == []
    assert "no spot check 77" in refused(path, "show", "77", *by)
    past = str(datetime.now(UTC).date() - timedelta(days=3))
    assert "draw for today" in refused(path, "draw", "--day", past, *ANY_TIME, *by)
