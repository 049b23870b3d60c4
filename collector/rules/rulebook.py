"""All rule sets and holidays together: which one holds for this category, unit and date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations

from collector.rules.codes import Category
from collector.rules.errors import NoRuleSetError, OverlapError, PastChangeError
from collector.rules.ruleset import RuleSet

CONFIRMATIONS = 2
"""How often a change to the past or to today must be confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A day off by law or decree. `joint`: cuti bersama. `units`: only for these and the units below (empty: for all).

    `works`: an override that makes the day a working day after all.
    """

    day: date
    name: str
    decree: str = ""
    joint: bool = False
    units: tuple[str, ...] = ()
    works: bool = False


class Rulebook:
    """Rule sets and holidays of all times. Unit paths go from a person's own unit up to its OPD.

    Of several valid rule sets the highest rank speaks: a special period before the standing rules, then the unit
    nearest to the person, then one made for the category. Of several holidays of a day: the override for the nearest
    unit, the override for all, the published list.
    """

    def __init__(
        self, rule_sets: Iterable[RuleSet], published: Iterable[Holiday] = (), overrides: Iterable[Holiday] = ()
    ) -> None:
        self.rule_sets = tuple(sorted(rule_sets, key=lambda rules: (rules.since, rules.id, rules.version)))
        self._published = _by_day(published)
        self._overrides = _by_day(overrides)
        self._chosen: dict[tuple[Category, tuple[str, ...], date], RuleSet] = {}

    def rules(self, category: Category, units: tuple[str, ...], day: date) -> RuleSet:
        """The one rule set that holds. Raises NoRuleSetError, OverlapError."""
        wanted = (category, units, day)
        if wanted not in self._chosen:
            self._chosen[wanted] = choose(self.rule_sets, category, units, day)
        return self._chosen[wanted]

    def holiday(self, units: tuple[str, ...], day: date) -> Holiday | None:
        """The holiday of that date for people of these units, or None."""
        found = _nearest(self._overrides.get(day, ()), units) or _nearest(self._published.get(day, ()), units)
        return None if found is None or found.works else found


def choose(rule_sets: Iterable[RuleSet], category: Category, units: tuple[str, ...], day: date) -> RuleSet:
    """The rule set of the highest rank. Raises NoRuleSetError when there is none, OverlapError when there are two."""
    ranked: list[tuple[tuple[int, int, int], RuleSet]] = []
    for rules in rule_sets:
        rank = _rank(rules, category, units) if rules.holds(day) else None
        if rank is not None:
            ranked.append((rank, rules))
    if not ranked:
        raise NoRuleSetError(
            f"no rule set is valid on {day} for {category} in unit {units[0] if units else '(none)'}: "
            "enter one, or extend the last one's end date"
        )
    highest = max(rank for rank, _ in ranked)
    best = [rules for rank, rules in ranked if rank == highest]
    if len(best) > 1:
        raise OverlapError(_overlap_text(best[0], best[1], f"on {day} for {category} in {units[0] if units else '-'}"))
    return best[0]


def overlaps(rule_sets: Iterable[RuleSet]) -> list[tuple[RuleSet, RuleSet]]:
    """Pairs of which nobody could say which one holds, for some person and date. Check before a change is stored."""
    ordered = sorted(rule_sets, key=lambda rules: (rules.since, rules.id, rules.version))
    return [(one, other) for one, other in combinations(ordered, 2) if _clash(one, other)]


def succeed(
    rule_sets: Iterable[RuleSet], change: RuleSet, today: date, confirmed: int = 0, why: str = ""
) -> list[RuleSet]:
    """All rule sets after a change: an older version of the same id ends on the day before it.

    Raises PastChangeError when it begins today or earlier without two confirmations and a reason, OverlapError when it
    clashes with another rule set.
    """
    if change.since <= today and not (confirmed >= CONFIRMATIONS and why.strip()):
        raise PastChangeError(
            f"rule set {change.name} would begin on {change.since}, and today is {today}: "
            "let it begin tomorrow or later, or confirm twice and give a reason"
        )
    eve = change.since - timedelta(days=1)
    kept = [_ended(rules, eve) if rules.id == change.id else rules for rules in rule_sets]
    after = [rules for rules in kept if rules.until is None or rules.until >= rules.since]
    for one, other in overlaps([*after, change]):
        raise OverlapError(_overlap_text(one, other, f"from {max(one.since, other.since)}"))
    return [*after, change]


def _ended(rules: RuleSet, eve: date) -> RuleSet:
    return rules if rules.until is not None and rules.until <= eve else replace(rules, until=eve)


def _rank(rules: RuleSet, category: Category, units: tuple[str, ...]) -> tuple[int, int, int] | None:
    if rules.categories and category not in rules.categories:
        return None
    near = [len(units) - place for place, unit in enumerate(units) if unit in rules.units]
    if rules.units and not near:
        return None
    return int(rules.layer), max(near, default=0), int(bool(rules.categories))


def _clash(one: RuleSet, other: RuleSet) -> bool:
    return (
        one.layer == other.layer
        and one.since <= (other.until or date.max)
        and other.since <= (one.until or date.max)
        and _meet(one.units, other.units)
        and _meet(one.categories, other.categories)
    )


def _meet(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return bool(set(some) & set(others)) or not (some or others)


def _overlap_text(one: RuleSet, other: RuleSet, where: str) -> str:
    return f"rule sets {one.name} and {other.name} both hold {where}: end one before the other begins, or narrow one"


def _by_day(holidays: Iterable[Holiday]) -> dict[date, tuple[Holiday, ...]]:
    days: dict[date, tuple[Holiday, ...]] = {}
    for holiday in sorted(set(holidays), key=lambda each: (each.day, each.units, each.name, each.decree, each.works)):
        days[holiday.day] = (*days.get(holiday.day, ()), holiday)
    return days


def _nearest(holidays: tuple[Holiday, ...], units: tuple[str, ...]) -> Holiday | None:
    for unit in units:
        for holiday in holidays:
            if unit in holiday.units:
                return holiday
    return next((holiday for holiday in holidays if not holiday.units), None)
