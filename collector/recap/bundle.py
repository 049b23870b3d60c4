"""The recaps of many units in one ZIP, each as its own head signs it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from collector.errors import ReportError
from collector.recap import csvfile, pdf, xlsx
from collector.recap.document import Document
from collector.recap.seal import Sealer
from collector.recap.source import Wish, unit_month
from collector.recap.tables import document

Writer = Callable[[Document, Sealer], bytes]
Progress = Callable[[int, int], object]

WRITERS: Mapping[str, Writer] = {"xlsx": xlsx.write, "pdf": pdf.write, "csv": csvfile.write}
"""By the end of the file's name."""

LEFT_OUT = "TIDAK-ADA.txt"


@dataclass(frozen=True, slots=True)
class Bundled:
    """How many recaps are in the ZIP, and the units that have none, with the reason."""

    recaps: int
    left_out: tuple[tuple[str, str], ...]


def bundle(  # noqa: PLR0913 - what, of whom, by whose keys, where to
    engine: Engine, wish: Wish, units: Sequence[str], sealer: Sealer, *, target: Path, told: Progress
) -> Bundled:
    """Write the recap of each unit into a new ZIP. `wish.unit` is not looked at; `told`: how many are done, of how many.

    A transaction a unit, so that nobody waits for the whole. A unit without a judged day is listed in the ZIP, not an error.
    """
    left_out: list[tuple[str, str]] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:  # an XLSX is a ZIP already
        for number, unit in enumerate(units, 1):
            try:
                with Session(engine) as session:
                    asked, lines = unit_month(session, replace(wish, unit=unit))
                archive.writestr(f"rekap-{name_of(unit)}-{wish.month}.xlsx", xlsx.write(document(asked, lines), sealer))
            except ReportError as error:
                left_out.append((unit, str(error)))
            told(number, len(units))
        if left_out:
            archive.writestr(LEFT_OUT, "".join(f"{unit}: {why}\r\n" for unit, why in left_out))
    return Bundled(len(units) - len(left_out), tuple(left_out))


def name_of(unit: str) -> str:
    """A unit's code as a part of a file's name: nothing that any system takes for a path."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in unit)[:64]
