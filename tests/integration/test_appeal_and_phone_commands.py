"""`siperlu appeal …` and `siperlu phone …`: what they print, and what they refuse in one line."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from collector.accounts.roles import Role
from tests.centre import FakeKiosk, check_in, opened
from tests.fixtures.appeal_office import telling
from tests.fixtures.commands import account, asked, beside, called, refused, settings_file
from tests.fixtures.judged_office import Wall, open_week, settle


@pytest.fixture
def path(tmp_path: Path, sqlite_url: str) -> str:
    """Settings of a centre where p-1 was seen nine days ago, and not since."""
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=number) for number in range(9, 0, -1)]
    with opened(sqlite_url, tmp_path) as centre:
        wall = Wall(FakeKiosk("kiosk-1"), booted=datetime.now(UTC) - timedelta(days=10), arrives=datetime.now(UTC))
        settle(centre, wall.kiosk, people=["p-1", "p-3"])
        for day in days:
            telling(wall, day, *([("07:00", check_in("p-1"))] if day == days[0] else []))
        centre.take(*wall.messages())
        open_week(centre, days)
        beside(centre)
        account(centre, "bkd-2", Role.BKD_OFFICER)
        account(centre, "own", Role.BKD_OFFICER, person="p-1")
    return settings_file(tmp_path, sqlite_url)


def judged_absent(path: str) -> str:
    """A date of last week that was judged as absence, whichever weekday today is: BKD contested it, and took that back."""
    called(path, "day", "judge")
    today = datetime.now(UTC).date()
    for number in range(2, 9):
        day = str(today - timedelta(days=number))
        line = ("appeal", "file", "p-1", "--day", day, "--ground", "absent", "--by", "bkd-2", "--reason", "x")
        result = CliRunner().invoke(main, [*line, "--json", "--config", path])
        if result.exit_code == 0:
            called(path, "appeal", "say", "1", "withdraw", "--by", "bkd-2", "--reason", "x")
            return day
    pytest.fail("no day of the week was absent")


def test_an_appeal_goes_its_way_by_command(path: str) -> None:
    day = judged_absent(path)
    line = ("appeal", "file", "p-1", "--day", day, "--ground", "absent", "--around", "07:20")
    for by, why in (
        ("inspektur", "inspektur is inspectorate"),
        ("lain", "lain reaches DINKES and the units below it, and p-1 did not serve there on"),
    ):
        assert why in refused(path, *line, "--by", by, "--reason", "x")
    [probe, _] = json.loads(called(path, "appeal", "show", "1"))["steps"]
    assert (probe["by"], probe["part"]) == ("bkd-2", "bkd")
    filed = asked(path, *line, "--by", "operator", "--reason", "hadir, kiosk mati")
    number = str(filed["appeal"])
    assert filed["number"] == "S-00002"
    assert "is being decided" in refused(path, *line, "--by", "operator", "--reason", "lagi")
    for act, by, why in (
        ("support", "operator", "operator is opd-operator"),
        ("accept", "kepala", "kepala is opd-head"),
        ("object", "bkd-1", "bkd-1 is bkd-officer: this is for opd-head"),
        ("object", "lain", "lain reaches DINKES and the units below it, not DISDIK: act by an account of DISDIK"),
        ("object", "nobody", "no account 'nobody'"),
    ):
        assert why in refused(path, "appeal", "say", number, act, "--by", by, "--reason", "x")
    assert asked(path, "appeal", "say", number, "object", "--by", "kepala", "--reason", "tidak hadir")["stage"] == "bkd"
    assert "nobody decides about their own" in refused(
        path, "appeal", "say", number, "accept", "--by", "own", "--reason", "x"
    )
    assert (
        asked(path, "appeal", "say", number, "accept", "--by", "bkd-1", "--reason", "terbukti")["stage"] == "accepted"
    )
    [one] = asked(path, "appeal", "list", "--stage", "accepted")["appeals"]
    assert (one["number"], one["day"]) == ("S-00002", day)
    told = json.loads(called(path, "appeal", "show", number).splitlines()[-1])
    assert [(step["act"], step["part"]) for step in told["steps"]] == [
        ("file", "appellant"),
        ("object", "superior"),
        ("accept", "bkd"),
    ]
    assert told["intact"] is True
    assert len(told["digest"]) == len(hashlib.sha256().hexdigest())
    assert called(path, "day", "judge") == ""
    assert "cannot take accept" in refused(path, "appeal", "say", number, "accept", "--by", "bkd-2", "--reason", "x")
    assert "there is no appeal S-00077" in refused(path, "appeal", "show", "77")


def test_a_token_is_told_once_and_revoked(path: str) -> None:
    line = ("phone", "token", "issue", "--name", "e-presensi", "--unit", "DISDIK")
    assert "kepala is opd-head: this is for bkd-admin, bkd-officer" in refused(path, *line, "--by", "kepala")
    told = asked(path, *line, "--by", "bkd-1")
    assert told["token"].startswith(f"sip_{told['id']}_")
    [row] = asked(path, "phone", "token", "list")["tokens"]
    assert (row["id"], row["unit"], row["state"], row["used"]) == (told["id"], "DISDIK", "valid", "")
    revoke = ("phone", "token", "revoke", told["id"])
    assert "operator is opd-operator" in refused(path, *revoke, "--by", "operator", "--reason", "ponsel hilang")
    called(path, *revoke, "--by", "bkd-1", "--reason", "ponsel hilang")
    [row] = asked(path, "phone", "token", "list")["tokens"]
    assert row["state"] == "revoked"
    assert "revoked already" in refused(path, *revoke, "--by", "bkd-1", "--reason", "lagi")
    assert "'X' is not known" in refused(path, "phone", "token", "issue", "--name", "n", "--unit", "X", "--by", "bkd-1")
