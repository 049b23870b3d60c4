"""From looks to a recap: every number can be explained, and the allowance comes out to the rupiah."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from collector.errors import ReportError
from collector.recap import semicolons, tpp
from collector.recap.lines import lines
from collector.recap.month import Month, ranges
from collector.recap.tables import COLUMNS, DAY_CODES, document
from collector.rules.codes import Code
from collector.rules.discipline import notices
from collector.rules.evidence import Permit
from collector.rules.month import corrections
from collector.rules.ready import TPP
from collector.rules.ruleset import TppBase
from tests.fixtures.recaps import MAY, OFFICE, ON_TIME, WORKED, asked, member, month_of, unit_document, unit_lines
from tests.unit.rules.scene import UNIT

HERE = frozenset({UNIT})


def test_the_columns_are_those_of_the_domain_text() -> None:
    titles = [column.title for column in COLUMNS]
    assert titles == [
        *("No", "Nama", "NIP/ID", "Status", "Gol", "Jabatan", "Unit", "HK", "H", "DL", "CT", "CS", "CM", "CAP", "CB"),
        *("I", "TB", "WFH", "TK", "TL1", "TL2", "TL3", "TL4", "PSW1", "PSW2", "PSW3", "PSW4"),
        *("Tidak presensi masuk", "Tidak presensi pulang", "TA", "Menit terlambat", "Menit pulang cepat"),
        *("% potongan", "% disiplin", "TK tahun ini", "Keterangan"),
    ]


def test_from_looks_to_rupiah_the_worked_example_is_87_500() -> None:
    found = lines([member()], month_of("p1", WORKED), MAY, HERE)
    (payment,) = tpp.payments(found)
    assert found[0].percent == Decimal("8.75")
    assert (payment.taken.base, payment.taken.amount, payment.paid) == (1_000_000, 87_500, 2_412_500)
    titles, row = semicolons.decode(tpp.write(found, MAY))
    told = dict(zip(titles, row, strict=True))
    assert told["nip_id"] == member().number
    assert (told["tpp"], told["dasar_potongan"], told["potongan"]) == ("2500000", "1000000", "87500")
    assert (told["persen_potongan"], told["aturan"]) == ("8,75", "perpres-21-2023/1")


@pytest.mark.parametrize(("base", "taken"), [(TppBase.WHOLE, 218_750), (TppBase.DAY, 13_672)])
def test_the_allowance_follows_the_base_of_the_rule_set_that_held(base: TppBase, taken: int) -> None:
    found = lines([member(tpp=replace(TPP, base=base))], month_of("p1", WORKED), MAY, HERE)
    assert tpp.payments(found)[0].taken.amount == taken


def test_nobody_is_paid_from_a_month_that_is_not_settled() -> None:
    with pytest.raises(ReportError, match="1 days are open or in review"):
        tpp.write(unit_lines(), MAY)


def test_an_allowance_list_of_nobody_says_what_is_missing() -> None:
    with pytest.raises(ReportError, match="needs a column tpp"):
        tpp.write(lines([member(allowance=None)], month_of("p1", {}), MAY, HERE), MAY)


def test_working_days_are_exactly_what_the_day_columns_note_and_open_days_say() -> None:
    for line in unit_lines():
        told = sum(line.month.count(code) for code in (*DAY_CODES, Code.DK, Code.WFA, Code.CLTN))
        open_days = sum(day.working and not day.codes for day in line.days)
        assert line.month.working_days == told + open_days


def test_what_has_no_column_and_what_is_not_final_stands_in_the_note() -> None:
    notes = {line.member.id: line.note for line in unit_lines()}
    assert notes["p3"] == "DK 2"
    assert notes["p7"] == "belum final: tgl 29"


def test_a_second_sheet_has_every_day_with_its_codes() -> None:
    daily = unit_document().tables[1]
    assert [column.title.split()[0] for column in daily.columns[3:]] == [str(day) for day in range(1, 32)]
    worked = next(row for row in daily.rows if row[1] == "Bambang Hariyanto")
    assert [worked[2 + day] for day in (4, 5, 7, 9, 12, 13, 15)] == [
        *("H TA", "H TL1", "H TL3", "LB", "H PSW4", "TK", "CBer")
    ]


def test_the_early_warning_names_the_paragraph_and_no_punishment() -> None:
    warnings = unit_document().tables[2]
    reached = [row for row in warnings.rows if row[1] == "Eko Prasetyo Nugroho"]
    assert [row[-2:] for row in reached] == [
        ("PP 94/2021 Pasal 9 ayat (2): 7 s.d. 10 hari", "tercapai"),
        ("PP 94/2021 Pasal 11 ayat (2): 10 hari kerja terus-menerus", "2 hari lagi"),
    ]
    said = " ".join(str(cell) for row in warnings.rows for cell in row).casefold()
    assert not any(word in said for word in ("teguran", "pemberhentian", "penurunan", "pemotongan"))


def test_a_paid_day_stays_as_it_was_and_the_years_counter_follows_what_is_known_now() -> None:
    day = date(2026, 5, 13)
    paid = list(month_of("p1", WORKED))
    now = list(month_of("p1", {**WORKED, day: ON_TIME}))
    (line,) = lines([member()], now, MAY, HERE, closed=paid)
    assert (line.month.count(Code.TK), line.percent) == (1, Decimal("8.75"))
    assert line.year.absent == 0
    assert line.notices == tuple(notices(line.year, member().ladder))


def test_corrections_of_closed_months_are_listed_and_told_to_payroll() -> None:
    day = date(2026, 5, 13)
    found = corrections(month_of("p1", WORKED), month_of("p1", {**WORKED, day: ON_TIME}))
    (line,) = lines([member()], month_of("p1", {}), MAY, HERE)
    corrected = replace(line, corrections=tuple(found))
    *_, listed = document(asked(), [corrected]).tables
    assert (listed.name, listed.rows[0][3:]) == ("Koreksi", ("13-05-2026", "TK", "H", -3.0, 0))
    titles, row = semicolons.decode(tpp.write([corrected], MAY))
    told = dict(zip(titles, row, strict=True))
    assert (told["koreksi_persen_bulan_lalu"], told["potongan"]) == ("-3", "0")
    assert len(document(asked(), [line]).tables) == 3, "no list where there is nothing"


def test_absence_of_last_december_counts_in_a_row_and_not_in_the_year() -> None:
    december = [replace(day, day=date(2025, 12, day.day.day)) for day in month_of("p1", dict.fromkeys(MAY.days, ()))]
    (line,) = lines([member()], [*december, *month_of("p1", {})], MAY, HERE)
    assert line.year.absent == 0


def test_who_moved_has_only_the_days_of_this_unit_and_the_note_says_which() -> None:
    days = [replace(day, unit=UNIT if day.day.day <= 14 else "elsewhere") for day in month_of("p1", {})]
    (line,) = lines([member()], days, MAY, HERE)
    assert (len(line.days), line.note) == (14, "di unit ini 01-05-2026 s.d. 14-05-2026")
    assert lines([member()], days, MAY, frozenset({"third"})) == ()


def test_a_month_still_running_names_no_missing_days_for_days_to_come() -> None:
    days = [day for day in month_of("p1", {}) if day.day.day <= 20]
    assert lines([member()], days, MAY, HERE)[0].note == ""


def test_lines_are_by_unit_then_name_whatever_the_order_of_what_came() -> None:
    members = [member(1, "budi"), member(2, "Ani"), member(3, "Citra", unit="Bidang A")]
    days = [day for each in members for day in month_of(each.id, {})]
    expected = ["Citra", "Ani", "budi"]
    assert [line.member.name for line in lines(members, days, MAY, HERE)] == expected
    assert [line.member.name for line in lines(members[::-1], days[::-1], MAY, HERE)] == expected


def test_a_recap_says_whether_it_is_provisional_final_or_closed() -> None:
    settled = lines([member()], month_of("p1", {}), MAY, HERE)
    told = [
        dict(document(asked(closed=closed), some).facts)["Keadaan"]
        for closed, some in (("", unit_lines()), ("", settled), ("03-06-2026", settled))
    ]
    assert told == [
        "SEMENTARA: 1 hari pegawai belum final",
        "Semua hari final, bulan belum ditutup",
        "Ditutup 03-06-2026",
    ]


def test_leave_of_a_whole_month_is_no_presence_and_no_absence() -> None:
    leave = Permit(person="p1", code=Code.CM, since=MAY.days[0], until=MAY.days[-1], letter="800/2")
    (line,) = lines([member()], month_of("p1", {}, [leave]), MAY, HERE)
    assert (line.month.count(Code.CM), line.month.count(Code.H), line.month.count(Code.TK)) == (16, 0, 0)
    assert line.discipline == 100


@pytest.mark.parametrize("text", ["2026-13", "2026-5", "05-2026", "2026-05-01", "0000-01", "\uff12026-05", ""])
def test_a_month_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"YYYY-MM, e\.g\. 2026-05"):
        Month.parse(text)


def test_a_month_knows_its_days_and_its_name() -> None:
    assert (Month.parse("2024-02").days[-1].day, Month(2026, 8).words, str(Month(2026, 8))) == (
        29,
        "Agustus 2026",
        "2026-08",
    )
    assert ranges([date(2026, 5, day) for day in (7, 1, 2, 3, 2)]) == "01-03, 07"


def test_the_office_is_that_of_the_letterhead() -> None:
    shown = unit_document(1)
    assert shown.head[:2] == ("PEMERINTAH KABUPATEN LUMAJANG", OFFICE.opd.upper())
    assert dict(shown.foot) == {"Aturan jam kerja": "perpres-21-2023/1", "Dicetak": "02-06-2026 09:15:30 WIB"}
