"""What an import would change, as tables: found, new, contradicted, twice in the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from collector.people.merge import Item, KnownPerson, KnownUnit, Post, new_id, plan_people, plan_units
from collector.people.numbers import Status
from collector.people.rows import Bad, PersonRow, UnitRow

TODAY = date(2026, 1, 5)
EARLIER = date(2020, 1, 1)
NIP = "198503122010012003"
SITI = KnownPerson("p-1", "Siti", "PNS", NIP, None, None, Post("A", EARLIER, None), None)
GURU = KnownPerson("p-2", "Budi", "honorer guru", None, "G1", None, Post("A", EARLIER, None), None)
ROW = PersonRow(
    line=2,
    id=None,
    name="Siti",
    status=Status.PNS,
    number=NIP,
    unit="A",
    second=None,
    from_day=None,
    until_day=None,
    left_on=None,
    given=frozenset({"name", "status", "number", "unit"}),
)
UNITS = ("A", "B", "C")


def _plan(row: PersonRow, *known: KnownPerson) -> Item[KnownPerson] | Bad:
    plan = plan_people([row], known, UNITS, TODAY)
    return (*plan.items, *plan.bad)[0]


def _item(row: PersonRow, *known: KnownPerson) -> Item[KnownPerson]:
    found = _plan(row, *known)
    assert isinstance(found, Item)
    return found


def _also(row: PersonRow, **changes: object) -> PersonRow:
    names = {"until_day": "until", "from_day": "from", "left_on": "left"}
    given = row.given | {names.get(name, name) for name in changes}
    return replace(row, given=given, **changes)  # type: ignore[arg-type]


def test_a_new_person_starts_today_with_a_random_id() -> None:
    item = _item(ROW)
    assert item.effect == "new"
    assert item.after.main == Post("A", TODAY, None)
    assert NIP not in item.after.id
    assert len({new_id() for _ in range(100)}) == 100


def test_the_same_row_again_changes_nothing() -> None:
    first = _item(_also(ROW, second="B", until_day=date(2026, 12, 31)))
    again = _item(_also(ROW, second="B", until_day=date(2026, 12, 31)), first.after)
    assert (again.effect, again.changes) == ("same", ())


def test_an_internal_id_is_learnt_by_nip_and_a_nip_by_internal_id() -> None:
    assert _item(_also(ROW, id="K7"), SITI).after == replace(SITI, internal_number="K7")
    promoted = _item(replace(ROW, id="G1", name="Budi"), GURU)
    assert (promoted.after.id, promoted.after.number, promoted.changes) == ("p-2", NIP, ("status", "number"))


@pytest.mark.parametrize(
    ("was", "now", "warned"),
    [
        ("Siti Rahayu", "Siti Rahayuningsih, S.Pd.", False),
        ("SITI RAHAYU", "Siti Rahayu", False),
        ("Siti Rahayu, S.Pd.", "Budi Santoso, S.Pd.", True),
    ],
)
def test_another_name_under_a_known_number_is_a_warning_and_no_error(was: str, now: str, warned: bool) -> None:
    item = _item(replace(ROW, name=now), replace(SITI, name=was))
    assert item.effect == "changed"
    assert any("check whether it is one person" in one for one in item.warnings) is warned


@pytest.mark.parametrize(
    ("row", "known", "said"),
    [
        (replace(ROW, unit="Z"), (), "unit Z is not known"),
        (replace(ROW, unit="AA"), (), "did you mean A?"),
        (_also(ROW, second="Z"), (), "unit Z is not known"),
        (_also(ROW, id="G1"), (SITI, GURU), "belong to two people"),
        (_also(ROW, id="K8"), (replace(SITI, internal_number="K7"),), "belongs to id K7"),
    ],
)
def test_contradictions_are_refused(row: PersonRow, known: tuple[KnownPerson, ...], said: str) -> None:
    found = _plan(row, *known)
    assert isinstance(found, Bad)
    assert said in found.errors[0]


def test_the_second_row_about_one_person_is_refused() -> None:
    known = [replace(SITI, internal_number="K7")]
    rows = [ROW, replace(ROW, line=3), replace(ROW, line=4, number="198503122010012004", id="K7")]
    plan = plan_people(rows, known, UNITS, TODAY)
    assert [item.line for item in plan.items] == [2]
    assert [bad.line for bad in plan.bad] == [3, 4]
    assert all("in line 2 already" in bad.errors[0] for bad in plan.bad)
    assert plan.counts == {"new": 0, "changed": 0, "same": 1, "set_aside": 2, "warnings": 0}


def test_a_transfer_starts_today_or_when_the_row_says() -> None:
    assert _item(replace(ROW, unit="B"), SITI).after.main == Post("B", TODAY, None)
    moved = _item(_also(replace(ROW, unit="B"), from_day=date(2026, 2, 1)), SITI)
    assert moved.after.main == Post("B", date(2026, 2, 1), None)


def test_a_post_that_had_ended_starts_anew_and_leaves_the_gap() -> None:
    ended = replace(SITI, main=Post("A", EARLIER, date(2025, 6, 30)))
    assert _item(ROW, ended).after.main == Post("A", TODAY, None)
    assert _item(_also(ROW, until_day=date(2025, 6, 30)), ended).effect == "same"


def test_columns_that_are_absent_change_nothing_and_empty_ones_clear() -> None:
    known = replace(SITI, second=Post("B", EARLIER, None), left_on=date(2025, 1, 1))
    kept = _item(ROW, known)
    assert kept.effect == "same"
    assert "left on 01-01-2025" in kept.warnings[0]
    cleared = _item(_also(ROW, second=None, left_on=None), known)
    assert (cleared.after.second, cleared.after.left_on) == (None, None)
    assert cleared.changes == ("left_on", "second")


def _unit(code: str, parent: str | None = None, line: int = 2) -> UnitRow:
    return UnitRow(line, code, code, "opd", parent, None, None, frozenset({"code", "name", "parent"}))


def test_parents_may_stand_further_down() -> None:
    plan = plan_units([_unit("SD", "DIS"), _unit("DIS")], {})
    assert [item.after.parent for item in plan.items] == ["DIS", None]


@pytest.mark.parametrize(
    ("rows", "lines", "said"),
    [
        ([_unit("SD", "X"), _unit("KELAS", "SD", 3)], [2, 3], "not known or was set aside"),
        ([_unit("A", "B"), _unit("B", "A", 3)], [2, 3], "above itself"),
        ([_unit("A", "A")], [2], "above itself"),
        ([_unit("A"), _unit("A", line=3)], [3], "in line 2 already"),
    ],
)
def test_units_without_a_sound_parent_are_set_aside(rows: list[UnitRow], lines: list[int], said: str) -> None:
    plan = plan_units(rows, {})
    assert [bad.line for bad in plan.bad] == lines
    assert said in plan.bad[0].errors[0]


def test_a_unit_keeps_what_the_file_has_no_column_for() -> None:
    known = {"A": KnownUnit("A", "A", "upt", None, -8.0, 113.0)}
    assert plan_units([_unit("A")], known).items[0].effect == "same"
    wider = replace(_unit("A"), given=frozenset({"code", "name", "latitude", "longitude"}))
    assert plan_units([wider], known).items[0].changes == ("latitude", "longitude")


def test_a_file_with_its_columns_shifted_is_told_so_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr("collector.people.merge._near", lambda code, _known: looked.append(code) or "did you mean A?")
    rows = [replace(ROW, line=n, number=None, id=f"K{n}", unit=f"X{n % 700}") for n in range(2000)]
    plan = plan_people(rows, (), UNITS, TODAY)
    assert len(plan.bad) == len(rows)
    assert len(looked) == 100
    assert plan.bad[0].errors == ("unit X0 is not known; did you mean A?",)
    assert plan.bad[-1].errors == ("unit X599 is not known; import the units first",)
