"""The recap's three tables from its lines: sums, days 1 to 31, and the early warning. Pure; words are Indonesian."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from collector.recap.document import Cell, Column, Document, Row, Table
from collector.recap.lines import Line
from collector.recap.month import NAMES, WEEKDAYS, written
from collector.recap.people import Asked
from collector.rules.codes import EARLY, LATE, Code, State
from collector.rules.day import DayResult
from collector.rules.discipline import Notice
from collector.rules.month import Correction

RECAP, DAYS, WARNINGS, CORRECTIONS = "Rekap", "Harian", "Disiplin", "Koreksi"

DAY_CODES = (Code.H, Code.DL, Code.CT, Code.CS, Code.CM, Code.CAP, Code.CB, Code.I, Code.TB, Code.WFH, Code.TK)
EVENTS = (*LATE, *EARLY)
MEANINGS = {
    Code.H: "hadir",
    Code.DL: "dinas luar",
    Code.DK: "diklat",
    Code.TB: "tugas belajar",
    Code.WFH: "kerja dari rumah",
    Code.WFA: "kerja dari mana saja",
    Code.LJ: "lepas jaga",
    Code.LB: "libur",
    Code.CT: "cuti tahunan",
    Code.CS: "cuti sakit",
    Code.CM: "cuti melahirkan",
    Code.CAP: "cuti alasan penting",
    Code.CB: "cuti besar",
    Code.CBER: "cuti bersama",
    Code.CLTN: "cuti di luar tanggungan negara",
    Code.I: "izin",
    Code.TA: "tidak apel",
    Code.TK: "tanpa keterangan",
}
OPEN_MARK, REVIEW_MARK = "?", "!"

WHO = (
    Column(title="No", width=6, numeric=True),
    Column(title="Nama", width=36),
    Column(title="NIP/ID", width=32),
)
COLUMNS = (
    *WHO,
    Column(title="Status", width=12),
    Column(title="Gol", width=8),
    Column(title="Jabatan", width=28),
    Column(title="Unit", width=25),
    Column(title="HK", width=5.2, meaning="hari kerja", numeric=True),
    *(Column(title=code.value, width=5.4, meaning=MEANINGS[code], numeric=True) for code in DAY_CODES),
    *(Column(title=code.value, width=5.2, numeric=True) for code in LATE),
    *(Column(title=code.value, width=6.6, numeric=True) for code in EARLY),
    Column(title="Tidak presensi masuk", width=7, numeric=True),
    Column(title="Tidak presensi pulang", width=7, numeric=True),
    Column(title="TA", width=5.2, meaning=MEANINGS[Code.TA], numeric=True),
    Column(title="Menit terlambat", width=8, numeric=True),
    Column(title="Menit pulang cepat", width=8, numeric=True),
    Column(title="% potongan", width=8.5, numeric=True),
    Column(title="% disiplin", width=8.5, numeric=True),
    Column(title="TK tahun ini", width=7.5, numeric=True),
    Column(title="Keterangan", width=22),
)


def document(asked: Asked, lines: Sequence[Line]) -> Document:
    """The whole recap, ready to be sealed and printed."""
    office, month = asked.office, asked.month
    rules = sorted({rules for line in lines for rules in line.month.rules})
    return Document(
        unit=office.code,
        month=str(month),
        printed=f"{written(asked.printed.date())} {asked.printed:%H:%M %Z}",
        head=(office.regency.upper(), office.opd.upper(), "REKAPITULASI PRESENSI PEGAWAI"),
        facts=(
            ("Bulan", month.words),
            ("Unit", f"{office.name} ({office.code})"),
            ("Keadaan", _standing(asked, lines)),
        ),
        tables=(_sums(lines), _daily(asked, lines), _warnings(lines), *_corrections(lines)),
        foot=(("Aturan jam kerja", ", ".join(rules) or "-"), ("Dicetak", _moment(asked))),
        signed=f"{office.place}, {asked.printed.day} {NAMES[asked.printed.month - 1]} {asked.printed.year}",
        signatories=(office.head, office.officer),
    )


def _standing(asked: Asked, lines: Sequence[Line]) -> str:
    waiting = sum(len(line.month.unsettled) for line in lines)
    if asked.closed:
        return f"Ditutup {asked.closed}" + (f", {waiting} hari pegawai tidak final" if waiting else "")
    return f"SEMENTARA: {waiting} hari pegawai belum final" if waiting else "Semua hari final, bulan belum ditutup"


def _moment(asked: Asked) -> str:
    return f"{written(asked.printed.date())} {asked.printed:%H:%M:%S} {asked.printed.tzname()}"


def _sums(lines: Sequence[Line]) -> Table:
    return Table(
        name=RECAP,
        title="Rekap",
        columns=COLUMNS,
        rows=tuple((*_who(number, line), *_row(line)) for number, line in enumerate(lines, 1)),
        total=("", "Jumlah", *[""] * 5, *_total(lines), *[""] * 4),
        notes=(
            "; ".join(f"{column.title} {column.meaning}" for column in COLUMNS if column.meaning) + ".",
            "TL1 s.d. TL4 terlambat, PSW1 s.d. PSW4 pulang sebelum waktu, menurut kelompok menit aturan jam kerja.",
            "% potongan dari dasar TPP sebulan; % disiplin: 100 dikurangi % potongan.",
        ),
    )


def _who(number: int, line: Line) -> Row:
    return number, line.member.name, line.member.number


def _row(line: Line) -> Row:
    member = line.member
    return (
        *(member.status, member.grade, member.post, member.unit),
        *_counts(line),
        *(float(line.percent), float(line.discipline), line.year.absent, line.note),
    )


def _counts(line: Line) -> tuple[int, ...]:
    month = line.month
    return (
        month.working_days,
        *(month.count(code) for code in (*DAY_CODES, *EVENTS)),
        *(month.no_check_in, month.no_check_out, month.count(Code.TA), month.minutes_late, month.minutes_early),
    )


def _total(lines: Sequence[Line]) -> tuple[Cell, ...]:
    counted = [_counts(line) for line in lines]
    return tuple(sum(each) for each in zip(*counted, strict=True))


def _daily(asked: Asked, lines: Sequence[Line]) -> Table:
    dates = asked.month.days
    codes = sorted({code for line in lines for day in line.days for code in day.codes}, key=list(Code).index)
    said = "; ".join(f"{code} {MEANINGS[code]}" for code in codes if code in MEANINGS)
    return Table(
        name=DAYS,
        title="Rekap harian",
        columns=(*WHO, *(_day_column(day) for day in dates)),
        rows=tuple((*_who(number, line), *_codes(line, dates)) for number, line in enumerate(lines, 1)),
        notes=(
            *([f"{said}."] if said else []),
            f"{OPEN_MARK} belum final: catatan kiosk belum lengkap; tidak ada yang dibebankan. {REVIEW_MARK} ditinjau petugas.",
        ),
    )


def _day_column(day: date) -> Column:
    return Column(title=f"{day.day} {WEEKDAYS[day.weekday()]}", width=7.6)


def _codes(line: Line, dates: Iterable[date]) -> Row:
    days = {day.day: _day(day) for day in line.days}
    return tuple(days.get(on, "") for on in dates)


def _day(day: DayResult) -> str:
    mark = {State.OPEN: OPEN_MARK, State.REVIEW: REVIEW_MARK, State.FINAL: ""}[day.state]
    return " ".join([*(code.value for code in day.codes), *([mark] if mark else [])])


def _warnings(lines: Sequence[Line]) -> Table:
    told = [(line, notice) for line in lines for notice in line.notices]
    return Table(
        name=WARNINGS,
        title="Peringatan dini disiplin",
        columns=(
            *WHO,
            Column(title="Unit", width=50),
            Column(title="TK tahun ini", width=18, numeric=True),
            Column(title="Menit terlambat dan pulang cepat", width=24, numeric=True),
            Column(title="Hari seluruhnya", width=18, numeric=True),
            Column(title="Hari kerja berturut-turut", width=22, numeric=True),
            Column(title="Dasar", width=70),
            Column(title="Kedudukan", width=34),
        ),
        rows=tuple((*_who(number, line), *_warning(line, notice)) for number, (line, notice) in enumerate(told, 1)),
        notes=(
            "Hari seluruhnya: TK ditambah menit terlambat dan pulang cepat yang dijumlahkan menjadi hari.",
            (
                "Daftar ini menyebut ketentuan yang tercapai atau mendekat, bukan hukuman. Pemeriksaan dan keputusan ada pada "
                "pejabat yang berwenang."
            ),
        ),
    )


def _warning(line: Line, notice: Notice) -> Row:
    year = line.year
    state = "tercapai" if notice.reached else f"{notice.missing} hari lagi"
    return (
        *(line.member.unit, year.absent, year.minutes, year.days, year.longest_row),
        *(f"{notice.law} {notice.rung.paragraph}", state),
    )


def _corrections(lines: Sequence[Line]) -> tuple[Table, ...]:
    """The list of what earlier, closed months would have been; no table when there is nothing."""
    told = [(line, each) for line in lines for each in line.corrections]
    table = Table(
        name=CORRECTIONS,
        title="Koreksi bulan yang sudah ditutup",
        columns=(
            *WHO,
            Column(title="Tanggal", width=24),
            Column(title="Semula", width=40),
            Column(title="Menjadi", width=40),
            Column(title="Selisih %", width=20, numeric=True),
            Column(title="Selisih menit", width=20, numeric=True),
        ),
        rows=tuple((*_who(number, line), *_correction(each)) for number, (line, each) in enumerate(told, 1)),
        notes=("Yang sudah dibayar tetap; selisih diperhitungkan pada bulan ini. Di bawah nol: untuk pegawai.",),
    )
    return (table,) if told else ()


def _correction(found: Correction) -> Row:
    return written(found.day), _day(found.then), _day(found.now), float(found.percent), found.minutes
