"""Rows of a sheet: every error of a row at once, and hostile names as harmless text."""

from __future__ import annotations

from datetime import date

import pytest

from collector.people import rows
from collector.people.numbers import Status
from collector.people.rows import Bad, PersonRow, UnitRow

GOOD = {"name": "Siti Rahayu", "number": "198503122010012003", "status": "PNS", "unit": "DISDIK"}


def _person(**cells: str) -> PersonRow | Bad:
    return rows.person(2, {**GOOD, **cells})


def test_a_good_row() -> None:
    row = _person(born="12-03-1985", until="31/12/2026", left="2027-01-01", second="SD-1")
    assert row == PersonRow(
        line=2,
        id=None,
        name="Siti Rahayu",
        status=Status.PNS,
        number="198503122010012003",
        unit="DISDIK",
        second="SD-1",
        from_day=None,
        until_day=date(2026, 12, 31),
        left_on=date(2027, 1, 1),
        given=frozenset({*GOOD, "born", "until", "left", "second"}),
    )


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"name": ""}, "name is empty"),
        ({"name": "a\u202eb"}, "U+202E"),
        ({"name": "a\x1bb"}, "U+001B"),
        ({"name": "x" * 201}, "201 characters"),
        ({"status": "menteri"}, "not known"),
        ({"status": ""}, "status is empty"),
        ({"number": ""}, "PNS needs it"),
        ({"number": "1"}, "18 digits"),
        ({"status": "honorer guru"}, "has no NIP"),
        ({"status": "honorer guru", "number": ""}, "neither id nor NIP"),
        ({"id": "3508011203850001"}, "NIK"),
        ({"id": "a b"}, "letters, digits"),
        ({"unit": "../x"}, "letters, digits"),
        ({"unit": "x" * 65}, "at most 64"),
        ({"born": "31-02-1985"}, "not a day"),
        ({"born": "01-01-0001"}, "since 1900"),
        ({"from": "02-01-2026", "until": "01-01-2026"}, "exchange"),
    ],
)
def test_a_bad_row_says_what_is_wrong(cells: dict[str, str], said: str) -> None:
    row = _person(**cells)
    assert isinstance(row, Bad)
    assert any(said in error for error in row.errors)


def test_every_error_of_a_row_is_told_at_once() -> None:
    row = _person(name="", status="x", unit="?", born="y")
    assert isinstance(row, Bad)
    assert len(row.errors) == 4


def test_a_birth_date_that_the_nip_contradicts_is_a_warning() -> None:
    row = _person(born="13-03-1985")
    assert isinstance(row, PersonRow)
    assert "check which is right" in row.warnings[0]
    assert _person(born="12-03-1985").warnings == ()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name",
    [
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>",
        "Robert'); DROP TABLE people;--",
        "{{ 7*7 }}",
        "[bold]Budi[/]",
        "../../etc/passwd",
        "%s%n",
    ],
)
def test_a_hostile_name_is_just_a_name(name: str) -> None:
    assert rows.clean_name(name) == name


def test_names_are_composed_and_their_blanks_single() -> None:
    assert rows.clean_name("  Rene\u0301\u00a0 Siti\n") == "René Siti"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"code": "", "name": "x"}, "code is empty"),
        ({"code": "A", "name": "x", "kind": "planet"}, "kind 'planet'"),
        ({"code": "A", "name": "x", "latitude": "1"}, "give both"),
        ({"code": "A", "name": "x", "latitude": "91", "longitude": "1"}, "between -90 and 90"),
        ({"code": "A", "name": "x", "latitude": "nan", "longitude": "1"}, "between -90 and 90"),
        ({"code": "A", "name": "x", "latitude": "x", "longitude": "1"}, "between -90 and 90"),
    ],
)
def test_a_bad_unit_says_what_is_wrong(cells: dict[str, str], said: str) -> None:
    row = rows.unit(2, cells)
    assert isinstance(row, Bad)
    assert any(said in error for error in row.errors)


def test_a_good_unit() -> None:
    cells = {"code": "SD-1", "name": "SDN 1", "kind": "Sekolah", "latitude": "-8,133", "longitude": "113.225"}
    assert rows.unit(3, cells) == UnitRow(3, "SD-1", "SDN 1", "school", None, -8.133, 113.225, frozenset(cells))


@pytest.mark.parametrize(
    ("nik", "warned"),
    [("3508011203850001", False), ("3508015203850001", False), ("3508015303850001", True), ("3508011203860001", True)],
)
def test_another_birth_date_in_the_nik_is_a_warning_that_does_not_tell_the_number(nik: str, warned: bool) -> None:
    row = _person(nik=nik)
    assert isinstance(row, PersonRow)
    assert row.nik == nik
    assert bool(row.warnings) is warned
    assert nik not in str(row.warnings)
