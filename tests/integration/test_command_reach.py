"""Commands that write for an account ask what the pages ask: its role, and whether the unit or person is within its reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cli.acting import acting
from cli.centre import session
from collector import audit
from collector.accounts.roles import BKD, Role
from collector.rules.document import RULE_SET
from collector.rules.ready import PERPRES_21_2023
from collector.store.violations import StoredViolation
from tests.centre import AT, FakeKiosk, opened
from tests.fixtures.commands import account, asked, beside, called, refused, settings_file
from tests.fixtures.judged_office import MONDAY, settle

KEY, DAY = "ab" * 32, str(MONDAY)


@pytest.fixture
def path(tmp_path: Path, sqlite_url: str) -> str:
    """Settings of a centre with two offices, and a violation that is about p-4, who has an account of BKD."""
    with opened(sqlite_url, tmp_path) as centre:
        settle(centre, FakeKiosk("kiosk-1"))
        beside(centre)
        account(centre, "own", Role.BKD_OFFICER, person="p-4")
        with centre.writer.session() as filling:
            row: dict[str, Any] = {"key": KEY, "day": MONDAY, "at": AT, "about": "", "evidence": "[]", "facts": "{}"}
            row |= {"kind": "two-places", "against": "person", "subject": "p-4", "unit": "DISDIK"}
            filling.add(StoredViolation(**row, status="open", stands=True))
    return settings_file(tmp_path, sqlite_url)


def test_lists_and_disasters_ask_whose_unit_it_is(path: str) -> None:
    line = ("--day", DAY, "--why", "device-broken", "--number", "L-1", "p-1=07:20-", "--by", "operator")
    told = refused(path, "entries", "manual", "--unit", "DINKES", *line)
    assert "operator reaches DISDIK and the units below it, not DINKES: act by an account of DINKES" in told
    filed = asked(path, "entries", "manual", "--unit", "DISDIK", *line)["list"]
    decide = ("entries", "decide", filed)
    for act, by, why in (
        ("confirm", "lain", "lain reaches DINKES and the units below it, not DISDIK"),
        ("confirm", "operator", "operator is opd-operator"),
        ("withdraw", "inspektur", "inspektur is inspectorate"),
    ):
        assert why in refused(path, *decide, act, "--by", by, "--reason", "x")
    called(path, *decide, "confirm", "--by", "kepala")
    told = refused(path, *decide, "withdraw", "--by", "operator", "--reason", "x")
    assert "list L-1 is confirmed: who filed or decides about it takes it back, not operator" in told
    called(path, *decide, "withdraw", "--by", "kepala", "--reason", "keliru")
    assert "L-1 is withdrawn" in refused(path, *decide, "withdraw", "--by", "operator", "--reason", "x")
    storm = ("entries", "disaster", "Banjir", "--decree", "SK 3", "--from", DAY, "--to", DAY)
    assert "kepala is opd-head" in refused(path, *storm, "--by", "kepala")
    assert len(asked(path, *storm, "--unit", "DISDIK", "--by", "bkd-1")["entries"]) == 1


def test_a_violation_is_decided_by_bkd_and_nobody_decides_about_themselves(path: str) -> None:
    line = ("violations", "decide", KEY[:12], "--state", "dismissed", "--reason", "salah orang")
    assert "kepala is opd-head" in refused(path, *line, "--by", "kepala")
    told = refused(path, *line, "--by", "own")
    assert "is about own's own person: let another account of BKD decide" in told
    assert asked(path, *line, "--by", "bkd-1")["state"] == "dismissed"


def test_what_is_bkds_on_the_pages_is_bkds_by_command(path: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_bytes(RULE_SET.encode(PERPRES_21_2023))
    for line in (
        ("day", "close-month", "--unit", "DISDIK", "--month", "2026-01"),
        ("day", "kiosk-finished", "kiosk-1", "--reason", "x"),
        ("day", "withdraw", "0"),
        ("rules", "import", str(file)),
        ("rules", "approve", "perpres-21-2023/1"),
        ("rules", "withdraw", "perpres-21-2023/1"),
        ("rules", "holidays", "add", "2027-02-01", "Hari Jadi", "--decree", "1/2027"),
        ("rules", "holidays", "withdraw", "1"),
    ):
        told = refused(path, *line, "--by", "kepala")
        assert "kepala is opd-head: this is for bkd-admin, bkd-officer" in told, line
    assert "no account 'Sari'" in refused(path, "rules", "approve", "perpres-21-2023/1", "--by", "Sari")


def test_nobody_takes_back_the_entry_of_their_own_leave(path: str) -> None:
    letter = ("--from", DAY, "--to", DAY, "--number", "800/12", "--dated", DAY, "--by", "operator")
    [leave] = asked(path, "leave", "file", "p-4", "--code", "I", *letter)["leave"]
    called(path, "leave", "decide", leave, "approve", "--by", "kepala")
    [entry] = asked(path, "entries", "list", "--kind", "permit")["entries"]
    line = ("day", "withdraw", entry["entry"], "--reason", "batal")
    assert "is a leave of own's own person: let another account" in refused(path, *line, "--by", "own")
    called(path, *line, "--by", "bkd-1")


def test_nobody_waits_for_the_audit_log_while_a_command_works(postgres_url: str, tmp_path: Path) -> None:
    """That it acted for an account is noted last: a month that takes a minute to close holds up no log-in."""
    with opened(postgres_url, tmp_path) as centre:
        account(centre, "bkd-1", Role.BKD_OFFICER)
        path = settings_file(tmp_path, centre.writer.engine.url.render_as_string(hide_password=False))
        with session(Path(path)) as (_, command):
            acting(command, "bkd-1", BKD)
            with centre.writer.session() as page:
                page.execute(text("SET LOCAL lock_timeout = '2s'"))
                audit.note(page, "bkd-1", "account.read", "bkd-1")
        assert [row["action"] for row in centre.rows("audit_log")] == ["account.read", "command.act"]
