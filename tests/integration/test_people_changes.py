"""Changes of people and units: checked, audited, and the days they touch judged again at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from collector.errors import ChangeError, VaultError
from collector.people import changing, protected, units
from collector.people.changing import Data, Leaving, Move
from collector.people.states import PersonState, PostState
from collector.people.units import Form
from collector.store.audit import AuditEntry
from collector.store.people import Person, Unit
from collector.store.results import Touched
from collector.vault import Vault

NIP = "198503122010012003"
NI_PPPK = "199001012021211001"
TODAY = date(2026, 3, 2)
SINCE = date(2026, 1, 5)
SITI = Data("Siti Rahayu", "PNS", NIP, "")
OPEN_END = date.max


@pytest.fixture
def session(memory_engine: Engine) -> Iterator[Session]:
    with Session(memory_engine) as opened:
        for code, parent in (("DIS", None), ("SD-1", "DIS"), ("SD-2", "DIS")):
            opened.add(Unit(code=code, name=code, kind="opd" if parent is None else "school", parent=parent))
            opened.flush()
        yield opened


@pytest.fixture
def siti(session: Session) -> PersonState:
    made = changing.add(session, SITI, "SD-1", SINCE, "acc-1")
    session.execute(Touched.__table__.delete())  # type: ignore[attr-defined]
    return made


def marked(session: Session) -> list[tuple[str, str, date, date]]:
    rows = session.execute(select(Touched.kind, Touched.subject, Touched.since, Touched.until).order_by(Touched.id))
    return [tuple(row) for row in rows]  # type: ignore[misc]


def audited(session: Session, subject: str) -> list[tuple[str, str]]:
    rows = select(AuditEntry.who, AuditEntry.action).where(AuditEntry.subject == subject).order_by(AuditEntry.seq)
    return [tuple(row) for row in session.execute(rows)]  # type: ignore[misc]


def test_a_transfer_ends_the_post_before_and_its_days_are_judged_again(session: Session, siti: PersonState) -> None:
    after = changing.transfer(session, siti.id, Move("SD-2", date(2026, 3, 1), letter=" 800/ 12 "), "acc-1")
    assert after.posts == (
        PostState("main", "SD-1", SINCE, date(2026, 2, 28)),
        PostState("main", "SD-2", date(2026, 3, 1), None, "800/ 12"),
    )
    assert marked(session) == [("person", siti.id, date(2026, 3, 1), OPEN_END)]
    assert audited(session, siti.id) == [("acc-1", "person.added"), ("acc-1", "person.transferred")]


def test_a_transfer_taken_back_opens_the_post_before_again(session: Session, siti: PersonState) -> None:
    moved = changing.transfer(session, siti.id, Move("SD-2", date(2026, 3, 1)), "acc-1")
    place = next(n for n, post in enumerate(moved.posts) if post.unit == "SD-2")
    after = changing.end_post(session, siti.id, place, date(2026, 2, 1), "acc-1")
    assert after.posts == siti.posts


@pytest.mark.parametrize(
    ("move", "field"),
    [
        (Move("SD-2", SINCE), "since"),
        (Move("SD-1", TODAY), "unit"),
        (Move("SD-9", TODAY), "unit"),
        (Move("SD-2", date(1900, 1, 1)), "since"),
        (Move("SD-2", TODAY, letter="x" * 101), "letter"),
    ],
)
def test_a_transfer_that_cannot_be_names_its_field(session: Session, siti: PersonState, move: Move, field: str) -> None:
    with pytest.raises(ChangeError) as refused:
        changing.transfer(session, siti.id, move, "acc-1")
    assert refused.value.field == field
    assert marked(session) == []


def test_a_second_site_needs_its_letter_and_touches_its_own_days(session: Session, siti: PersonState) -> None:
    move = Move("SD-2", date(2026, 3, 2), date(2026, 3, 6), "800/15/2026")
    with pytest.raises(ChangeError, match="letter of assignment"):
        changing.lend(session, siti.id, Move("SD-2", move.since, move.until), "acc-1")
    changing.lend(session, siti.id, move, "acc-1")
    assert marked(session) == [("person", siti.id, move.since, move.until)]
    with pytest.raises(ChangeError, match="already"):
        changing.lend(session, siti.id, move, "acc-1")


def test_who_leaves_has_the_days_after_judged_again_and_can_come_back(session: Session, siti: PersonState) -> None:
    left = changing.depart(session, siti.id, date(2026, 4, 1), Leaving.RETIRED, "acc-1")
    assert (left.left_on, left.left_why) == (date(2026, 4, 1), "retired")
    assert marked(session) == [("person", siti.id, date(2026, 4, 1), OPEN_END)]
    with pytest.raises(ChangeError, match="left on 01-04-2026"):
        changing.transfer(session, siti.id, Move("SD-2", date(2026, 5, 1)), "acc-1")
    assert changing.bring_back(session, siti.id, "acc-1") == siti


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        (Data("Siti", "PNS", "1985", ""), "number", "18 digits"),
        (Data("Siti", "PPPK", NIP, ""), "number", "21 to 29"),
        (Data("Siti", "PNS", "", ""), "number", "enter its 18 digits"),
        (Data("Siti", "honorer guru", NIP, "G1"), "number", "has no NIP"),
        (Data("Siti", "honorer guru", "", ""), "internal_number", "neither"),
        (Data("Siti", "honorer guru", "", "3508011203850001"), "internal_number", "NIK"),
        (Data(" ", "PNS", NIP, ""), "name", "0 characters"),
        (Data("Siti", "raja", NIP, ""), "status", "PPPK paruh waktu"),
        (Data("Siti", "PNS", NI_PPPK, ""), "number", "would be a PPPK"),
    ],
)
def test_wrong_data_is_refused_at_its_field(
    session: Session, siti: PersonState, data: Data, field: str, said: str
) -> None:
    with pytest.raises(ChangeError, match=said) as refused:
        changing.edit(session, siti.id, data, "acc-1")
    assert refused.value.field == field


def test_a_number_that_another_person_has_is_refused_without_telling_whose(session: Session, siti: PersonState) -> None:
    with pytest.raises(ChangeError) as refused:
        changing.add(session, SITI, "SD-2", TODAY, "acc-1")
    assert refused.value.field == "number"
    assert siti.name not in str(refused.value)


def test_a_corrected_name_judges_nothing_again_and_a_status_all(session: Session, siti: PersonState) -> None:
    changing.edit(session, siti.id, Data("Siti Rahayu, S.Pd.", "PNS", NIP, ""), "acc-1")
    assert marked(session) == []
    changing.edit(session, siti.id, Data("Siti Rahayu", "PPPK", NI_PPPK, ""), "acc-1")
    assert marked(session) == [("person", siti.id, date.min, date.max)]
    details = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "person.edited"))
    assert [json.loads(one)["fields"] for one in details] == [["name"], ["name", "status", "number"]]


def test_a_nik_lies_sealed_and_every_look_at_it_is_noted_with_its_reason(
    session: Session, siti: PersonState, tmp_path: Path
) -> None:
    vault, nik = Vault.open(tmp_path), "3508015203850001"
    protected.keep(session, vault, siti.id, nik, "acc-1")
    kept = session.get_one(Person, siti.id).nik or b""
    assert nik.encode() not in kept
    with pytest.raises(ChangeError, match="what the NIK is needed for"):
        protected.reveal(session, lambda: vault, siti.id, "  ", "acc-2")
    assert protected.reveal(session, lambda: vault, siti.id, "berkas BPJS", "acc-2") == nik
    assert audited(session, siti.id)[-2:] == [("acc-1", "nik.set"), ("acc-2", "nik.revealed")]
    assert nik not in str(session.execute(select(AuditEntry.detail)).all())
    with pytest.raises(VaultError):
        protected.reveal(session, lambda: Vault.open(tmp_path / "other"), siti.id, "berkas BPJS", "acc-2")


@pytest.mark.parametrize(
    "nik", ["350801520385000", "3508019203850001", "0508015203850001", "3.50801E+15", "35080152O3850001"]
)
def test_a_nik_that_cannot_be_one_is_refused_and_never_repeated(
    session: Session, siti: PersonState, tmp_path: Path, nik: str
) -> None:
    with pytest.raises(ChangeError) as refused:
        protected.keep(session, Vault.open(tmp_path), siti.id, nik, "acc-1")
    assert (refused.value.field, nik in str(refused.value)) == ("nik", False)


def test_a_unit_that_moves_has_its_people_judged_again_from_today_and_never_before(session: Session) -> None:
    form = Form("SDN Satu", "school", "", "", "")
    units.edit(session, "SD-1", form, "acc-1", TODAY)
    assert marked(session) == [("unit", "SD-1", TODAY, OPEN_END)]
    units.edit(session, "SD-1", Form("SDN 1", "school", "", "-8,133", "113.225"), "acc-1", TODAY)
    assert len(marked(session)) == 1
    assert session.get_one(Unit, "SD-1").latitude == -8.133


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (Form("D", "opd", "SD-1", "", ""), "parent"),
        (Form("D", "opd", "DIS", "", ""), "parent"),
        (Form("D", "opd", "NONE", "", ""), "parent"),
        (Form("D", "castle", "", "", ""), "kind"),
        (Form("", "opd", "", "", ""), "name"),
        (Form("D", "opd", "", "-8", ""), "longitude"),
        (Form("D", "opd", "", "-98", "113"), "latitude"),
    ],
)
def test_a_unit_cannot_lie_above_itself_nor_nowhere(session: Session, form: Form, field: str) -> None:
    with pytest.raises(ChangeError) as refused:
        units.edit(session, "DIS", form, "acc-1", TODAY)
    assert refused.value.field == field


def test_the_tree_counts_who_serves_today_and_what_lies_below(session: Session, siti: PersonState) -> None:
    budi = changing.add(session, Data("Budi", "honorer guru", "", "G1"), "SD-2", SINCE, "acc-1")
    changing.depart(session, budi.id, TODAY, Leaving.DIED, "acc-1")
    changing.add(session, Data("Ani", "honorer dinas", "", "H1"), "DIS", SINCE, "acc-1")
    (top,) = units.tree(session, TODAY)
    assert (top.people, top.all_people, top.all_units) == (1, 2, 3)
    assert [(one.unit.code, one.people) for one in top.children] == [("SD-1", 1), ("SD-2", 0)]
    assert [one.unit.code for one in units.find([top], "SD-1")] == ["DIS", "SD-1"]
    (alone,) = units.tree(session, TODAY, frozenset({"SD-1"}))
    assert (alone.unit.code, alone.all_people) == ("SD-1", 1)
