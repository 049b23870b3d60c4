"""An import is undone as a whole: everything is as before, or it is said what stands on it and nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from collector.errors import SheetError, UndoError
from collector.judging.results import write_results
from collector.people import changing, importing, imports, sheet, undoing
from collector.people.changing import Data, Move
from collector.people.imports import Work
from collector.people.register import read_people, read_units
from collector.people.sealing import nik_name
from collector.people.undoing import Undoing
from collector.rules.codes import Code, State
from collector.rules.day import DayResult
from collector.store.audit import AuditEntry
from collector.store.engine import open_engine
from collector.store.people import Kiosk, PeopleImport, PeopleImportChange, Person, Template, Unit
from collector.store.results import Touched
from collector.store.sums import UNIT_DAYS
from collector.store.writer import Writer
from collector.store.years import PERSON_YEARS
from collector.vault import Vault
from tests.stores import lay_tables

NIP = "198503122010012003"
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
TODAY = date(2026, 3, 2)
UNITS = "kode;nama;jenis;induk\nDIS;Dinas;opd;\nSD-1;SDN 1;sekolah;DIS\nSD-2;SDN 2;sekolah;DIS\n"
FIRST = f"id;nama;nip;status;unit\nK1;Siti Rahayu;{NIP};PNS;SD-1\nG1;Budi;;honorer guru;SD-1\n"
SECOND = f"id;nama;nip;status;unit;keluar\nK1;Siti Rahayu;{NIP};PNS;SD-2;\nG1;Budi;;honorer guru;SD-1;01-04-2026\nG2;Ani;;honorer guru;SD-2;\n"
UNDO = Undoing("acc-1", "daftar yang salah", NOW, TODAY)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "keys")


@pytest.fixture
def session(store_url: str, vault: Vault) -> Iterator[Session]:
    engine = open_engine(store_url)
    with Writer(engine) as writer:
        lay_tables(engine)
        with writer.session() as opened:
            take(opened, vault, UNITS)
            take(opened, vault, FIRST)
            yield opened


def take(session: Session, vault: Vault, text: str, *, with_nik: bool = False) -> str:
    raw = text.encode()
    found = importing.preview(session, sheet.read(raw, "f"), TODAY, with_nik=with_nik)
    assert not found.plan.bad
    return imports.apply(
        session, found, Work(imports.origin_of(raw, "a/f.csv", "acc-1", with_nik=with_nik), vault, TODAY, NOW)
    )


def test_everybody_is_as_before_and_their_days_are_judged_again(session: Session, vault: Vault) -> None:
    before = read_people(session)
    ident = take(session, vault, SECOND)
    assert read_people(session) != before
    session.execute(Touched.__table__.delete())  # type: ignore[attr-defined]
    assert undoing.blocks(session, ident) == ()
    assert undoing.undo(session, ident, UNDO) == 3
    session.expire_all()
    assert read_people(session) == before
    marked = dict(session.execute(select(Touched.subject, Touched.since)).all())  # type: ignore[arg-type]
    budi = next(one.id for one in before.values() if one.name == "Budi")
    assert len(marked) == 3
    assert marked[budi] == date(2026, 4, 1)
    assert [one.state for one in imports.history(session, 9)].count("undone") == 1
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all()
    assert actions == ["import.applied"] * 3 + ["import.undone"]


def test_whom_an_undone_import_had_brought_is_in_no_sum_of_days(session: Session, vault: Vault) -> None:
    ident = take(session, vault, SECOND)
    ani = next(one.id for one in read_people(session).values() if one.name == "Ani")
    absent = DayResult(person=ani, day=TODAY, state=State.FINAL, codes=(Code.TK,), working=True, unit="SD-2")
    write_results(session.connection(), {(ani, TODAY): absent}, {}, NOW)
    assert [len(session.execute(select(table)).all()) for table in (UNIT_DAYS, PERSON_YEARS)] == [1, 1]
    undoing.undo(session, ident, UNDO)
    assert [session.execute(select(table)).all() for table in (UNIT_DAYS, PERSON_YEARS)] == [[], []]


def test_an_import_has_the_days_it_touches_judged_again(session: Session, vault: Vault) -> None:
    session.execute(Touched.__table__.delete())  # type: ignore[attr-defined]
    take(session, vault, SECOND)
    since = sorted(session.scalars(select(Touched.since)))
    assert since == [TODAY, TODAY, date(2026, 4, 1)]


def test_it_is_undone_once(session: Session, vault: Vault) -> None:
    ident = take(session, vault, SECOND)
    undoing.undo(session, ident, UNDO)
    with pytest.raises(UndoError) as refused:
        undoing.undo(session, ident, UNDO)
    assert refused.value.blocks == ("it was undone already",)
    with pytest.raises(UndoError, match="say why"):
        undoing.undo(session, take(session, vault, SECOND), Undoing("acc-1", " ", NOW, TODAY))
    with pytest.raises(UndoError, match="no import"):
        undoing.blocks(session, "x")


def test_what_was_changed_since_keeps_the_whole_import(session: Session, vault: Vault) -> None:
    ident = take(session, vault, SECOND)
    ani = session.scalars(select(Person.id).where(Person.name == "Ani")).one()
    changing.transfer(session, ani, Move("DIS", date(2026, 3, 9)), "acc-2")
    assert undoing.blocks(session, ident) == ("line 4, Ani: was changed since (posts)",)
    before = read_people(session)
    with pytest.raises(UndoError):
        undoing.undo(session, ident, UNDO)
    assert read_people(session) == before


def test_who_came_by_it_and_is_enrolled_keeps_it(session: Session, vault: Vault) -> None:
    ident = take(session, vault, SECOND)
    ani = session.scalars(select(Person.id).where(Person.name == "Ani")).one()
    session.add(Template(person=ani, model="m", vector=b"", photos=1, made_at=NOW))
    session.flush()
    assert undoing.blocks(session, ident) == ("line 4, Ani: is enrolled",)


def test_units_go_with_their_import_unless_somebody_works_there(session: Session, vault: Vault) -> None:
    more = UNITS + "UPT-1;UPT Satu;upt;SD-9\nSD-9;SDN 9;sekolah;DIS\n"
    before = read_units(session)
    ident = take(session, vault, more.replace("SDN 1", "SDN Satu"))
    assert undoing.undo(session, ident, UNDO) == 3
    session.expire_all()
    assert read_units(session) == before
    ident = take(session, vault, more)
    session.add(Kiosk(id="k-1", unit="UPT-1", registered_at=NOW))
    changing.add(session, Data("Ani", "honorer dinas", "", "H1"), "SD-9", TODAY, "acc-1")
    session.add(Unit(code="X", name="X", kind="other", parent="SD-9"))
    session.flush()
    assert undoing.blocks(session, ident) == (
        "line 6, SDN 9: has people",
        "line 5, UPT Satu: has kiosks",
        "line 6, SDN 9: has units below it",
    )


def test_a_staged_file_lies_sealed_and_waits_a_day_at_most(session: Session, vault: Vault) -> None:
    raw = SECOND.encode()
    origin = imports.origin_of(raw, "C:\\daftar\\maret.csv", "acc-1")
    assert origin.file == "maret.csv"
    ident = imports.stage(session, vault, raw, origin, NOW)
    assert NIP.encode() not in (session.get_one(PeopleImport, ident).content or b"")
    table, said = imports.staged(session, vault, ident)
    assert (said, len(table.rows)) == (origin, 3)
    imports.stage(session, vault, raw, origin, NOW + imports.KEPT_STAGED * 1.1)
    session.expire_all()
    with pytest.raises(SheetError, match="does not wait any more"):
        imports.staged(session, vault, ident)
    assert imports.count(session) == 2


def test_an_applied_file_is_kept_no_longer(session: Session, vault: Vault) -> None:
    raw = SECOND.encode()
    ident = imports.stage(session, vault, raw, imports.origin_of(raw, "f", "acc-1"), NOW)
    table, origin = imports.staged(session, vault, ident)
    found = importing.preview(session, table, TODAY)
    assert imports.apply(session, found, Work(origin, vault, TODAY, NOW, ident)) == ident
    session.expire_all()
    row = session.get_one(PeopleImport, ident)
    assert (row.state, row.content) == ("applied", None)
    assert undoing.undo(session, ident, UNDO) == 3


def test_a_nik_comes_only_when_asked_for_is_not_overwritten_and_goes_with_its_import(
    session: Session, vault: Vault
) -> None:
    nik, other = "3508015203850001", "3508015203850002"
    text = "id;nama;nip;status;unit;NIK\nK1;Siti Rahayu;{};PNS;SD-1;{}\n"
    take(session, vault, text.format(NIP, nik))
    siti = session.scalars(select(Person).where(Person.internal_number == "K1")).one()
    assert siti.nik is None
    ident = take(session, vault, text.format(NIP, nik), with_nik=True)
    session.expire_all()
    assert vault.unseal(siti.nik or b"", nik_name(siti.id)) == nik.encode()
    take(session, vault, text.format(NIP, other), with_nik=True)
    session.expire_all()
    assert vault.unseal(siti.nik or b"", nik_name(siti.id)) == nik.encode()
    assert nik not in str(session.execute(select(PeopleImportChange.before, PeopleImportChange.after)).all())
    undoing.undo(session, ident, UNDO)
    session.expire_all()
    assert siti.nik is None


def test_people_of_the_units_who_are_not_in_the_file_are_said_and_stay(session: Session) -> None:
    only = f"id;nama;nip;status;unit\nK1;Siti Rahayu;{NIP};PNS;SD-1\n"
    found = importing.preview(session, sheet.read(only.encode(), "f"), TODAY)
    assert found.remarks[0].startswith("1 people of these units do not stand in the file")
    importing.apply(session, found, TODAY)
    assert session.scalar(select(func.count()).select_from(Person).where(Person.left_on.is_(None))) == 2
