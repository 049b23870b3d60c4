"""`siperlu recap` and `siperlu verify`, from the centre's tables to files, on both databases."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from collector.judging.book import install
from collector.judging.results import document_of, write_results
from collector.keys import CentreKeys
from collector.recap import semicolons
from collector.rules.day import DayResult
from collector.store.engine import open_engine
from collector.store.people import Assignment, Person, Unit
from collector.store.results import ClosedDay, ClosedMonth, StoredCorrection
from collector.store.writer import Writer
from tests.fixtures.recaps import MAY, WORKED, month_of
from tests.stores import lay_tables
from tests.unit.rules.scene import OPD, UNIT
from wire.jwks import readable

NOW = datetime(2026, 6, 2, tzinfo=UTC)
NIP = "198503122010012001"
STAFF = f"""nip;id;gol;pangkat;jabatan;tpp;tanda_tangan
{NIP};;III/b;Penata Muda Tingkat I;Analis SDM Aparatur;Rp 2.500.000,00;petugas
196805121990031004;;IV/c;Pembina Utama Muda;Kepala Badan Kepegawaian Daerah;;kepala
;h-17;;;Pramu Kantor;;
"""


class Office:
    """A centre whose BKD has three people with a judged May."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "centre.toml"
        self.config.write_text(f'[store]\nurl = "{url}"\nkeys = "{folder / "centre-keys"}"\n')
        self.keys = folder / "centre.jwks"
        self.keys.write_text(readable(CentreKeys.open(folder / "centre-keys").public))
        self.staff = folder / "staff.csv"
        self.staff.write_text(STAFF)
        self.writer = Writer(open_engine(url))
        lay_tables(self.writer.engine)
        self._people()
        self.judge([*month_of("p1", WORKED), *month_of("p2", {}), *month_of("p3", {MAY.days[4]: ()})])

    def _people(self) -> None:
        with self.writer.session() as session:
            session.add(Unit(code=OPD, name="Badan Kepegawaian Daerah", kind="opd"))
            session.flush()
            session.add(Unit(code=UNIT, name="Bidang Mutasi", kind="bagian", parent=OPD))
            session.add(Unit(code="kosong", name="Unit Kosong", kind="opd"))
            session.add(Person(id="p1", name="Bambang Hariyanto", status="PNS", number=NIP))
            session.add(Person(id="p2", name="Drs. Contoh Pimpinan", status="PNS", number="196805121990031004"))
            session.add(Person(id="p3", name="@SUM(A1)", status="honorer dinas", internal_number="h-17"))
            session.flush()
            for who, unit in (("p1", UNIT), ("p2", OPD), ("p3", UNIT)):
                session.add(Assignment(person=who, unit=unit, from_day=date(2020, 1, 1)))

    def judge(self, results: list[DayResult]) -> None:
        with self.writer.transaction() as connection:
            install(connection, NOW)
            told = {(day.person, day.day): day for day in results}
            write_results(connection, told, {day.rules: "0" * 64 for day in results}, NOW)

    def close(self, results: list[DayResult], unit: str = UNIT) -> None:
        with self.writer.session() as session:
            session.add(
                ClosedMonth(unit=unit, month=MAY.days[0], closed_by="bkd", closed_at=NOW, digest="0" * 64, reason="")
            )
            for day in results:
                document, digest = document_of(day)
                row = ClosedDay(person=day.person, day=day.day, unit=day.unit, month=MAY.days[0])
                row.document, row.digest, row.rules_digest = document, digest, "0" * 64
                session.add(row)

    def recap(self, out: str, *more: str, unit: str = OPD, month: str = "2026-05") -> Result:
        return self.run(
            *("recap", "--unit", unit, "--month", month, "--out", str(self.folder / out), "--config", str(self.config)),
            *("--printed", "2026-06-02T09:15:30+07:00", *more),
        )

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, arguments)

    def verify(self, name: str, *more: str) -> Result:
        return self.run("verify", str(self.folder / name), "--keys", str(self.keys), *more)

    def table(self, name: str) -> dict[str, dict[str, object]]:
        """Rows of the first sheet by name, each by column."""
        sheet = openpyxl.load_workbook(io.BytesIO((self.folder / name).read_bytes()))["Rekap"]
        rows = [row for row in sheet.iter_rows(values_only=True) if row[0] is not None]
        titles = next(row for row in rows if row[0] == "No")
        return {str(row[1]): dict(zip(map(str, titles), row, strict=True)) for row in rows if isinstance(row[0], int)}


