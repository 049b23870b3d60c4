"""Who stands in a recap, whose office it is, and who signs it. Facts, no verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from collector.recap.month import Month
from collector.rules.ruleset import Ladder, TppTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of the unit. `number`: NIP, NI PPPK or internal id; `grade`: golongan; `post`: jabatan; empty when unknown.

    `tpp`, `ladder`: of the rule set that holds for them on the last day of the month. `allowance`: the month's whole
    TPP in rupiah, None when nobody said.
    """

    id: str
    name: str
    number: str
    status: str
    unit: str
    tpp: TppTable
    ladder: Ladder
    grade: str = ""
    post: str = ""
    allowance: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """Who signs: name, rank (pangkat) and NIP; empty ones are a line to fill in by hand."""

    title: str
    name: str = ""
    rank: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Whose recap it is. `opd`: the OPD it belongs to; `units`: codes of the unit and those below it."""

    regency: str
    place: str
    opd: str
    code: str
    name: str
    units: frozenset[str]
    head: Signatory
    officer: Signatory


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be printed, and when. `printed`: with a zone; the one thing in which two prints of a closed month differ.

    `closed`: date on which the month was closed, as printed, or empty.
    """

    office: Office
    month: Month
    printed: datetime
    closed: str = ""
