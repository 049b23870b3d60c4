"""What is kept no longer than may be, on a real database: it goes, it is proved, and nothing else goes with it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from cli.main import main
from collector import audit
from collector.accounts import handouts
from collector.accounts.book import Author
from collector.audit.log import verify
from collector.retention.limits import Kind, due
from collector.retention.sweep import AT_ONCE, count, sweep
from collector.store.accounts import StoredAccount
from collector.store.audit import AuditEntry
from collector.store.leave import StoredPin
from collector.store.people import Chip, PeopleImport, Person, Template
from collector.store.records import Blob, SetAside
from collector.store.violations import StoredViolation
from tests.centre import AT, Centre, FakeKiosk, check_in, opened
from wire.seals import digest

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Jakarta")
LINE = due(NOW, ZONE, evidence_days=60, leaver_days=3)


@pytest.fixture
def centre(store_url: str, tmp_path: Path) -> Iterator[Centre]:
    with opened(store_url, tmp_path) as centre:
        yield centre


def add(centre: Centre, *rows: Any) -> None:
    with centre.writer.session() as session:
        for row in rows:
            session.add(row)
            session.flush()


def blob(name: str, days: float, kiosk: str = "kiosk-1") -> Blob:
    return Blob(digest=digest(name), kiosk=kiosk, sealed=name, received_at=NOW - timedelta(days=days))


def person(name: str, left_on: date | None) -> list[Any]:
    """A person with all that could recognise them."""
    made = {"person": name, "made_at": AT}
    return [
        Person(id=name, name=name, status="pns", left_on=left_on, nik=f"nik {name}".encode()),
        Template(model="m-1", vector=f"vector {name}".encode(), photos=3, **made),
        Chip(digest=digest(f"chip {name}"), family="f", encrypted="x", **made),
        pin(name, date(2026, 12, 31)),
        StoredAccount(id=f"a-{name}", login=name, name=name, role="employee", person=name, created_at=AT),
    ]


def pin(name: str, until: date) -> StoredPin:
    told = {"guarantor": "Kepala", "letter": "800/1", "reason": "perban", "entry": "e", "by": "x"}
    since = date(2026, 1, 5)
    return StoredPin(
        person=name, number=name[-4:], salt=b"s", digest=b"pin", cost=10, since=since, until=until, at=AT, **told
    )


def left(centre: Centre, table: str, column: str) -> set[str]:
    return {row[column] for row in centre.rows(table)}


def proofs(centre: Centre, kind: Kind) -> dict[str, list[str]]:
    """Digests by subject."""
    with centre.writer.session() as session:
        assert not hasattr(verify(session), "why")
    rows = [row for row in centre.rows("audit_log") if row["action"] == f"retention.{kind.value}"]
    return {row["subject"]: json.loads(row["detail"])["sha256"] for row in rows}


def test_pictures_go_after_sixty_days_and_their_digests_are_the_proof(centre: Centre) -> None:
    add(centre, blob("old", 61), blob("older", 300, "kiosk-2"), blob("new", 59))
    assert sweep(centre.writer, LINE)[Kind.EVIDENCE] == 2
    assert left(centre, "blobs", "digest") == {digest("new")}
    assert proofs(centre, Kind.EVIDENCE) == {"kiosk-1": [digest("old")], "kiosk-2": [digest("older")]}
    assert sweep(centre.writer, LINE).total() == 0


@pytest.mark.parametrize(
    ("left_on", "kept"),
    [(None, True), (date(2026, 11, 23), True), (date(2026, 11, 22), False), (date(2020, 1, 1), False)],
)
def test_who_left_is_forgotten_within_days_and_nobody_else(centre: Centre, left_on: date | None, kept: bool) -> None:
    add(centre, *person("p-leaver", left_on), *person("p-stayer", None))
    sweep(centre.writer, LINE)
    expected = {"p-stayer", "p-leaver"} if kept else {"p-stayer"}
    for table in ("templates", "chips", "pins"):
        assert left(centre, table, "person") == expected, table
    assert {row["id"] for row in centre.rows("people") if row["nik"] is not None} == expected
    closed = {row["id"] for row in centre.rows("accounts") if row["disabled_at"] is not None}
    assert closed == (set() if kept else {"a-p-leaver"})
    assert left(centre, "people", "id") == {"p-stayer", "p-leaver"}
    if not kept:
        template = hashlib.sha256(b"vector p-leaver").hexdigest()
        assert proofs(centre, Kind.TEMPLATE) == {"p-leaver": [template]}
        assert proofs(centre, Kind.CHIP) == {"p-leaver": [digest("chip p-leaver")]}
        assert "p-leaver" in proofs(centre, Kind.PIN)
        assert proofs(centre, Kind.NIK) == {"p-leaver": [hashlib.sha256(b"nik p-leaver").hexdigest()]}


def test_a_list_that_nobody_decided_about_goes_within_a_day(centre: Centre) -> None:
    staged = {"kind": "people", "file": "f", "state": "staged", "by": "x", "content": b"sealed"}
    add(centre, *(PeopleImport(id=f"i-{n}", digest=f"d{n}", at=NOW - timedelta(hours=n), **staged) for n in (23, 25)))
    assert count_of(centre)[Kind.UPLOAD] == 1
    assert sweep(centre.writer, LINE)[Kind.UPLOAD] == 1
    kept = {row["id"]: (row["state"], row["content"] is None) for row in centre.rows("people_imports")}
    assert kept == {"i-23": ("staged", False), "i-25": ("dropped", True)}
    assert proofs(centre, Kind.UPLOAD) == {"i-25": ["d25"]}


def open_case(centre: Centre, evidence: str, status: str = "open") -> None:
    """A violation that rests on a record whose picture is `evidence`."""
    kiosk = FakeKiosk()
    centre.register(kiosk)
    sealed = kiosk.add(dataclasses.replace(check_in(), evidence=evidence))
    centre.take(kiosk.message(sealed))
    row: dict[str, Any] = {"day": AT.date(), "at": AT, "about": "", "facts": "{}", "kind": "uncertain-match"}
    row |= {"against": "person", "subject": "p-1", "unit": "DISDIK", "stands": True, "status": status}
    add(centre, StoredViolation(key="k" * 64, evidence=json.dumps([f"{kiosk.id}/{kiosk.chain}/1"]), **row))


@pytest.mark.parametrize(
    ("days", "status", "stays"), [(61, "open", True), (61, "confirmed", False), (91, "open", False)]
)
def test_a_picture_of_an_open_case_stays_until_decided_and_ninety_days_at_most(
    centre: Centre, days: int, status: str, stays: bool
) -> None:
    open_case(centre, digest("face"), status)
    add(centre, blob("face", days), blob("another", days))
    assert count_of(centre)[Kind.EVIDENCE] == (1 if stays else 2)
    sweep(centre.writer, LINE)
    assert left(centre, "blobs", "digest") == ({digest("face")} if stays else set())


def count_of(centre: Centre) -> Any:
    with centre.writer.session() as session:
        return count(session, LINE)


def test_pictures_that_were_set_aside_lose_their_bytes_and_sealed_records_keep_theirs(centre: Centre) -> None:
    old = {"kiosk": "kiosk-1", "detail": "", "first_at": AT, "last_at": NOW - timedelta(days=61), "raw": b"bytes"}
    sealed = {"chain": "c" * 43, "seq": 4}
    rows = [
        SetAside(topic="siperlu/v1/k/blobs/x", digest="a", reason="seal", **old),
        SetAside(topic="siperlu/v1/k/records", digest="b", reason="seal", **old),
        SetAside(topic="siperlu/v1/k/records", digest="c", reason="contract", **old, **sealed),
        SetAside(topic="siperlu/v1/k/blobs/x", digest="d", reason="seal", **{**old, "last_at": NOW}),
    ]
    add(centre, *rows)
    sweep(centre.writer, LINE)
    assert {row["digest"]: bytes(row["raw"]) for row in centre.rows("set_aside")} == {
        "a": b"",
        "b": b"",
        "c": b"bytes",
        "d": b"bytes",
    }
    assert proofs(centre, Kind.ASIDE) == {"set-aside": ["a", "b"]}


def test_links_that_ran_out_go(centre: Centre) -> None:
    add(centre, *person("p-1", None))
    with centre.writer.session() as session:
        for lasts in (timedelta(hours=-1), timedelta(hours=1)):
            handouts.make(session, "p-1", Author("op", NOW), lasts)
            session.execute(sa.text("UPDATE handouts SET used_at = made_at"))
    assert sweep(centre.writer, LINE)[Kind.STALE] == 1
    assert len(centre.rows("handouts")) == 1


def test_much_goes_in_short_steps_and_stops_between_two(centre: Centre) -> None:
    add(centre, *(blob(f"b{n}", 61) for n in range(AT_ONCE + 20)))
    asked = iter([False, True])
    assert sweep(centre.writer, LINE, lambda: next(asked, True)).total() == AT_ONCE
    assert sweep(centre.writer, LINE)[Kind.EVIDENCE] == 20


def test_a_deletion_that_cannot_be_noted_does_not_happen(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    add(centre, blob("old", 61))

    def full(*_: object) -> None:
        raise sa.exc.OperationalError("x", {}, Exception("database or disk is full"))

    monkeypatch.setattr(audit, "note", full)
    with pytest.raises(Exception, match="full"):
        sweep(centre.writer, LINE)
    assert len(centre.rows("blobs")) == 1


def test_the_command_says_what_would_go_and_then_takes_it_away(tmp_path: Path) -> None:
    file = tmp_path / "centre.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path / "centre.db"}"\n')
    with opened(f"sqlite:///{tmp_path / 'centre.db'}", tmp_path) as centre:
        long_ago = datetime.now(UTC) - timedelta(days=400)
        add(centre, Blob(digest=digest("x"), kiosk="k", sealed="x", received_at=long_ago))
        add(centre, *person("p-1", date(2020, 1, 1)))
        told = [run(file, "--dry-run"), run(file, "--dry-run"), run(file), run(file)]
        assert told[0] == told[1]
        assert {name: count for name, count in told[2].items() if count} == {
            "evidence": 1,
            "template": 1,
            "chip": 1,
            "pin": 1,
            "nik": 1,
            "account": 1,
        }
        assert told[0] == {**told[2], "dry_run": True}
        assert not any(told[3].values())
        assert {row["who"] for row in centre.rows(AuditEntry.__tablename__)} == {"retention"}


def run(config: Path, *more: str) -> dict[str, Any]:
    told = CliRunner().invoke(main, ["collector", "retention", "run", "--config", str(config), "--json", *more])
    assert told.exit_code == 0, told.output
    found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return found
