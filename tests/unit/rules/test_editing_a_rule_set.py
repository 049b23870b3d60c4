"""The form of the usual edits: what is not touched stays, what is wrong is named by its field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from collector.judging.editing import EditError, Wrong, edited, fields
from collector.rules.codes import Code
from collector.rules.hours import Rota, Week
from collector.rules.ready import FIVE_DAY, PERPRES_21_2023, SHIFT, STANDING
from collector.rules.ruleset import RuleSet, Seconds, TppBase


@pytest.mark.parametrize("rules", STANDING, ids=lambda each: each.id)
def test_a_form_that_changes_nothing_makes_the_same_rule_set(rules: RuleSet) -> None:
    same = edited(rules, fields(rules), rules.version)
    assert replace(same, tpp=rules.tpp) == rules
    assert dict(same.tpp.percent) == dict(rules.tpp.percent)
    assert replace(same.tpp, percent=()) == replace(rules.tpp, percent=())


def test_every_usual_edit_lands_where_it_belongs() -> None:
    said = fields(PERPRES_21_2023) | {
        "since": "2027-01-01",
        "decree": "Perbup 9/2026",
        "week.five-day.0.start": "07:00",
        "week.five-day.5.start": "07:00",
        "week.five-day.5.end": "12:00",
        "shift.shift.malam.end": "06:30",
        "tolerance": "5",
        "from_start": "",
        "seconds": "counted",
        "band.0": "16",
        "window.in_closes": "60",
        "assembly.0.closes": "07:15",
        "tpp.TK": "4,5",
        "tpp.base": "whole",
    }
    change = edited(PERPRES_21_2023, said, 2)
    week, rota = change.pattern(FIVE_DAY), change.pattern(SHIFT)
    assert isinstance(week, Week)
    assert isinstance(rota, Rota)
    assert (change.since, change.decree, change.version) == (date(2027, 1, 1), "Perbup 9/2026", 2)
    assert [day.start if day else None for day in (week.days[0], week.days[5], week.days[6])] == [
        time(7),
        time(7),
        None,
    ]
    assert rota.shift("malam").hours.end == time(6, 30)
    measure = change.measure
    assert (measure.tolerance, measure.from_start, measure.seconds, measure.bands[0]) == (5, False, Seconds.COUNTED, 16)
    assert change.windows.in_closes == 60
    assert change.assemblies[0].closes == time(7, 15)
    assert (change.tpp.of((Code.TK,)), change.tpp.base) == (Decimal("4.5"), TppBase.WHOLE)
    assert change.ladder == PERPRES_21_2023.ladder


@pytest.mark.parametrize(
    ("name", "said", "wrong"),
    [
        ("since", "soon", Wrong.DATE),
        ("until", "2020-01-01", Wrong.ORDER),
        ("decree", " ", Wrong.MISSING),
        ("title", "x" * 201, Wrong.MISSING),
        ("week.five-day.0.start", "", Wrong.TIME),
        ("week.five-day.0.end", "25:00", Wrong.TIME),
        ("week.five-day.0.break", "1e3", Wrong.NUMBER),
        ("shift.shift.pagi.end", "", Wrong.TIME),
        ("tolerance", "-1", Wrong.NUMBER),
        ("tolerance", "99999999", Wrong.NUMBER),
        ("band.1", "20", Wrong.ORDER),
        ("window.in_opens", "", Wrong.NUMBER),
        ("assembly.0.closes", "05:00", Wrong.ORDER),
        ("tpp.TK", "NaN", Wrong.NUMBER),
        ("tpp.TL1", "101", Wrong.NUMBER),
        ("tpp.share", "0.00001", Wrong.NUMBER),
        ("seconds", "perhaps", Wrong.CHOICE),
        ("tpp.base", "all", Wrong.CHOICE),
    ],
)
def test_what_is_wrong_is_named_by_its_field(name: str, said: str, wrong: Wrong) -> None:
    with pytest.raises(EditError) as caught:
        edited(PERPRES_21_2023, fields(PERPRES_21_2023) | {name: said}, 2)
    assert caught.value.wrong[name] is wrong
