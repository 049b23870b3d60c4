"""The recap as PDF: what stands on its pages, that its code can be scanned, and that no change stays unseen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner

from cli.main import main
from collector.errors import PrintError
from collector.recap import pdf
from collector.recap.checking import check
from collector.recap.layout import digest_of
from collector.recap.seal import qr_text, stamp
from tests.fixtures.recaps import unit_document
from wire.jwks import key_set, readable
from wire.seals import KeyName, Keyring, SealingKey

CENTRE = SealingKey.from_private(
    KeyName("centre", 1),
    {"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"},
)  # RFC 8037, appendix A.1
KEYS = Keyring([CENTRE.public])
DOCUMENT = unit_document()
DPI = 300

AGAIN = """
import sys
from tests.integration.test_recap_pdf import CENTRE
from tests.fixtures.recaps import unit_document
from collector.recap import pdf
sys.stdout.buffer.write(pdf.write(unit_document(), CENTRE))
"""
WITHOUT = """
import sys
sys.modules["weasyprint"] = None  # what an import finds where it is not installed
from tests.integration.test_recap_pdf import CENTRE, DOCUMENT
from collector.errors import PrintError
from collector.recap import csvfile, pdf, xlsx
assert xlsx.write(DOCUMENT, CENTRE) and csvfile.write(DOCUMENT, CENTRE)
try:
    pdf.write(DOCUMENT, CENTRE)
except PrintError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def printed() -> bytes:
    try:
        return pdf.write(DOCUMENT, CENTRE)
    except PrintError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def file(printed: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("recap") / "rekap.pdf"
    target.write_bytes(printed)
    return target


def poppler(program: str, *arguments: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed: apt-get install poppler-utils")
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True, timeout=60).stdout


def pages(file: Path) -> list[str]:
    return poppler("pdftotext", "-layout", str(file), "-").split("\f")[:-1]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        timeout=100,
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[2],
    )


def test_letterhead_names_numbers_and_signatures_stand_on_the_first_pages(file: Path) -> None:
    text = " ".join("".join(pages(file)[:2]).split())
    for said in (
        *("PEMERINTAH KABUPATEN LUMAJANG", "BADAN KEPEGAWAIAN DAERAH", "REKAPITULASI PRESENSI PEGAWAI"),
        *("Bulan: Mei 2026", "SEMENTARA: 1 hari pegawai belum final", "Bambang Hariyanto", "198503122010012001"),
        *(
            "Lumajang, 2 Juni 2026",
            "Drs. H. Contoh Pimpinan, M.Si.",
            "Pembina Utama Muda (IV/c)",
            "NIP 196805121990031004",
        ),
        *("perpres-21-2023/1", "02-06-2026 09:15:30 WIB", digest_of(DOCUMENT)[:32], digest_of(DOCUMENT)[32:]),
    ):
        assert said in text


def test_every_page_says_of_what_it_is_and_which_print(file: Path) -> None:
    told = pages(file)
    assert len(told) == 4
    for number, page in enumerate(told, 1):
        assert f"{number}/4" in "".join(page.split())
        assert "Bidang Mutasi dan Promosi (bkd-mutasi) · Mei 2026" in page
        assert f"Sidik {digest_of(DOCUMENT)[:16]} · dicetak 02-06-2026 09:15 WIB" in page


def test_the_page_that_is_signed_has_names_on_it(file: Path) -> None:
    signed = next(page for page in pages(file) if "Mengetahui" in page)
    assert "Yusuf Abdullah" in signed, "the last rows stay with the signatures"
    assert "Jumlah" in signed


def test_it_is_folio_paper_across(file: Path) -> None:
    told = poppler("pdfinfo", str(file))
    assert "935.433 x 609.449 pts" in told
    assert "CreationDate" not in told


