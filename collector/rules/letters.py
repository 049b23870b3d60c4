"""What each code of leave asks for: who approves it, whether its letter must lie here, where somebody travels. Pure.

Who approves is a choice (docs/decisions/0160): the law gives leave by delegation, and the regency's own delegation is not published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from collector.rules.codes import Code
from collector.rules.evidence import Permit


class Approver(StrEnum):
    """Who decides about a letter."""

    SUPERIOR = "superior"  # the head of the unit or of one above it
    BKD = "bkd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a code asks for. `paper`: its letter must be attached; `place`: where one goes; `superior_most`: the calendar days
    that a superior may give, longer ones go to BKD; `part`: a part of the day may be asked for."""

    approver: Approver = Approver.SUPERIOR
    paper: bool = True
    place: bool = False
    superior_most: int | None = None
    part: bool = False

    def decided_by(self, since: date, until: date) -> Approver:
        """Who decides about these dates, both included."""
        long = self.superior_most is not None and (until - since).days + 1 > self.superior_most
        return Approver.BKD if long else self.approver


ASKED: dict[Code, Asked] = {
    Code.CT: Asked(paper=False),
    Code.CS: Asked(superior_most=14),  # PP 11/2017: from the 15th day on by a doctor whom the government names
    Code.CM: Asked(approver=Approver.BKD),
    Code.CAP: Asked(superior_most=14),
    Code.CB: Asked(approver=Approver.BKD),
    Code.CLTN: Asked(approver=Approver.BKD),
    Code.I: Asked(paper=False, superior_most=2, part=True),
    Code.DL: Asked(place=True, part=True),
    Code.DK: Asked(place=True, part=True),
    Code.TB: Asked(approver=Approver.BKD, place=True),
    Code.WFH: Asked(paper=False),
    Code.WFA: Asked(paper=False, place=True),
}
"""Codes that are filed, in the order of the form. LB and LJ come from the rota, CBer from the table of holidays."""


def meets(one: Permit, other: Permit) -> bool:
    """Whether two letters claim the same time of one person. Parts of a day that do not touch stand side by side."""
    if one.person != other.person or one.since > other.until or other.since > one.until:
        return False
    if one.hours is None or other.hours is None:
        return True
    return one.hours[0] < other.hours[1] and other.hours[0] < one.hours[1]
