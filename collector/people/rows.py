"""What a row says of a person or a unit, or why it cannot be taken. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from collector.errors import NumberError
from collector.people.numbers import CivilNumber, Status, looks_like_nik, masked, parse_nik, parse_number

T = TypeVar("T")

PERSON_COLUMNS = {
    "id": ("id", "nomor_internal", "no_internal", "internal_number"),
    "name": ("nama", "nama_lengkap", "name"),
    "number": ("nip", "nip_ni_pppk", "ni_pppk", "nip_nippppk", "number"),
    "status": ("status", "status_kepegawaian"),
    "unit": ("unit", "kode_unit", "unit_kerja", "unit_code"),
    "second": ("unit_kedua", "kode_unit_kedua", "second_unit"),
    "born": ("tanggal_lahir", "tgl_lahir", "born", "birth_date"),
    "from": ("mulai", "tmt", "from"),
    "until": ("sampai", "until"),
    "left": ("keluar", "berhenti", "left", "left_on"),
}
NIK_COLUMN = {"nik": ("nik", "no_nik", "nomor_nik")}
"""Read only where somebody asked for it."""
PERSON_NEEDS = ("name", "status", "unit")

UNIT_COLUMNS = {
    "code": ("kode", "kode_unit", "code"),
    "name": ("nama", "nama_unit", "name"),
    "kind": ("jenis", "kind"),
    "parent": ("induk", "kode_induk", "parent"),
    "latitude": ("lintang", "latitude", "lat"),
    "longitude": ("bujur", "longitude", "lon"),
}
UNIT_NEEDS = ("code", "name")

KINDS = {
    **{
        kind: kind
        for kind in ("opd", "bagian", "upt", "kecamatan", "kelurahan", "desa", "puskesmas", "school", "other")
    },
    "sekolah": "school",
    "lainnya": "other",
}
LONGEST_NAME = 200
DATES = ("%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%d")

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as a file has them. `given`: the columns the file has; what it has not, stays as it is."""

    line: int
    id: str | None
    name: str
    status: Status
    number: str | None
    unit: str
    second: str | None
    from_day: date | None
    until_day: date | None
    left_on: date | None
    given: frozenset[str]
    warnings: tuple[str, ...] = ()
    nik: str | None = None


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit as a file has it. `given`: the columns the file has; what it has not, stays as it is."""

    line: int
    code: str
    name: str
    kind: str
    parent: str | None
    latitude: float | None
    longitude: float | None
    given: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be taken, and everything that is wrong with it."""

    line: int
    errors: tuple[str, ...]


class _Reader:
    """Reads the cells of one row and gathers every error, so that one look mends the whole row."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = cells
        self.errors: list[str] = []

    def take(self, meaning: str, parse: Callable[[str], T]) -> T | None:
        """The parsed cell; None when it is empty or wrong."""
        text = self.cells.get(meaning, "").strip()
        try:
            return parse(text) if text else None
        except ValueError as error:
            self.errors.append(str(error))
            return None

    def need(self, meaning: str, parse: Callable[[str], T]) -> T | None:
        """The same for a cell that must not be empty."""
        if not self.cells.get(meaning, "").strip():
            self.errors.append(f"{meaning} is empty; fill it in")
        return self.take(meaning, parse)


def person(line: int, cells: Mapping[str, str]) -> PersonRow | Bad:
    """Read the cells of a person, by the meanings of PERSON_COLUMNS."""
    reader = _Reader(cells)
    name, status = reader.need("name", clean_name), reader.need("status", Status.parse)
    unit, second = reader.need("unit", code), reader.take("second", code)
    own, born = reader.take("id", internal_number), reader.take("born", day)
    from_day, until_day, left_on = (reader.take(meaning, day) for meaning in ("from", "until", "left"))
    number = _number(reader, status) if status else None
    protected = reader.take("nik", parse_nik)
    if own is None and number is None and not reader.errors:
        reader.errors.append("neither id nor NIP: nothing to know this person by next time; give an id")
    if from_day and until_day and until_day < from_day:
        reader.errors.append(f"until {until_day} lies before from {from_day}; exchange them")
    if reader.errors or name is None or status is None or unit is None:
        return Bad(line, tuple(reader.errors))
    warnings = (*_warnings(number, born), *_other_birth(number, protected))
    digits = number.digits if number else None
    return PersonRow(
        line,
        own,
        name,
        status,
        digits,
        unit,
        second,
        from_day,
        until_day,
        left_on,
        frozenset(cells),
        warnings,
        protected,
    )


def unit(line: int, cells: Mapping[str, str]) -> UnitRow | Bad:
    """Read the cells of a unit, by the meanings of UNIT_COLUMNS."""
    reader = _Reader(cells)
    own, name = reader.need("code", code), reader.need("name", clean_name)
    kind, parent = reader.take("kind", _kind), reader.take("parent", code)
    latitude, longitude = reader.take("latitude", degrees(90)), reader.take("longitude", degrees(180))
    if (latitude is None) != (longitude is None) and not reader.errors:
        reader.errors.append("latitude without longitude, or longitude without latitude; give both")
    if reader.errors or own is None or name is None:
        return Bad(line, tuple(reader.errors))
    return UnitRow(line, own, name, kind or "opd", parent, latitude, longitude, frozenset(cells))


def clean_name(text: str) -> str:
    """A name in composed form with single blanks. Raises ValueError for an invisible character or one too long.

    Anything visible is a name: formulas, HTML and SQL are texts here, and whoever shows them must write them as such.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    hidden = next((mark for mark in name if unicodedata.category(mark) in ("Cc", "Cf", "Cs", "Co", "Cn")), None)
    if hidden is not None:
        raise ValueError(f"name has the invisible character U+{ord(hidden):04X}; type the name again")
    if not 0 < len(name) <= LONGEST_NAME:
        raise ValueError(f"name of {len(name)} characters; it must have 1 to {LONGEST_NAME}")
    return name


