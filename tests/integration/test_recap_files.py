"""A recap as XLSX and CSV: opened again it says the same, nothing in it runs, and no change stays unseen."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook.workbook import Workbook

from collector.recap import csvfile, semicolons, xlsx
from collector.recap.checking import check
from collector.recap.document import DOCUMENT, digest, text, trimmed
from collector.recap.layout import digest_of
from collector.recap.seal import qr_text, stamp
from tests.fixtures.recaps import unit_document
from wire.seals import KeyName, Keyring, Sealed, SealingKey

CENTRE = SealingKey.generate(KeyName("centre", 1))
KEYS = Keyring([CENTRE.public])
DOCUMENT_14 = unit_document()
XLSX = xlsx.write(DOCUMENT_14, CENTRE)
CSV = csvfile.write(DOCUMENT_14, CENTRE)
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)


def book(raw: bytes = XLSX) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(raw))


def saved(opened: Workbook) -> bytes:
    target = io.BytesIO()
    opened.save(target)
    return target.getvalue()


def test_the_workbook_has_the_recap_the_days_and_the_warnings() -> None:
    opened = book()
    assert opened.sheetnames == ["Rekap", "Harian", "Disiplin"]
    rows = [[cell for cell in row if cell is not None] for row in opened["Rekap"].iter_rows(values_only=True)]
    assert rows[0] == ["PEMERINTAH KABUPATEN LUMAJANG"]
    assert ["Bulan", "Mei 2026"] in rows
    assert ["Dicetak", "02-06-2026 09:15:30 WIB"] in rows
    assert ["NIP 196805121990031004", "NIP 199001012015032001"] in rows


def test_a_nip_is_a_text_cell_and_a_number_is_a_number() -> None:
    (row,) = [row for row in book()["Rekap"].iter_rows() if row[1].value == "Bambang Hariyanto"]
    cells = dict(zip([column.title for column in DOCUMENT_14.tables[0].columns], row, strict=False))
    assert (cells["NIP/ID"].data_type, cells["NIP/ID"].value) == ("s", "198503122010012001")
    assert (cells["% potongan"].data_type, cells["% potongan"].value, cells["TL1"].value) == ("n", 8.75, 2)


def test_a_name_that_looks_like_a_formula_is_text() -> None:
    cells = [cell for sheet in book() for row in sheet.iter_rows() for cell in row]
    assert "=1+1 Tri Utomo" in [cell.value for cell in cells]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert "\n6;'=1+1" not in CSV.decode()
    assert ";'=1+1 Tri Utomo;'198503122010012013;" in CSV.decode()


def test_the_same_recap_gives_the_same_bytes() -> None:
    assert xlsx.write(unit_document(), CENTRE) == XLSX
    assert csvfile.write(unit_document(), CENTRE) == CSV


def test_what_travels_inside_a_pdf_reads_back_as_the_same_document() -> None:
    assert DOCUMENT.decode(DOCUMENT.encode(DOCUMENT_14)) == DOCUMENT_14


@pytest.mark.parametrize("raw", [XLSX, CSV], ids=["xlsx", "csv"])
def test_a_file_as_the_centre_made_it_is_good(raw: bytes) -> None:
    found = check(raw, KEYS)
    assert found.fault == ""
    assert found.stamp is not None
    assert (found.stamp.unit, found.stamp.month, found.stamp.printed) == (
        "bkd-mutasi",
        "2026-05",
        "02-06-2026 09:15 WIB",
    )


def test_a_workbook_that_was_opened_and_saved_is_still_good() -> None:
    assert check(saved(book()), KEYS).fault == ""


@pytest.mark.parametrize("sheet", ["Rekap", "Harian", "Disiplin"])
def test_one_changed_cell_is_found_on_every_sheet(sheet: str) -> None:
    opened = book()
    opened[sheet].cell(row=8, column=2).value = "Orang Lain"
    assert "digest" in check(saved(opened), KEYS).fault


def test_a_number_moved_to_the_next_column_is_found() -> None:
    opened = book()
    late = next(row for row in opened["Rekap"].iter_rows() if row[1].value == "Bambang Hariyanto")
    late[19].value, late[20].value = late[20].value, late[19].value
    assert "digest" in check(saved(opened), KEYS).fault


def test_a_changed_cell_with_a_digest_to_match_is_found_by_the_seal() -> None:
    rows = semicolons.decode(CSV)
    place = next(number for number, row in enumerate(rows) if row and row[0] == "Sidik SHA-256")
    rows[1][9] = "99"
    rows[place][1] = digest([(csvfile.NAME, trimmed(rows[:place]))])
    assert "changed after it was sealed" in check(semicolons.encode(rows), KEYS).fault


def test_a_cell_behind_the_frame_a_hidden_sheet_and_a_formula_are_found() -> None:
    beside, hidden, formula = book(), book(), book()
    beside["Rekap"].cell(row=60, column=60).value = "x"
    hidden.create_sheet("lain").sheet_state = "hidden"
    formula["Rekap"].cell(row=8, column=9).value = "=8+6"
    assert "digest" in check(saved(beside), KEYS).fault
    assert "hidden sheets lain" in check(saved(hidden), KEYS).fault
    assert "formula" in check(saved(formula), KEYS).fault


def test_a_seal_of_somebody_else_is_nothing() -> None:
    forger = SealingKey.generate(KeyName("centre", 1))
    found = check(xlsx.write(DOCUMENT_14, forger), KEYS)
    assert found.stamp is None
    assert "not the centre's" in found.fault


def test_a_seal_over_another_kind_of_message_is_nothing() -> None:
    class Commander:
        def seal(self, kind: Sealed, payload: bytes) -> str:
            return CENTRE.seal(Sealed.COMMAND, payload)

    assert "not the centre's" in check(csvfile.write(DOCUMENT_14, Commander()), KEYS).fault


def test_the_seal_of_another_month_does_not_pass() -> None:
    other = csvfile.write(replace(DOCUMENT_14, month="2026-04"), CENTRE).split(b"Segel;")[1]
    moved = CSV.split(b"Segel;")[0] + b"Segel;" + other
    found = check(moved, KEYS)
    assert found.stamp is None or found.stamp.month == "2026-04"
    assert check(CSV.replace(b"Mei 2026", b"Juni 2026"), KEYS).fault


def test_the_text_of_the_qr_code_says_what_was_sealed() -> None:
    seal = stamp(DOCUMENT_14, digest_of(DOCUMENT_14), CENTRE)
    told = qr_text(DOCUMENT_14, seal)
    assert told.startswith("SIPERLU bkd-mutasi 2026-05\n")
    assert len(told) < 520, "more would make the modules too small for a phone"
    found = check(told.encode(), KEYS)
    assert (found.fault, found.stamp.digest if found.stamp else "") == ("", digest_of(DOCUMENT_14))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no line"),
        (b"PK\x03\x04 nothing", "no workbook"),
        (b"%PDF-1.7 nothing", "carries no recap"),
        (b"SIPERLU", "not the centre's"),
        (b"a;b\r\n", "no line 'Segel'"),
        (b"\xff\xfe\x00", "neither"),
        (b'"a', "neither"),
    ],
)
def test_what_is_no_recap_is_said_to_be_none(raw: bytes, why: str) -> None:
    found = check(raw, KEYS)
    assert found.stamp is None
    assert why in found.fault


PARTS = zipfile.ZipFile(io.BytesIO(XLSX)).namelist()


@pytest.mark.parametrize("part", PARTS)
def test_a_workbook_with_a_damaged_part_is_an_answer_not_a_crash(part: str) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(XLSX)) as whole, zipfile.ZipFile(target, "w") as damaged:
        for name in PARTS:
            raw = whole.read(name)
            damaged.writestr(name, raw[: len(raw) // 2] if name == part else raw)
    found = check(target.getvalue(), KEYS)
    shown = part.startswith(("xl/worksheets/sheet", "xl/sharedStrings", "xl/workbook"))
    assert bool(found.fault) >= shown, "a look that was damaged may pass, a word may not"


@settings(max_examples=8, deadline=None)
@given(name=TEXT, post=TEXT)
def test_any_name_and_post_survive_csv_and_xlsx_and_verify(name: str, post: str) -> None:
    table = DOCUMENT_14.tables[0]
    row = (table.rows[0][0], name, table.rows[0][2], "PNS", "III/b", post, *table.rows[0][6:])
    changed = replace(DOCUMENT_14, tables=(replace(table, rows=(row,)),))
    for raw in (csvfile.write(changed, CENTRE), xlsx.write(changed, CENTRE)):
        assert check(raw, KEYS).fault == ""


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))), min_size=1))
def test_any_row_of_texts_survives_csv(row: list[str]) -> None:
    assert semicolons.decode(semicolons.encode([row])) == [row]


@pytest.mark.parametrize(
    ("cell", "shown"), [(8.75, "8,75"), (100.0, "100"), (0.0, "0"), (7, "7"), ("a", "a"), (None, ""), (0.5, "0,5")]
)
def test_numbers_are_printed_as_offices_write_them(cell: object, shown: str) -> None:
    assert text(cell) == shown
