"""Rule sets that come ready: Perpres 21/2023, its Ramadan, Lumajang's Ramadan 1447 H, PP 94/2021, the usual TPP table.

What no text confirms is marked (?) where it stands; BKD enters its own version.
"""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

from collector.rules.codes import Code
from collector.rules.hours import Hours, OwnWeek, Pattern, Rota, SevenDays, Shift, Week, Windows
from collector.rules.ruleset import Assembly, AssemblyKind, Ladder, Layer, RuleSet, Rung, TppTable

FIVE_DAY, SIX_DAY, SHIFT = "five-day", "six-day", "shift"
LESSONS, PART_TIME = "lessons", "part-time"

_BY_LATENESS = ("0.5", "1", "1.25", "1.5")

TPP = TppTable(
    percent=(
        *((Code(f"TL{band}"), Decimal(part)) for band, part in enumerate(_BY_LATENESS, 1)),
        *((Code(f"PSW{band}"), Decimal(part)) for band, part in enumerate(_BY_LATENESS, 1)),
        (Code.TA, Decimal(2)),
        (Code.TK, Decimal(3)),  # (?)
    )
)
"""The usual deductions, in percent of the discipline part, 40 % of the allowance; at most 100 % in a month."""

PP_94_2021 = Ladder(
    law="PP 94/2021",
    rungs=(
        Rung(paragraph="Pasal 9 ayat (2): 3 hari", least=3, most=3),
        Rung(paragraph="Pasal 9 ayat (2): 4 s.d. 6 hari", least=4, most=6),
        Rung(paragraph="Pasal 9 ayat (2): 7 s.d. 10 hari", least=7, most=10),
        Rung(paragraph="Pasal 10 ayat (2): 11 s.d. 13 hari", least=11, most=13),
        Rung(paragraph="Pasal 10 ayat (2): 14 s.d. 16 hari", least=14, most=16),
        Rung(paragraph="Pasal 10 ayat (2): 17 s.d. 20 hari", least=17, most=20),
        Rung(paragraph="Pasal 11 ayat (2): 21 s.d. 24 hari", least=21, most=24),
        Rung(paragraph="Pasal 11 ayat (2): 25 s.d. 27 hari", least=25, most=27),
        Rung(paragraph="Pasal 11 ayat (2): 28 hari atau lebih", least=28),
        Rung(paragraph="Pasal 11 ayat (2): 10 hari kerja terus-menerus", least=10, in_row=True),
    ),
)
"""Days absent without reason in a calendar year. 450 minutes late or early are one day (?)."""

OWN_WINDOWS = Windows(in_opens=60, out_closes=240)
ROTA_WINDOWS = Windows(in_opens=90, out_closes=240)

SHIFTS = Rota(
    name=SHIFT,
    windows=ROTA_WINDOWS,
    shifts=(
        Shift(name="pagi", hours=Hours(start=time(7), end=time(14))),
        Shift(name="siang", hours=Hours(start=time(14), end=time(21))),
        Shift(name="malam", hours=Hours(start=time(21), end=time(7))),  # (?)
    ),
)
_PERSONAL: tuple[Pattern, ...] = (
    SHIFTS,
    OwnWeek(name=LESSONS, windows=OWN_WINDOWS),
    OwnWeek(name=PART_TIME, windows=OWN_WINDOWS),
)

APEL = Assembly(name="apel pagi", kind=AssemblyKind.APEL, opens=time(6), closes=time(7, 30), weekday=0)
SKJ = Assembly(name="SKJ", kind=AssemblyKind.SKJ, opens=time(5, 0), closes=time(7, 30), weekday=4)


def five_days(daily: Hours, friday: Hours) -> Week:
    """Monday to Friday."""
    return Week(name=FIVE_DAY, days=(daily, daily, daily, daily, friday, None, None))


def six_days(daily: Hours, friday: Hours, saturday: Hours) -> Week:
    """Monday to Saturday."""
    days: SevenDays = (daily, daily, daily, daily, friday, saturday, None)
    return Week(name=SIX_DAY, days=days)


PERPRES_21_2023 = RuleSet(
    id="perpres-21-2023",
    version=1,
    title="Hari dan jam kerja instansi pemerintah",
    decree="Perpres 21/2023",
    since=date(2023, 4, 12),
    until=None,
    patterns=(
        five_days(
            Hours(start=time(7, 30), end=time(16), break_minutes=60),
            Hours(start=time(7, 30), end=time(16, 30), break_minutes=90),
        ),
        six_days(
            Hours(start=time(7, 30), end=time(14, 30)),
            Hours(start=time(7, 30), end=time(11)),
            Hours(start=time(7, 30), end=time(13, 30)),
        ),
        *_PERSONAL,
    ),
    tpp=TPP,
    ladder=PP_94_2021,
    assemblies=(APEL, SKJ),
)
"""37 h 30 min a week; six days as another regency publishes them (?)."""


def perpres_ramadan(hijri_year: int, since: date, until: date) -> RuleSet:
    """Ramadan hours of Perpres 21/2023, 32 h 30 min a week, between two dates; apel and SKJ rest (?)."""
    daily = Hours(start=time(8), end=time(15), break_minutes=30)
    friday = Hours(start=time(8), end=time(15, 30), break_minutes=60)
    return RuleSet(
        id=f"perpres-ramadan-{hijri_year}",
        version=1,
        title=f"Jam kerja Ramadan {hijri_year} H",
        decree="Perpres 21/2023",
        since=since,
        until=until,
        layer=Layer.SPECIAL,
        patterns=(five_days(daily, friday), six_days(daily, friday, daily), *_PERSONAL),
        tpp=TPP,
        ladder=PP_94_2021,
    )


_LUMAJANG_DAILY = Hours(start=time(8), end=time(15), break_minutes=30)
_LUMAJANG_FRIDAY = Hours(start=time(7), end=time(11))

LUMAJANG_RAMADAN_1447 = RuleSet(
    id="lumajang-ramadan-1447",
    version=1,
    title="Jam kerja Ramadan 1447 H Kabupaten Lumajang",
    decree="SE Bupati Lumajang (Ramadan 1447 H)",
    since=date(2026, 2, 19),  # (?) first day of Ramadan
    until=date(2026, 3, 20),  # (?) eve of Eid
    layer=Layer.SPECIAL,
    patterns=(
        five_days(_LUMAJANG_DAILY, _LUMAJANG_FRIDAY),
        six_days(_LUMAJANG_DAILY, _LUMAJANG_FRIDAY, _LUMAJANG_DAILY),  # (?) Saturday as on Monday to Thursday
        *_PERSONAL,
    ),
    tpp=TPP,
    ladder=PP_94_2021,
)

STANDING = (PERPRES_21_2023, LUMAJANG_RAMADAN_1447)
"""What a new centre starts with."""
