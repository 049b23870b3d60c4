"""The words of the domain: day codes, states, categories of people, and typed reasons.

Codes are the Indonesian abbreviations that stand in the recap. Words for people are made elsewhere, from these.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Category(StrEnum):
    """Kinds of service a person can be in; each may have its own hours."""

    PNS = "pns"
    PPPK = "pppk"
    PPPK_PARUH_WAKTU = "pppk-paruh-waktu"
    HONORER_GURU = "honorer-guru"
    HONORER_DINAS = "honorer-dinas"


class Code(StrEnum):
    """What a day becomes. A day may carry several: H TL1 PSW4 TA."""

    H = "H"  # hadir
    DL = "DL"  # dinas luar
    DK = "DK"  # diklat
    TB = "TB"  # tugas belajar
    WFH = "WFH"
    WFA = "WFA"
    LJ = "LJ"  # lepas jaga: off after a shift
    LB = "LB"  # libur: day off, by week, rota or holiday
    CT = "CT"  # cuti tahunan
    CS = "CS"  # cuti sakit
    CM = "CM"  # cuti melahirkan
    CAP = "CAP"  # cuti karena alasan penting
    CB = "CB"  # cuti besar
    CBER = "CBer"  # cuti bersama: joint leave
    CLTN = "CLTN"  # cuti di luar tanggungan negara
    I = "I"  # noqa: E741 - izin, the recap's own letter
    TL1 = "TL1"  # terlambat
    TL2 = "TL2"
    TL3 = "TL3"
    TL4 = "TL4"
    PSW1 = "PSW1"  # pulang sebelum waktu
    PSW2 = "PSW2"
    PSW3 = "PSW3"
    PSW4 = "PSW4"
    TA = "TA"  # tidak apel
    TK = "TK"  # tanpa keterangan


LATE = (Code.TL1, Code.TL2, Code.TL3, Code.TL4)
EARLY = (Code.PSW1, Code.PSW2, Code.PSW3, Code.PSW4)
FAULTS = frozenset((*LATE, *EARLY, Code.TA, Code.TK))
PERMITS = frozenset(
    (
        Code.DL,
        Code.DK,
        Code.TB,
        Code.WFH,
        Code.WFA,
        Code.LJ,
        Code.LB,
        Code.CT,
        Code.CS,
        Code.CM,
        Code.CAP,
        Code.CB,
        Code.CLTN,
        Code.I,
    )
)
"""Codes that a letter, a rota or a permission can give to a day."""


class State(StrEnum):
    """How sure a day's result is."""

    OPEN = "open"  # a kiosk the person could have used is not complete yet: nobody is late or absent
    FINAL = "final"
    REVIEW = "review"  # a human must decide; what is in doubt is not held against the person


class ReasonKind(StrEnum):
    """Why a day became what it is; the facts of each kind are named beside it."""

    NOT_IN_SERVICE = "not-in-service"
    HOLIDAY = "holiday"  # name, decree
    JOINT_LEAVE = "joint-leave"  # name, decree
    WEEKLY_OFF = "weekly-off"
    ROTA_OFF = "rota-off"
    NO_ROTA = "no-rota"  # no rota was entered for a person who works by rota
    NO_HOURS = "no-hours"  # no hours of their own for a person who works by them
    PERMIT = "permit"  # code, letter
    PERMITS_OVERLAP = "permits-overlap"  # codes
    LOOKED_ON_PERMIT = "looked-on-permit"  # a look during leave: worth a check, changes nothing
    KIOSKS_INCOMPLETE = "kiosks-incomplete"  # kiosks (of their places), elsewhere (0, 1), until
    NO_KIOSK = "no-kiosk"  # the person's place has none
    LATE = "late"  # at, due, minutes
    EARLY = "early"  # at, due, minutes
    NO_CHECK_IN = "no-check-in"  # minutes
    NO_CHECK_OUT = "no-check-out"  # minutes
    NO_LOOK = "no-look"  # nothing at all: TK
    ASSEMBLY_MISSED = "assembly-missed"  # name
    MIDDAY_MISSED = "midday-missed"  # name: a violation to check, never a code
    OUTAGE = "outage"  # kiosk, from, until, side
    ROSTER_LATE = "roster-late"  # kiosk, from, until, side
    NOT_ENROLLED = "not-enrolled"  # kiosk, from, until, side
    KIOSK_FINISHED = "kiosk-finished"  # kiosk, from, side: declared finished by BKD, silent since
    DISASTER = "disaster"  # name
    CLOCK_DOUBT = "clock-doubt"  # record, side
    PIN_UNGUARANTEED = "pin-unguaranteed"  # record, side
    MANUAL = "manual"  # list, why
    MANUAL_UNFOUNDED = "manual-unfounded"  # list, why: the facts do not show the named reason
    RULING = "ruling"  # entry, effect, and of a look its record
    CONTRADICTION = "contradiction"  # what: rules or schedule of the person contradict each other


Fact = tuple[str, str | int]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason with its facts, by name in alphabetical order; moments are RFC 3339 with offset."""

    kind: ReasonKind
    facts: tuple[Fact, ...] = ()

    def fact(self, name: str) -> str | int:
        """One fact; raises KeyError when this kind has none of that name."""
        return dict(self.facts)[name]


def reason(kind: ReasonKind, **facts: str | int | datetime | None) -> Reason:
    """A reason from named facts; those that are None are left out, a trailing underscore of a name is dropped."""
    told = ((name.rstrip("_"), value) for name, value in facts.items() if value is not None)
    return Reason(kind, tuple(sorted((name, _plain(value)) for name, value in told)))


def _plain(value: str | int | datetime) -> str | int:
    return value.isoformat() if isinstance(value, datetime) else value
