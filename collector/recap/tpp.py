"""The allowance list of a month (TPP): who is deducted how much, of what. Pure; Decimal throughout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from collector.errors import ReportError
from collector.recap import semicolons
from collector.recap.faults import Fault
from collector.recap.lines import Line
from collector.recap.month import Month
from collector.rules.money import Deduction, deduction

TITLES = (
    *("bulan", "nip_id", "nama", "unit", "status", "tpp", "dasar_potongan", "persen_potongan", "potongan", "dibayar"),
    *("koreksi_persen_bulan_lalu", "aturan", "keterangan"),
)


@dataclass(frozen=True, slots=True)
class Payment:
    """One person's allowance in rupiah: the whole, and what is taken."""

    line: Line
    allowance: Decimal
    taken: Deduction

    @property
    def paid(self) -> Decimal:
        """What is left."""
        return self.allowance - self.taken.amount


def payments(lines: Iterable[Line]) -> tuple[Payment, ...]:
    """Everybody whose allowance is known."""
    return tuple(
        Payment(line, allowance, deduction(allowance, line.percent, line.member.tpp, line.month.working_days))
        for line in lines
        if (allowance := line.member.allowance) is not None
    )


def write(lines: Sequence[Line], month: Month, *, closed: bool = False) -> bytes:
    """The list as CSV, amounts in whole rupiah without separator, percent with a decimal comma.

    Corrections of earlier months are told in percent and not yet taken off: they are of that month's base, not of this one's.

    Raises ReportError when the month is neither settled nor `closed`, or nobody's allowance is known: half a list would be
    paid.
    """
    waiting = sum(len(line.month.unsettled) for line in lines)
    if waiting and not closed:
        raise ReportError(
            f"{month}: {waiting} days are open or in review, so nobody can say what is paid; settle them or close the month first, or print "
            "the recap without the allowance list",
            Fault.UNSETTLED,
            month=str(month),
            days=waiting,
        )
    paid = payments(lines)
    if not paid:
        text = f"{month}: nobody's allowance is known; the staff list needs a column tpp"
        raise ReportError(text, Fault.NO_ALLOWANCE, month=str(month))
    return semicolons.encode([TITLES, *(_row(each, month) for each in paid)])


def _row(payment: Payment, month: Month) -> tuple[str, ...]:
    member, taken = payment.line.member, payment.taken
    return (
        *(str(month), member.number, member.name, member.unit, member.status),
        *(
            f"{payment.allowance:.0f}",
            f"{taken.base:.0f}",
            _percent(taken.percent),
            f"{taken.amount:.0f}",
            f"{payment.paid:.0f}",
        ),
        *(_percent(payment.line.corrected), " ".join(payment.line.month.rules), payment.line.note),
    )


def _percent(percent: Decimal) -> str:
    return f"{percent.normalize():f}".replace(".", ",")
