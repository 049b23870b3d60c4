"""CSV as the offices have it, and as nobody should: encodings, delimiters, limits."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import SheetError
from collector.people import sheet

KNOWN = {"name": ("nama", "name"), "number": ("nip", "nip_ni_pppk")}


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    read = sheet.read(f"Nama{delimiter}NIP\r\nSiti{delimiter}1\r\n\r\nBudi{delimiter}2\r\n".encode(), "f")
    assert read.header == ("Nama", "NIP")
    assert [(row.line, row.cells) for row in read.rows] == [(2, ("Siti", "1")), (4, ("Budi", "2"))]


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert sheet.read("\ufeffNama;NIP\n".encode(), "f").header == ("Nama", "NIP")


def test_windows_1252_is_read_and_said_so() -> None:
    read = sheet.read("Nama\nRené\n".encode("cp1252"), "f")
    assert read.rows[0].cells == ("René",)
    assert "Windows-1252" in read.remarks[0]
    assert sheet.read("Nama\nRené\n".encode(), "f").remarks == ()


def test_a_quoted_cell_keeps_delimiters_and_line_breaks_and_lines_are_those_of_the_file() -> None:
    read = sheet.read(b'Nama;NIP\n"a;\nb";1\nc;2\n', "f")
    assert [(row.line, row.cells[0]) for row in read.rows] == [(2, "a;\nb"), (4, "c")]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"Nama\n\x00\n", "NUL"),
        ("Nama\nSiti\n".encode("utf-16"), "NUL"),
        (b"Nama\n\x81\n", "neither UTF-8"),
        (b'Nama\n"Siti\n', "quotation"),
        (b'Nama\n"Siti"x\n', "line 2"),
        (b"a;" * 200_000, "columns"),
        (b"a" * (sheet.MAX_BYTES + 1), "larger than"),
        (b"a\n" + b"b" * 200_000, "field larger than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_read_as_a_table_is_refused_with_the_reason(raw: bytes, said: str) -> None:
    with pytest.raises(SheetError, match=said):
        sheet.read(raw, "f")


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MAX_ROWS", 3)
    assert len(sheet.read(b"a\n" + b"b\n" * 3, "f").rows) == 3
    with pytest.raises(SheetError, match="more than 3 rows"):
        sheet.read(b"a\n" + b"b\n" * 4, "f")


def test_a_row_too_wide_or_a_cell_too_long_is_that_rows_fault_alone() -> None:
    read = sheet.read(b"a;b\n1;2;3\n" + b"x" * 501 + b";2\n1\n1;2\n", "f")
    assert [bool(row.fault) for row in read.rows] == [True, True, False, False]
    assert "3 cells" in read.rows[0].fault
    assert "501" in read.rows[1].fault


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match=r"none\.csv"):
        sheet.read_file(tmp_path / "none.csv")


def test_columns_are_found_by_their_names_in_both_languages() -> None:
    columns = sheet.find_columns(["NAMA ", "NIP/NI PPPK"], KNOWN)
    assert columns.places == {"name": 0, "number": 1}
    assert columns.read(sheet.Row(2, ("Siti",))) == {"name": "Siti", "number": ""}


def test_unknown_columns_are_remarked_and_a_nik_is_never_read() -> None:
    columns = sheet.find_columns(["nama", "nipp", "NIK", ""], KNOWN)
    assert columns.places == {"name": 0}
    assert "did you mean 'nip'?" in columns.remarks[0]
    assert "not stored" in columns.remarks[1]


def test_two_columns_of_one_meaning_are_refused() -> None:
    with pytest.raises(SheetError, match="both say name"):
        sheet.find_columns(["nama", "Name"], KNOWN)


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+62", "-1", "@x", "\tx", "'=1", "'198503122010012003", "''=1", "  =1", "\n=1", "198503122010012003"],
)
def test_no_cell_that_is_written_is_run_or_rounded_and_it_reads_back_as_it_was(cell: str) -> None:
    raw = sheet.write(["a"], [[cell]])
    assert raw.decode("utf-8-sig").splitlines()[1].lstrip('"').startswith("'")
    assert sheet.read(raw, "f").rows[0].cells == (cell,)


@given(st.lists(st.text(max_size=50).filter(lambda cell: "\0" not in cell), min_size=1, max_size=5))
def test_what_is_written_reads_back(cells: list[str]) -> None:
    raw = sheet.write(["c"] * len(cells), [cells])
    if any(cell.strip() for cell in cells) and not any(0xD800 <= ord(mark) < 0xE000 for mark in "".join(cells)):
        assert sheet.read(raw, "f").rows[0].cells == tuple(cells)


@given(st.binary(max_size=300))
def test_no_bytes_make_it_crash(raw: bytes) -> None:
    with contextlib.suppress(SheetError):
        assert sheet.read(raw, "f").header
