"""Is a recap file as the centre made it? Everything it shows is held against its seal; nothing in it is believed before.

XLSX and CSV: the cells are read back, so a file that was opened and saved again is still good while no cell changed.
PDF: the pages are printed again from what it carries and compared byte for byte.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import openpyxl

from collector.recap import csvfile, pdf, semicolons
from collector.recap.document import digest, trimmed
from collector.recap.layout import digest_of
from collector.recap.seal import DIGEST_LINE, MARK, SEAL_LINE, Stamp, opened
from wire.errors import WireError
from wire.seals import Keyring

MAX_BYTES = 64 * 2**20

Sheets = list[tuple[str, list[list[str]]]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: the stamp when the seal is the centre's, and why the file is not good (empty: it is)."""

    stamp: Stamp | None
    fault: str = ""


def check(raw: bytes, keys: Keyring) -> Finding:
    """Check a recap by its content, whatever it is called: XLSX, PDF, CSV, or the text of its QR code."""
    if len(raw) > MAX_BYTES:
        return Finding(None, f"larger than {MAX_BYTES // 2**20} MiB: no recap is")
    if raw.startswith(b"PK"):
        return _xlsx(raw, keys)
    if raw.startswith(b"%PDF"):
        return _pdf(raw, keys)
    if raw.startswith(MARK.encode()):
        return _sealed(raw.decode("utf-8", "replace").split()[-1], None, keys)
    return _csv(raw, keys)


def _sealed(seal: str, shown: str | None, keys: Keyring) -> Finding:
    """`shown`: digest of what the file shows; None where there is only the seal."""
    try:
        said = opened(seal, keys)
    except WireError as error:
        return Finding(None, f"its seal is not the centre's: {error}")
    if shown not in (None, said.digest):
        return Finding(said, f"what it shows was changed after it was sealed (digest {shown}, sealed {said.digest})")
    return Finding(said)


def _rows(sheets: Sheets, keys: Keyring) -> Finding:
    """Sheets of texts, the first of which ends in the lines of digest and seal."""
    if not sheets:
        return Finding(None, "it has no sheet")
    name, rows = sheets[0]
    lines = {row[-2]: row[-1] for row in rows if len(row) > 1 and row[-2] in (DIGEST_LINE, SEAL_LINE)}
    if SEAL_LINE not in lines:
        return Finding(None, f"it has no line {SEAL_LINE!r}: it is no recap, or the line was taken out")
    kept = [row for row in rows if len(row) < 2 or row[-2] not in lines]
    shown = digest([(name, kept), *sheets[1:]])
    if lines.get(DIGEST_LINE) != shown:
        found = _sealed(lines[SEAL_LINE], None, keys)
        return Finding(found.stamp, found.fault or f"what it shows has digest {shown}, not the one that stands in it")
    return _sealed(lines[SEAL_LINE], shown, keys)


def _xlsx(raw: bytes, keys: Keyring) -> Finding:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            if sum(part.file_size for part in parts.infolist()) > MAX_BYTES:
                return Finding(None, f"its parts are larger than {MAX_BYTES // 2**20} MiB: no recap is")
        book = openpyxl.load_workbook(io.BytesIO(raw))
    except Exception as error:  # noqa: BLE001 - openpyxl answers a broken part with whatever went wrong inside it
        return Finding(None, f"it is no workbook that can be read ({type(error).__name__})")
    if hidden := [sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"]:
        return Finding(None, f"it has hidden sheets {', '.join(hidden)}: no recap has")
    if any(cell.data_type == "f" for sheet in book.worksheets for row in sheet.iter_rows() for cell in row):
        return Finding(None, "it has a formula: no recap has")
    return _rows([(sheet.title, trimmed(sheet.iter_rows(values_only=True))) for sheet in book.worksheets], keys)


def _csv(raw: bytes, keys: Keyring) -> Finding:
    try:
        rows = semicolons.decode(raw)
    except ValueError:
        return Finding(None, "it is neither XLSX, PDF, CSV in UTF-8 nor the text of a QR code")
    return _rows([(csvfile.NAME, trimmed(rows))], keys)


def _pdf(raw: bytes, keys: Keyring) -> Finding:
    """Raises PrintError when pages cannot be printed here, so that they cannot be compared."""
    content = pdf.content_of(raw)
    if content is None:
        return Finding(None, "it carries no recap: print it anew, not through another program")
    found = _sealed(content.seal, digest_of(content.document), keys)
    if found.fault or raw == pdf.laid_out(content.document, content.seal):
        return found
    return Finding(
        found.stamp,
        "its pages are not those that its sealed content gives here: they were changed, or printed by other versions of the "
        "libraries; print the content with --print and compare",
    )
