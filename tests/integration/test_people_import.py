"""Importing units and people into a database: preview, one transaction, idempotent, hostile texts harmless."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from collector.errors import RegistrationError, SheetError
from collector.people import importing, sheet
from collector.people.leaving import leave
from collector.store.people import Assignment, Chip, Person, Template, Unit

TODAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 5, tzinfo=UTC)
NIP = "198503122010012003"
UNITS = "kode;nama;jenis;induk\nSD-1;SDN 1;sekolah;DISDIK\nDISDIK;Dinas Pendidikan;opd;\nBKD;BKD;opd;\n"
PEOPLE = f"id;nama;nip;status;unit\nK1;Siti Rahayu;{NIP};PNS;SD-1\nG1;Budi;;honorer guru;SD-1\n"


@pytest.fixture
def session(memory_engine: Engine) -> Iterator[Session]:
    with Session(memory_engine) as opened:
        yield opened


def _import(session: Session, text: str, today: date = TODAY) -> dict[str, int]:
    found = importing.preview(session, sheet.read(text.encode(), "f"), today)
    importing.apply(session, found, today)
    session.commit()
    return found.plan.counts


def _counts(new: int = 0, changed: int = 0, same: int = 0, aside: int = 0, warnings: int = 0) -> dict[str, int]:
    return {"new": new, "changed": changed, "same": same, "set_aside": aside, "warnings": warnings}


def _posts(session: Session, name: str) -> list[tuple[str, str, date, date | None]]:
    rows = select(Assignment).join(Person, Person.id == Assignment.person).where(Person.name == name)
    found = session.scalars(rows.order_by(Assignment.from_day, Assignment.kind))
    return [(one.unit, one.kind, one.from_day, one.until_day) for one in found]


def test_a_second_run_of_the_same_files_changes_nothing(session: Session) -> None:
    assert _import(session, UNITS) == _counts(new=3)
    assert _import(session, PEOPLE) == _counts(new=2)
    assert _import(session, UNITS, date(2026, 3, 1)) == _counts(same=3)
    assert _import(session, PEOPLE, date(2026, 3, 1)) == _counts(same=2)
    assert session.scalar(select(func.count()).select_from(Assignment)) == 2


def test_a_preview_writes_nothing(session: Session) -> None:
    importing.preview(session, sheet.read(UNITS.encode(), "f"), TODAY)
    session.commit()
    assert session.scalar(select(func.count()).select_from(Unit)) == 0


def test_a_transfer_ends_yesterday_and_history_is_kept(session: Session) -> None:
    _import(session, UNITS)
    _import(session, PEOPLE)
    moved = PEOPLE.replace("PNS;SD-1", "PNS;BKD")
    assert _import(session, moved, date(2026, 3, 1)) == _counts(changed=1, same=1)
    assert _posts(session, "Siti Rahayu") == [
        ("SD-1", "main", TODAY, date(2026, 2, 28)),
        ("BKD", "main", date(2026, 3, 1), None),
    ]
    assert _import(session, moved, date(2026, 3, 2)) == _counts(same=2)


def test_a_transfer_corrected_the_same_day_leaves_no_empty_post(session: Session) -> None:
    _import(session, UNITS)
    _import(session, PEOPLE)
    _import(session, PEOPLE.replace("PNS;SD-1", "PNS;BKD"))
    assert _posts(session, "Siti Rahayu") == [("BKD", "main", TODAY, None)]


def test_a_second_unit_comes_and_goes(session: Session) -> None:
    _import(session, UNITS)
    second = "id;nama;status;unit;unit_kedua\nG1;Budi;honorer guru;SD-1;{}\n"
    _import(session, second.format("BKD"))
    _import(session, second.format("BKD"))
    _import(session, second.format(""), date(2026, 2, 1))
    assert _import(session, second.format(""), date(2026, 2, 2)) == _counts(same=1)
    assert _posts(session, "Budi") == [("SD-1", "main", TODAY, None), ("BKD", "second", TODAY, date(2026, 1, 31))]
    _import(session, second.format("BKD"), date(2026, 3, 1))
    assert _posts(session, "Budi")[-1] == ("BKD", "second", date(2026, 3, 1), None)


def test_a_second_unit_entered_by_mistake_today_never_was(session: Session) -> None:
    _import(session, UNITS)
    second = "id;nama;status;unit;unit_kedua\nG1;Budi;honorer guru;SD-1;{}\n"
    _import(session, second.format("BKD"))
    _import(session, second.format(""))
    assert _posts(session, "Budi") == [("SD-1", "main", TODAY, None)]


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "Robert'); DROP TABLE people;--", "{{7*7}}"]
)
def test_hostile_names_are_stored_as_the_text_they_are(session: Session, name: str) -> None:
    _import(session, UNITS)
    _import(session, f"id;nama;status;unit\nH1;{name.replace(';', '')};honorer dinas;BKD\n")
    assert session.scalars(select(Person.name)).all() == [name.replace(";", "")]


def test_no_nik_reaches_the_database_or_the_report(session: Session) -> None:
    nik = "3508011203850001"
    text = f"id;nama;status;unit;NIK\nH1;Budi;honorer dinas;BKD;{nik}\n{nik};Ani;honorer dinas;BKD;{nik}\n"
    _import(session, UNITS)
    table = sheet.read(text.encode(), "f")
    found = importing.preview(session, table, TODAY)
    importing.apply(session, found, TODAY)
    assert nik not in importing.report(table, found.plan.bad).decode("utf-8-sig")
    assert nik not in str([vars(person) for person in session.scalars(select(Person))])
    assert found.plan.counts == _counts(new=1, aside=1)


def test_the_report_can_be_mended_and_imported_again(session: Session) -> None:
    _import(session, UNITS)
    table = sheet.read(PEOPLE.replace(";SD-1\nG1", ";SD-9\nG1").encode(), "f")
    found = importing.preview(session, table, TODAY)
    importing.apply(session, found, TODAY)
    written = importing.report(table, found.plan.bad).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(written), delimiter=";"))[1][:2] == [
        "2",
        "unit SD-9 is not known; did you mean SD-1?",
    ]
    assert _import(session, written.replace(";SD-9", ";SD-1")) == _counts(new=1)


@pytest.mark.parametrize("header", ["a;b", "nama;unit", "nama;status"])
def test_a_sheet_that_is_neither_says_which_columns_are_needed(session: Session, header: str) -> None:
    with pytest.raises(SheetError, match="people need nama; status; unit"):
        importing.preview(session, sheet.read(header.encode(), "f"), TODAY)


@pytest.mark.parametrize("who", [NIP, "K1"])
def test_a_person_leaves_by_any_of_their_numbers(session: Session, who: str) -> None:
    _import(session, UNITS)
    _import(session, PEOPLE)
    person = leave(session, who, TODAY)
    stored = session.get(Person, person)
    assert stored is not None
    assert stored.left_on == TODAY


def test_an_erased_person_leaves_no_face_behind(session: Session) -> None:
    _import(session, UNITS)
    _import(session, PEOPLE)
    person = session.scalars(select(Person.id).where(Person.internal_number == "K1")).one()
    session.add(Template(person=person, model="m", vector=b"", photos=1, made_at=NOW))
    session.add(Chip(digest="d", person=person, family="dlib", encrypted="x", made_at=NOW))
    session.commit()
    leave(session, person, TODAY, erase=True)
    session.commit()
    for table in (Template, Chip):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    assert session.scalars(select(Person.internal_number)).all() == ["G1"]


def test_nobody_by_that_number_is_said_so(session: Session) -> None:
    with pytest.raises(RegistrationError, match="nobody"):
        leave(session, "x", TODAY)


def test_who_had_left_before_is_not_brought_back_until_today(session: Session) -> None:
    _import(session, UNITS)
    _import(session, PEOPLE)
    leave(session, "G1", date(2025, 12, 1))
    leave(session, "G1", TODAY)
    assert session.scalars(select(Person.left_on).where(Person.internal_number == "G1")).one() == date(2025, 12, 1)


def test_a_number_that_two_people_have_removes_neither(session: Session) -> None:
    _import(session, UNITS)
    _import(session, PEOPLE)
    nip = session.scalars(select(Person.number).where(Person.number.is_not(None))).one()
    _import(session, f"id;nama;status;unit\n{nip};Ani;honorer dinas;BKD\n")
    with pytest.raises(RegistrationError, match="2 people"):
        leave(session, nip or "", TODAY, erase=True)
    assert session.scalar(select(func.count()).select_from(Person)) == 3
