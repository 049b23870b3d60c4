"""Kinds of service, and the numbers that go with them: NIP and NI PPPK. Pure.

NIP (PNS), 18 digits: birth YYYYMMDD, appointment YYYYMM, sex 1 or 2, sequence 3 (Peraturan Kepala BKN 22/2007).
NI PPPK, 18 digits: birth 8, year of appointment 4, contract code 21 to 29, sex, sequence 3. Neither has a check digit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from collector.errors import NumberError

LEAST_AGE = 17
MONTHS = range(1, 13)
NIK_DAYS = (*range(1, 32), *range(41, 72))
CONTRACT_CODES = range(21, 30)
AS_TEXT = "format the column as text and enter it again"

_EIGHTEEN = re.compile(r"[0-9]{18}\Z")
_NIK = re.compile(r"[0-9]{16}\Z")
_ROUNDED = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+?[0-9]+\Z")


class Status(StrEnum):
    """How somebody serves."""

    PNS = "PNS"
    PPPK = "PPPK"
    PPPK_PART_TIME = "PPPK paruh waktu"
    HONORARY_TEACHER = "honorer guru"
    HONORARY = "honorer dinas"

    @property
    def numbered(self) -> bool:
        """Whether who serves so has a NIP or NI PPPK."""
        return self in (Status.PNS, Status.PPPK, Status.PPPK_PART_TIME)

    @classmethod
    def parse(cls, text: str) -> Status:
        """Read a status as people write it. Raises ValueError naming what is known."""
        word = " ".join(re.split(r"[\s_-]+", text.strip().casefold()))
        found = _STATUS.get(word)
        if found is None:
            raise ValueError(f"status {text!r} is not known; write one of: {', '.join(cls)}")
        return found


_STATUS = {status.casefold(): status for status in Status} | {
    "guru honorer": Status.HONORARY_TEACHER,
    "honorer": Status.HONORARY,
    "kontrak": Status.HONORARY,
    "tenaga kontrak": Status.HONORARY,
}


@dataclass(frozen=True, slots=True)
class CivilNumber:
    """A NIP or NI PPPK that can be one: its 18 digits, and the birth date and sex they say."""

    digits: str
    born: date
    sex: Literal["male", "female"]


def parse_number(text: str, status: Status) -> CivilNumber:
    """Read a NIP or NI PPPK, spaces allowed. Raises NumberError naming the value, the rule and the mend."""
    digits = re.sub(r"\s", "", text).removeprefix("'")
    if _ROUNDED.match(digits):
        raise NumberError(f"{digits!r} was rounded by a spreadsheet; {AS_TEXT}")
    if looks_like_nik(digits):
        raise NumberError(f"{masked(digits)} has the 16 digits of a NIK, which is not stored; enter the NIP or NI PPPK")
    if not _EIGHTEEN.match(digits):
        raise NumberError(f"{digits!r} has {len(digits)} characters; a NIP or NI PPPK is 18 digits, check the letter")
    _check_tail(digits, status)
    born = _birth(digits)
    if int(digits[8:12]) < born.year + LEAST_AGE:
        raise NumberError(f"{digits}: appointed {digits[8:12]}, born {born.year}, is below {LEAST_AGE} years of age")
    return CivilNumber(digits, born, "male" if digits[14] == "1" else "female")


def looks_like_nik(text: str) -> bool:
    """Whether a text has the form of a NIK, which is protected data and is never stored."""
    return bool(_NIK.match(re.sub(r"[\s.]", "", text).removeprefix("'")))


def parse_nik(text: str) -> str:
    """Read a NIK: 16 digits, of which 7 to 12 are a birth date DDMMYY with 40 added to the day of women, as Dukcapil
    gives them. Raises NumberError, which never tells the number."""
    digits = re.sub(r"[\s.]", "", text).removeprefix("'")
    if _ROUNDED.match(digits):
        raise NumberError(f"a NIK was rounded by a spreadsheet; {AS_TEXT}")
    if not _NIK.match(digits):
        raise NumberError(f"a NIK of {len(digits)} characters; it has 16 digits, check the card")
    day, month = int(digits[6:8]), int(digits[8:10])
    if digits[0] == "0" or day not in NIK_DAYS or month not in MONTHS or digits[12:] == "0000":
        raise NumberError(f"NIK {masked(digits)}: digits 7 to 12 are no birth date, or it ends in 0000; check the card")
    return digits


def masked(digits: str) -> str:
    """The first four digits, the others as stars: for messages about what must not be kept."""
    return digits[:4] + "*" * (len(digits) - 4)


def _birth(digits: str) -> date:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError as error:
        raise NumberError(f"{digits}: digits 1 to 8 are not a birth date YYYYMMDD, check them") from error


def _check_tail(digits: str, status: Status) -> None:
    code = int(digits[12:14])
    if status is Status.PNS and code not in MONTHS:
        mend = "; 21 to 29 would be a PPPK, check the status" if code in CONTRACT_CODES else ", check them"
        raise NumberError(f"{digits}: digits 13 and 14 are {digits[12:14]}, a PNS has the month 01 to 12{mend}")
    if status is not Status.PNS and code not in CONTRACT_CODES:
        mend = "; 01 to 12 would be a PNS, check the status" if code in MONTHS else ", check them"
        raise NumberError(f"{digits}: digits 13 and 14 are {digits[12:14]}, a PPPK has 21 to 29{mend}")
    if digits[14] not in "12":
        raise NumberError(f"{digits}: digit 15 is {digits[14]}, it must be 1 (man) or 2 (woman), check it")
    if digits[15:] == "000":
        raise NumberError(f"{digits}: digits 16 to 18 are 000; if a spreadsheet rounded it, {AS_TEXT}")