def code(text: str) -> str:
    """A unit's code. Raises ValueError."""
    if not _CODE.match(text):
        raise ValueError(f"unit code {text[:80]!r}: letters, digits and . _ / - only, at most 64; correct it")
    return text


def internal_number(text: str) -> str:
    """The internal number of a person without NIP. Raises ValueError, for a NIK too."""
    if looks_like_nik(text):
        raise ValueError(
            f"id {masked(text)} has the 16 digits of a NIK, which is not stored; give a number of your own"
        )
    if not _CODE.match(text):
        raise ValueError(f"id {text[:80]!r}: letters, digits and . _ / - only, at most 64; correct it")
    return text


def day(text: str) -> date:
    """A date as dd-mm-yyyy, dd/mm/yyyy or yyyy-mm-dd. Raises ValueError."""
    for form in DATES:
        try:
            found = datetime.strptime(text, form).date()  # noqa: DTZ007 - a calendar day has no zone
        except ValueError:
            continue
        if found.year >= 1900:
            return found
    raise ValueError(f"date {text[:80]!r} is not a day since 1900 as dd-mm-yyyy; correct it")


def _number(reader: _Reader, status: Status) -> CivilNumber | None:
    text = reader.cells.get("number", "").strip()
    if not status.numbered:
        if text:
            reader.errors.append(f"{status} has no NIP; leave it empty or correct the status")
        return None
    if not text:
        reader.errors.append(f"NIP or NI PPPK is empty; {status} needs it")
    try:
        return parse_number(text, status) if text else None
    except NumberError as error:
        reader.errors.append(str(error))
        return None


def _warnings(number: CivilNumber | None, born: date | None) -> tuple[str, ...]:
    if number is None or born is None or number.born == born:
        return ()
    return (f"born {born:%d-%m-%Y} by the file, {number.born:%d-%m-%Y} by the NIP; check which is right",)


def _other_birth(number: CivilNumber | None, nik: str | None) -> tuple[str, ...]:
    """The NIK says day, month and the last two digits of the year; of women the day plus 40."""
    if number is None or nik is None:
        return ()
    by_nik = f"{int(nik[6:8]) % 40:02}-{nik[8:10]}-{nik[10:12]}"
    by_number = f"{number.born:%d-%m-%y}"
    return () if by_nik == by_number else (f"born {by_nik} by the NIK, {by_number} by the NIP; check which is right",)


def _kind(text: str) -> str:
    found = KINDS.get(text.casefold())
    if found is None:
        raise ValueError(f"kind {text[:80]!r} is not known; write one of: {', '.join(KINDS)}")
    return found


def degrees(limit: int) -> Callable[[str], float]:
    """Reads a coordinate of at most that many degrees, with point or comma. What it gives raises ValueError."""

    def parse(text: str) -> float:
        try:
            found = float(text.replace(",", "."))
        except ValueError:
            found = float("nan")
        if not -limit <= found <= limit:
            raise ValueError(f"{text[:80]!r} is not between -{limit} and {limit} degrees; correct it")
        return found

    return parse
