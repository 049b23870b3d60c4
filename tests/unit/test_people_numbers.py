"""NIP and NI PPPK: what can be one, and what the error says of one that cannot."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import NumberError
from collector.people.numbers import Status, looks_like_nik, parse_number

PNS = "198503122010012003"
PPPK = "199001152022211004"


@pytest.mark.parametrize(
    ("text", "status", "born", "sex"),
    [
        (PNS, Status.PNS, date(1985, 3, 12), "female"),
        ("19850312 201001 2 003", Status.PNS, date(1985, 3, 12), "female"),
        ("'198503122010012003", Status.PNS, date(1985, 3, 12), "female"),
        ("19850312\u00a0201001 2 003", Status.PNS, date(1985, 3, 12), "female"),
        (PPPK, Status.PPPK, date(1990, 1, 15), "male"),
        (PPPK, Status.PPPK_PART_TIME, date(1990, 1, 15), "male"),
        ("200402292021012001", Status.PNS, date(2004, 2, 29), "female"),
    ],
)
def test_a_good_number_tells_birth_and_sex(text: str, status: Status, born: date, sex: str) -> None:
    number = parse_number(text, status)
    assert (number.born, number.sex, len(number.digits)) == (born, sex, 18)


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("", Status.PNS, "0 characters"),
        ("19850312201001200", Status.PNS, "17 characters"),
        ("1985031220100120033", Status.PNS, "19 characters"),
        ("19850312201001200X", Status.PNS, "18 digits"),
        ("١٩٨٥٠٣١٢٢٠١٠٠١٢٠٠٣", Status.PNS, "18 digits"),
        ("1.98503E+17", Status.PNS, "rounded by a spreadsheet"),
        ("1,98503E17", Status.PNS, "rounded by a spreadsheet"),
        ("198513122010012003", Status.PNS, "not a birth date"),
        ("198502302010012003", Status.PNS, "not a birth date"),
        ("000001012010012003", Status.PNS, "not a birth date"),
        ("200503122021012003", Status.PNS, "below 17"),
        ("198503122010002003", Status.PNS, "month 01 to 12"),
        ("198503122010132003", Status.PNS, "month 01 to 12, check"),
        (PPPK, Status.PNS, "would be a PPPK"),
        (PNS, Status.PPPK, "would be a PNS"),
        ("199001152022201004", Status.PPPK, "21 to 29, check"),
        ("199001152022301004", Status.PPPK, "21 to 29, check"),
        ("198503122010013003", Status.PNS, "1 (man) or 2 (woman)"),
        ("198503122010012000", Status.PNS, "format the column as text"),
    ],
)
def test_a_wrong_number_is_refused_with_value_rule_and_mend(text: str, status: Status, said: str) -> None:
    with pytest.raises(NumberError) as caught:
        parse_number(text, status)
    assert said in str(caught.value)
    assert text.replace(" ", "") in str(caught.value)


def test_the_error_about_a_nik_does_not_repeat_it() -> None:
    with pytest.raises(NumberError) as caught:
        parse_number("3508011203850001", Status.PNS)
    assert "3508011203850001" not in str(caught.value)
    assert "3508************" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "nik"), [("3508011203850001", True), ("35 0801 120385 0001", True), (PNS, False), ("G-12", False)]
)
def test_a_nik_is_known_by_its_form(text: str, nik: bool) -> None:
    assert looks_like_nik(text) is nik


BIRTHS = st.dates(min_value=date(1940, 1, 1), max_value=date(2009, 12, 31))


@given(BIRTHS, st.integers(17, 50), st.integers(1, 12), st.sampled_from("12"), st.integers(1, 999))
def test_every_well_formed_nip_is_taken(born: date, age: int, month: int, sex: str, sequence: int) -> None:
    digits = f"{born:%Y%m%d}{born.year + age}{month:02}{sex}{sequence:03}"
    assert parse_number(digits, Status.PNS).born == born


@given(st.text(), st.sampled_from(Status))
def test_no_text_makes_it_crash(text: str, status: Status) -> None:
    with contextlib.suppress(NumberError):
        assert len(parse_number(text, status).digits) == 18


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("pns", Status.PNS),
        (" PPPK-Paruh_Waktu ", Status.PPPK_PART_TIME),
        ("Guru Honorer", Status.HONORARY_TEACHER),
        ("tenaga  kontrak", Status.HONORARY),
    ],
)
def test_a_status_is_read_as_people_write_it(text: str, status: Status) -> None:
    assert Status.parse(text) is status


def test_an_unknown_status_names_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="PPPK paruh waktu"):
        Status.parse("menteri")