def test_the_code_on_paper_can_be_scanned_and_says_what_was_sealed(file: Path, tmp_path: Path) -> None:
    page = next(number for number, text in enumerate(pages(file), 1) if "Mengetahui" in text)
    poppler(*("pdftoppm", "-r", str(DPI), "-f", str(page), "-l", str(page), "-png"), str(file), str(tmp_path / "page"))
    (drawn,) = tmp_path.glob("page*.png")
    text = cv2.QRCodeDetector().detectAndDecode(cv2.imread(str(drawn)))[0]
    assert text == qr_text(DOCUMENT, stamp(DOCUMENT, digest_of(DOCUMENT), CENTRE))
    assert check(text.encode(), KEYS).fault == ""


def test_another_process_prints_the_same_bytes(printed: bytes) -> None:
    assert python(AGAIN, PYTHONHASHSEED="7", TZ="Pacific/Auckland").stdout == printed


def test_a_pdf_as_the_centre_made_it_is_good(printed: bytes) -> None:
    found = check(printed, KEYS)
    assert (found.fault, found.stamp.month if found.stamp else "") == ("", "2026-05")


def test_the_command_checks_a_pdf_and_prints_its_content_again(file: Path, tmp_path: Path) -> None:
    keys, again = tmp_path / "centre.jwks", tmp_path / "again.pdf"
    keys.write_text(readable(key_set([CENTRE.public], [])))
    done = CliRunner().invoke(main, ["verify", str(file), "--keys", str(keys), "--print", str(again)])
    assert (done.exit_code, "recap of bkd-mutasi, 2026-05" in done.stderr) == (0, True), done.stderr
    assert again.read_bytes() == file.read_bytes()


def test_a_changed_page_is_found_though_the_content_inside_is_whole(printed: bytes) -> None:
    start = printed.index(b"stream\n") + len(b"stream\n")
    end = printed.index(b"\nendstream", start)
    page = zlib.decompress(printed[start:end])
    assert b"TJ" in page, "the first stream draws the first page"
    found = check(printed[:start] + zlib.compress(page.replace(b"TJ", b"Tj", 1)) + printed[end:], KEYS)
    assert found.stamp is not None
    assert "its pages are not those" in found.fault


def test_pages_of_another_document_with_a_seal_of_this_one_are_found(printed: bytes) -> None:
    seal = stamp(DOCUMENT, digest_of(DOCUMENT), CENTRE)
    flattered = replace(DOCUMENT, facts=(("Bulan", "Mei 2026"), ("Unit", "lain"), ("Keadaan", "Semua hari final")))
    assert "changed after it was sealed" in check(pdf.laid_out(flattered, seal.text), KEYS).fault


def test_a_name_cannot_make_the_printer_open_a_file_or_write_markup(tmp_path: Path, printed: bytes) -> None:
    table = DOCUMENT.tables[0]
    name = '<img src="file:///etc/hostname"><b>x</b>'
    row = (table.rows[0][0], name, *table.rows[0][2:])
    target = tmp_path / "hostile.pdf"
    target.write_bytes(pdf.write(replace(DOCUMENT, tables=(replace(table, rows=(row,)), *DOCUMENT.tables[1:])), CENTRE))
    said = "".join(poppler("pdftotext", "-raw", str(target), "-").split())
    assert "".join(name.split()) in said


def test_without_weasyprint_xlsx_and_csv_still_work_and_the_mend_is_named() -> None:
    said = python(WITHOUT).stdout.decode()
    assert "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in said


@pytest.mark.slow
def test_a_large_unit_repeats_its_titles_on_every_page(tmp_path: Path, printed: bytes) -> None:
    target = tmp_path / "large.pdf"
    target.write_bytes(pdf.write(unit_document(45), CENTRE))
    told = pages(target)
    listed = [page for page in told if "Analis SDM" in page]
    assert len(listed) > 2
    assert all("NIP/ID" in page and "Keterangan" in page for page in listed)
    assert sum("Mengetahui" in page for page in told) == 1
