"""What holds for people on dates: where they serve, by which pattern of which rule set; and who may change it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from collector.judging.book import read_book
from collector.judging.evidence import Facts, load_schedules
from collector.judging.marks import local_date
from collector.judging.organisation import read_organisation
from collector.rules.errors import NoRuleSetError
from collector.rules.hours import OwnWeek, Pattern, Rota
from collector.rules.ready import STANDING
from collector.rules.rulebook import Rulebook
from collector.rules.ruleset import RuleSet
from collector.schedules.errors import Rule, ScheduleError
from collector.store.people import Person
from collector.store.results import ClosedDay


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Who changes hours, and when. `reach`: codes of the units whose people they may change, None for all; `bkd`: may
    change today and the past, with the reason `why`."""

    by: str
    at: datetime
    reach: frozenset[str] | None = None
    bkd: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """One person's one date: the unit of the main post, the pattern's name, the rule set that holds."""

    unit: str
    name: str
    rules: RuleSet

    @property
    def pattern(self) -> Pattern | None:
        """The pattern, None where the rule set has none of that name."""
        return next((each for each in self.rules.patterns if each.name == self.name), None)

    @property
    def rota(self) -> Rota | None:
        """The pattern where dates name shifts."""
        return self.pattern if isinstance(self.pattern, Rota) else None

    @property
    def own(self) -> OwnWeek | None:
        """The pattern where hours stand with the person."""
        return self.pattern if isinstance(self.pattern, OwnWeek) else None


class Standing:
    """Some people between two dates, both included. A fixed number of queries, however many people."""

    def __init__(self, connection: Connection, people: Sequence[str], since: date, until: date) -> None:
        self.rules = read_rules(connection)
        self.facts: Facts = load_schedules(connection, read_organisation(connection), people, since, until)
        table = ClosedDay
        query = select(table.person, table.day).where(table.person.in_(people), table.day >= since, table.day <= until)
        self._closed = {(person, day) for person, day in connection.execute(query)}

    def held(self, person: str, day: date) -> Held | None:
        """What holds; None on a date on which the person does not serve or no rule set is valid."""
        if person not in self.facts.known:
            return None
        who = self.facts.person(person, day)
        assigned = who.assigned(day)
        if assigned is None:
            return None
        try:
            return Held(assigned.units[0], who.pattern, self.rules.rules(who.category, assigned.units, day))
        except NoRuleSetError:
            return None

    def refusal(self, hand: Hand, person: str, day: date) -> Rule | None:
        """Why this hand may not change this date; None where it may."""
        held = self.held(person, day)
        if held is None or (hand.reach is not None and held.unit not in hand.reach):
            return Rule.ELSEWHERE
        if (person, day) in self._closed:
            return Rule.CLOSED
        if day > local_date(hand.at):
            return None
        if not hand.bkd:
            return Rule.PAST
        return None if hand.why.strip() else Rule.REASON

    def check(self, hand: Hand, person: str, day: date) -> Held:
        """What holds on a date that this hand may change. Raises ScheduleError."""
        refused, held = self.refusal(hand, person, day), self.held(person, day)
        if refused is not None or held is None:
            raise ScheduleError(refused or Rule.ELSEWHERE, person=person, day=day)
        return held


def read_rules(connection: Connection) -> Rulebook:
    """The rulebook; the ready one where the centre has not begun to judge."""
    rules = read_book(connection).rules
    return rules if rules.rule_sets else Rulebook(STANDING)


def hold(connection: Connection, people: Collection[str]) -> None:
    """Until this transaction ends nobody else changes the hours of these people; in one order, so that two who need the
    same ones never wait for each other. SQLite's writers take turns anyway."""
    wanted = select(Person.id).where(Person.id.in_(people)).order_by(Person.id)
    connection.execute(wanted.with_for_update(key_share=True)).all()


def somebody(hand: Hand) -> None:
    """Raises ScheduleError where nobody is named."""
    if not hand.by.strip():
        raise ScheduleError(Rule.NOBODY)


def check_open(connection: Connection, person: str, since: date, until: date | None) -> None:
    """Raises ScheduleError where a day of the person between these dates (None: open) lies in a closed month."""
    table = ClosedDay
    query = select(func.min(table.day)).where(
        table.person == person, table.day >= since, table.day <= (until or date.max)
    )
    day = connection.scalar(query)
    if day is not None:
        raise ScheduleError(Rule.CLOSED, day=day)
