"""Whom a kiosk knows: scopes as a table, and which of several posts counts."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.people.merge import KnownUnit
from collector.people.scope import Entitled, Member, Scope, Tree, by_unit, entitled

WIB = ZoneInfo("Asia/Jakarta")
DAY = date(2026, 3, 31)
AFTER = datetime(2026, 4, 1, tzinfo=WIB)


def _unit(code: str, kind: str, parent: str | None = None) -> KnownUnit:
    return KnownUnit(code, code, kind, parent, None, None)


TREE = Tree(
    [
        _unit("DISDIK", "opd"),
        _unit("UPT", "upt", "DISDIK"),
        _unit("SD-1", "school", "UPT"),
        _unit("SD-2", "school", "UPT"),
        _unit("SETDA", "opd"),
        _unit("BAG-HUKUM", "bagian", "SETDA"),
        _unit("TEMPEH", "kecamatan"),
        _unit("DESA-1", "desa", "TEMPEH"),
        _unit("LONE", "other"),
    ]
)


@pytest.mark.parametrize(
    ("unit", "scope", "known"),
    [
        ("SD-1", Scope.UNIT, {"SD-1"}),
        ("UPT", Scope.UNIT, {"UPT", "SD-1", "SD-2"}),
        ("SD-1", Scope.OPD, {"DISDIK", "UPT", "SD-1", "SD-2"}),
        ("DISDIK", Scope.OPD, {"DISDIK", "UPT", "SD-1", "SD-2"}),
        ("BAG-HUKUM", Scope.OPD, {"SETDA", "BAG-HUKUM"}),
        ("DESA-1", Scope.OPD, {"TEMPEH", "DESA-1"}),
        ("DESA-1", Scope.KECAMATAN, {"TEMPEH", "DESA-1"}),
        ("SD-1", Scope.KECAMATAN, {"SD-1"}),
        ("LONE", Scope.OPD, {"LONE"}),
        ("GONE", Scope.OPD, {"GONE"}),
    ],
)
def test_the_units_in_scope(unit: str, scope: Scope, known: set[str]) -> None:
    assert TREE.in_scope(unit, scope) == known


def test_all_is_every_unit() -> None:
    assert len(TREE.in_scope("SD-1", Scope.ALL)) == 9


def test_a_ring_of_units_ends() -> None:
    ring = Tree([_unit("A", "upt", "B"), _unit("B", "upt", "A")])
    assert ring.in_scope("A", Scope.OPD) == {"A", "B"}


def _member(unit: str, *, main: bool = True, until: date | None = None, left: date | None = None) -> Member:
    return Member("p", unit, main, until, left)


@pytest.mark.parametrize(
    ("posts", "expected"),
    [
        ([_member("A")], ("A", True, None)),
        ([_member("B")], ("B", False, None)),
        ([_member("B"), _member("A", main=False)], ("A", True, None)),
        ([_member("A2", main=False), _member("A")], ("A", True, None)),
        ([_member("A", until=DAY)], ("A", True, AFTER)),
        ([_member("A", until=DAY), _member("B", main=False)], ("A", True, None)),
        ([_member("A", until=DAY), _member("B", until=date(2026, 1, 1))], ("A", True, AFTER)),
        ([_member("A", left=date(2026, 4, 1))], ("A", True, AFTER)),
        ([_member("A", until=date(2026, 12, 31), left=date(2026, 4, 1))], ("A", True, AFTER)),
    ],
)
def test_which_post_counts_and_until_when(posts: list[Member], expected: tuple[str, bool, datetime | None]) -> None:
    found = entitled(by_unit(posts), frozenset({"A", "A2", "B"}), frozenset({"A", "A2"}), WIB)
    assert found == {"p": Entitled("p", *expected)}


@given(st.permutations([_member("B"), _member("A2", main=False), _member("A", main=False), _member("C")]))
def test_the_order_of_posts_does_not_matter(posts: list[Member]) -> None:
    found = entitled(by_unit(posts), frozenset({"A", "A2", "B"}), frozenset({"A", "A2"}), WIB)
    assert found["p"].unit == "A"


def test_who_is_out_of_scope_is_not_known() -> None:
    assert entitled(by_unit([_member("C")]), frozenset({"A"}), frozenset({"A"}), WIB) == {}
