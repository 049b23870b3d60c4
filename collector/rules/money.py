"""The allowance (TPP): percent of a month to rupiah. Decimal throughout, rounded once, at the end."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from collector.rules.ruleset import TppBase, TppTable

RUPIAH = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """What a month's events take from an allowance, in rupiah. `percent`: after the cap; `base`: what it is taken of."""

    percent: Decimal
    base: Decimal
    amount: Decimal


def deduction(allowance: Decimal, percent: Decimal, table: TppTable, working_days: int) -> Deduction:
    """The deduction from a month's whole allowance in rupiah; `working_days`: the month's, for a day's base.

    Half a rupiah is rounded up. Raises ValueError for a negative allowance or percentage.
    """
    if allowance < 0 or percent < 0:
        raise ValueError(f"allowance {allowance}, percent {percent}: neither can be below zero")
    held = min(percent, table.cap)
    base = _base(allowance, table, working_days)
    return Deduction(percent=held, base=_rupiah(base), amount=_rupiah(base * held / 100))


def _base(allowance: Decimal, table: TppTable, working_days: int) -> Decimal:
    if table.base is TppBase.DISCIPLINE:
        return allowance * table.discipline_share
    if table.base is TppBase.DAY:
        return allowance / working_days if working_days else Decimal(0)
    return allowance


def _rupiah(amount: Decimal) -> Decimal:
    return amount.quantize(RUPIAH, rounding=ROUND_HALF_UP)
