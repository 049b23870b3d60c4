"""XLSX lists as offices send them, and as an attacker would: read within limits, or refused with value, rule and mend."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from collector.errors import SheetError
from collector.people import importing, rows, sheet, workbook
from collector.people.rows import Bad

NIP = "198503122010012003"
HEADER = ["nama", "nip", "status", "unit"]


def book(*lines: list[Any], after: Callable[[Any], None] = lambda _: None) -> bytes:
    made = openpyxl.Workbook()
    for line in (HEADER, *lines):
        made.active.append(line)
    after(made)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def repacked(raw: bytes, change: Callable[[str, bytes], bytes], extra: dict[str, bytes] | None = None) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            new.writestr(one.filename, change(one.filename, old.read(one)))
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return target.getvalue()


def person(raw: bytes, line: int = 0) -> rows.PersonRow | Bad:
    table = sheet.read(raw, "f.xlsx")
    kind, columns = importing._columns(table.header)
    assert kind == "people"
    return importing._read(table.rows[line], columns, rows.person)


def test_a_list_with_numbers_as_text_is_read_as_it_stands() -> None:
    read = person(book(["Siti Rahayu", NIP, "PNS", "SD-1"]))
    assert isinstance(read, rows.PersonRow)
    assert (read.line, read.name, read.number, read.unit) == (2, "Siti Rahayu", NIP, "SD-1")


def test_a_workbook_as_excel_writes_it_with_shared_texts_and_text_columns_is_read() -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as made:
        page = made.add_worksheet("Pegawai")
        page.write_row(0, 0, HEADER)
        page.write_string(1, 0, "Siti Rahayu")
        page.write_string(1, 1, NIP, made.add_format({"num_format": "@"}))
        page.write_row(1, 2, ["PNS", "SD-1"])
    read = person(target.getvalue())
    assert isinstance(read, rows.PersonRow)
    assert read.number == NIP


@pytest.mark.parametrize("number", [1.98503122010012e17, 198503122010012000, 198503122010012003])
def test_a_nip_that_is_a_number_is_refused_with_the_mend(number: float) -> None:
    read = person(book(["Siti", number, "PNS", "SD-1"]))
    assert isinstance(read, Bad)
    assert "'1.985e+17' was rounded by a spreadsheet; format the column as text and enter it again" in read.errors[0]


def test_dates_small_numbers_and_blanks_become_the_texts_people_mean() -> None:
    raw = book([None, None], ["x", date(2026, 1, 2), datetime.fromisoformat("2026-01-02"), 12], [7.0, -8.133, True, ""])
    table = sheet.read(raw, "f")
    assert [(row.line, row.cells) for row in table.rows] == [
        (3, ("x", "02-01-2026", "02-01-2026", "12")),
        (4, ("7", "-8.133", "TRUE")),
    ]


def test_a_formula_is_refused_with_its_cell() -> None:
    read = person(book(['=HYPERLINK("http://evil")', NIP, "PNS", "SD-1"]))
    assert isinstance(read, Bad)
    assert read.errors == ("cell A2 holds a formula; paste values only",)


def test_merged_cells_are_refused_with_their_place() -> None:
    raw = book(["a"], after=lambda made: made.active.merge_cells("A2:B3"))
    with pytest.raises(SheetError, match=r"merged cells \(A2:B3\); unmerge them"):
        sheet.read(raw, "f")


def test_only_the_first_visible_sheet_is_read_and_that_is_said() -> None:
    def more(made: Any) -> None:
        made.create_sheet("rahasia", 0).sheet_state = "hidden"
        made.create_sheet("lain").append(["x"])

    table = sheet.read(book(["a", NIP, "PNS", "U"], after=more), "f")
    assert (table.header, table.remarks) == (tuple(HEADER), ("only the first sheet 'Sheet' is read",))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    raw = repacked(book(["a"]), lambda _, content: content, {"xl/media/x.bin": b"\0" * (workbook.MAX_UNPACKED + 1)})
    assert len(raw) < 200_000
    with pytest.raises(SheetError, match="64 MiB are read"):
        sheet.read(raw, "f")


def test_a_part_that_lies_about_its_size_is_refused() -> None:
    raw = bytearray(repacked(book(["a"]), lambda _, content: content, {"xl/big.xml": b"<a>" + b" " * 1000}))
    place = raw.rindex(b"xl/big.xml") - 46 + 24  # its uncompressed size in the central directory
    raw[place : place + 4] = (10).to_bytes(4, "little")
    with pytest.raises(SheetError, match=r"damaged|no workbook"):
        sheet.read(bytes(raw), "f")


def test_too_many_parts_are_refused() -> None:
    raw = repacked(book(["a"]), lambda _, content: content, {f"x/{n}.xml": b"<a/>" for n in range(500)})
    with pytest.raises(SheetError, match="at most 400"):
        sheet.read(raw, "f")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_in_any_encoding(encoding: str) -> None:
    lol = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><a>&b;</a>'.encode(encoding)
    raw = repacked(book(["a"]), lambda name, content: lol if name == "xl/styles.xml" else content)
    with pytest.raises(SheetError, match="declares entities or is not UTF-8"):
        sheet.read(raw, "f")


def test_what_a_sheet_says_of_its_size_is_not_believed() -> None:
    def lie(name: str, content: bytes) -> bytes:
        return content.replace(b'ref="A1:D2"', b'ref="A1:A1"') if "worksheets" in name else content

    assert isinstance(person(repacked(book(["Siti", NIP, "PNS", "SD-1"]), lie)), rows.PersonRow)


def test_a_cell_at_the_far_corner_costs_nothing() -> None:
    raw = book(["a", NIP, "PNS", "U"], after=lambda made: made.active.cell(1048576, 16384, "x"))
    assert len(sheet.read(raw, "f").rows) == 1


def test_more_rows_than_are_read_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_ROWS", 3)
    assert len(sheet.read(book(*[["a"]] * 3), "f").rows) == 3
    with pytest.raises(SheetError, match="more than 3 rows; split it"):
        sheet.read(book(*[["a"]] * 4), "f")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xd0\xcf\x11\xe0 old", "password-protected workbook; save it as .xlsx without a password"),
        (b"PK\x03\x04 no zip", "damaged workbook; save it again"),
        (repacked(book(["a"]), lambda name, content: b"" if name == "xl/workbook.xml" else content), "no workbook"),
        (repacked(book(["a"]), lambda name, content: content[:300] if "sheet1" in name else content), "no workbook"),
    ],
)
def test_what_is_no_workbook_is_an_answer_not_a_crash(raw: bytes, said: str) -> None:
    with pytest.raises(SheetError, match=said):
        sheet.read(raw, "f")
