"""CSV that a spreadsheet opens as it is meant."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.web.language import masked
from collector.web.sheets import cell, lines


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_a_nip_stays_text_with_all_its_digits() -> None:
    assert cell("198503122010011003") == "'198503122010011003"


@pytest.mark.parametrize(
    ("value", "text"), [("Siti", "Siti"), (None, ""), (7, "7"), ("07:21", "07:21"), ("0,71", "0,71")]
)
def test_everything_else_is_as_it_is(value: object, text: str) -> None:
    assert cell(value) == text


def test_it_opens_in_excel_as_utf_8_with_semicolons() -> None:
    text = "".join(lines([("nama", "jam"), ('Siti; "Ibu"', "07:21")]))
    assert text == '\ufeffnama;jam\r\n"Siti; ""Ibu""";07:21\r\n'


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))), min_size=1))
def test_any_text_survives_and_none_starts_a_formula(row: list[str]) -> None:
    text = "".join(lines([row])).removeprefix("\ufeff")
    back = next(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert back == [cell(value) for value in row]
    assert not any(value.lstrip().startswith(("=", "+", "-", "@")) for value in back)


def test_a_nip_is_masked_to_its_last_four_digits() -> None:
    assert masked("198503122010011003") == "•••• 1003"
    assert masked("12") == "••••"
    assert masked(None) == "—"