@pytest.fixture
def office(store_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(store_url, tmp_path)
    yield made
    made.writer.close()


def test_a_recap_from_the_tables_says_what_the_days_say(office: Office) -> None:
    done = office.recap("rekap.xlsx", "--staff", str(office.staff), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "file": str(office.folder / "rekap.xlsx"),
        "month": "2026-05",
        "people": 3,
        "unsettled_days": 0,
    }
    rows = office.table("rekap.xlsx")
    worked = rows["Bambang Hariyanto"]
    assert (worked["NIP/ID"], worked["Gol"], worked["Jabatan"], worked["Unit"]) == (
        *(NIP, "III/b", "Analis SDM Aparatur", "Bidang Mutasi"),
    )
    assert (worked["TL1"], worked["TL3"], worked["PSW4"], worked["TA"], worked["TK"]) == (2, 1, 1, 1, 1)
    assert (worked["% potongan"], worked["% disiplin"], worked["TK tahun ini"]) == (8.75, 91.25, 1)
    assert rows["@SUM(A1)"]["NIP/ID"] == "h-17"


def test_who_signs_comes_from_the_staff_list_and_else_there_are_lines(office: Office) -> None:
    office.recap("with.csv", "--staff", str(office.staff))
    office.recap("with.xlsx", "--staff", str(office.staff))
    office.recap("without.xlsx")
    signed, blank = (
        [
            str(cell)
            for row in openpyxl.load_workbook(office.folder / name)["Rekap"].iter_rows(values_only=True)
            for cell in row
        ]
        for name in ("with.xlsx", "without.xlsx")
    )
    assert {"Drs. Contoh Pimpinan", "NIP 196805121990031004", "Pembina Utama Muda", "Penata Muda Tingkat I"} <= set(
        signed
    )
    assert {"Kepala Badan Kepegawaian Daerah", "." * 40} <= set(blank)


def test_the_allowance_list_of_the_worked_example(office: Office) -> None:
    target = office.folder / "tpp.csv"
    assert office.recap("rekap.csv", "--staff", str(office.staff), "--tpp", str(target)).exit_code == 0
    titles, row = semicolons.decode(target.read_bytes())
    told = dict(zip(titles, row, strict=True))
    assert (told["nip_id"], told["persen_potongan"], told["potongan"], told["dibayar"]) == (
        NIP,
        "8,75",
        "87500",
        "2412500",
    )


@pytest.mark.parametrize("name", ["rekap.xlsx", "rekap.csv"])
def test_what_recap_writes_verify_finds_good_and_a_change_it_finds_out(office: Office, name: str) -> None:
    assert office.recap(name).exit_code == 0
    good = office.verify(name, "--json")
    assert good.exit_code == 0
    told = json.loads(good.stdout.splitlines()[-1])
    assert (told["good"], told["unit"], told["month"]) == (True, OPD, "2026-05")
    other = office.folder / f"other-{name}"
    other.write_bytes((office.folder / name).read_bytes()[:-40])
    bad = office.verify(other.name)
    assert bad.exit_code == 1
    assert "NOT GOOD" in bad.stderr


def test_the_same_print_twice_is_the_same_file(office: Office) -> None:
    office.recap("one.xlsx")
    office.recap("two.xlsx")
    assert (office.folder / "one.xlsx").read_bytes() == (office.folder / "two.xlsx").read_bytes()


def test_a_closed_month_is_printed_as_it_was_paid(office: Office) -> None:
    paid = list(month_of("p1", WORKED))
    office.close(paid, OPD)
    office.judge(list(month_of("p1", {})))
    assert office.recap("rekap.xlsx", unit=UNIT).exit_code == 0
    row = office.table("rekap.xlsx")["Bambang Hariyanto"]
    assert (row["TK"], row["% potongan"], row["TK tahun ini"]) == (1, 8.75, 0)
    sheet = openpyxl.load_workbook(office.folder / "rekap.xlsx")["Rekap"]
    assert "Ditutup 02-06-2026" in [row[2] for row in sheet.iter_rows(values_only=True)]


def test_a_month_lists_the_corrections_it_took_up(office: Office) -> None:
    then, now = (next(iter(month_of("p1", looks))) for looks in ({}, WORKED))
    paid, found = (replace(day, day=date(2026, 4, 13)) for day in (then, now))
    with office.writer.session() as session:
        session.add(
            StoredCorrection(
                person="p1",
                day=paid.day,
                unit=UNIT,
                then=document_of(paid)[0],
                now=document_of(found)[0],
                percent_milli=-3000,
                minutes=-5,
                noted_at=NOW,
                booked=MAY.days[0],
            )
        )
    assert office.recap("rekap.xlsx").exit_code == 0
    sheet = openpyxl.load_workbook(office.folder / "rekap.xlsx")["Koreksi"]
    rows = [row for row in sheet.iter_rows(values_only=True) if row[1] == "Bambang Hariyanto"]
    assert [(row[3], row[6], row[7]) for row in rows] == [("13-04-2026", -3, -5)]
    assert office.verify("rekap.xlsx").exit_code == 0


def test_what_cannot_be_printed_is_told_with_the_mend(office: Office) -> None:
    broken = office.folder / "broken.csv"
    broken.write_text("nip;tpp\n198503122010012001;dua juta\n")
    twice = office.folder / "twice.csv"
    twice.write_text(f"nip\n{NIP}\n{NIP}\n")
    nameless = office.folder / "nameless.csv"
    nameless.write_text("jabatan\nAnalis\n")
    refusals = {
        "unit 'nowhere' is not known": office.recap("r.csv", unit="nowhere"),
        "no day of 2026-05 has been judged": office.recap("r.csv", unit="kosong"),
        "no day of 2025-01": office.recap("r.csv", month="2025-01"),
        "is not written YYYY-MM": office.recap("r.csv", month="Mei"),
        "must end in one of .xlsx, .pdf, .csv": office.recap("r.docx"),
        "line 2: tpp 'dua juta' is not an amount": office.recap("r.csv", "--staff", str(broken)),
        "stands twice": office.recap("r.csv", "--staff", str(twice)),
        "no column nip or id": office.recap("r.csv", "--staff", str(nameless)),
        "needs a column tpp": office.recap("r.csv", "--tpp", str(office.folder / "t.csv")),
        "cannot be written": office.recap("nowhere/r.csv"),
        "give --keys FILE": office.run("verify", str(office.config)),
        "cannot be read": office.verify("missing.pdf"),
    }
    for why, refused in refusals.items():
        assert (refused.exit_code, why in refused.stderr) == (1, True), (why, refused.stderr)
    assert not list(office.folder.glob("r.*")), "nothing is half written"


def test_an_export_is_written_and_checked_by_the_command(office: Office) -> None:
    out = office.folder / "records.zip"
    span = ("--from", "2026-05-01", "--to", "2026-05-31")
    done = office.run("collector", "export", *span, "--out", str(out), "--config", str(office.config), "--json")
    assert (done.exit_code, json.loads(done.stdout.splitlines()[-1])["records"]) == (0, 0)
    assert office.verify("records.zip").exit_code == 0
    without = office.run("verify", str(out))
    assert without.exit_code == 0
    assert "compare with the centre's" in without.stderr
    back = ("--from", "2026-05-02", "--to", "2026-05-01")
    assert "is before --from" in office.run("collector", "export", *back, "--out", str(out)).stderr
