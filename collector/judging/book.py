"""The rulebook as the tables have it: approved rule sets one after the other, published holidays, the admin's table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import holidays
from sqlalchemy import Connection, insert, select

from collector.judging.marks import local_date
from collector.rules.document import RULE_SET, rule_set
from collector.rules.ready import STANDING
from collector.rules.rulebook import CONFIRMATIONS, Holiday, Rulebook, succeed
from collector.rules.ruleset import RuleSet
from collector.store.hours import StoredHoliday, StoredRuleSet

READY_BY = "bawaan"
"""Who approved what came with the program."""

PROPOSED, APPROVED, WITHDRAWN = "proposed", "approved", "withdrawn"
PUBLISHED, DECREE = "published", "decree"


@dataclass(frozen=True, slots=True)
class Book:
    """The rulebook, what it is made of, and the digest of the document behind each version by its name ("id/version")."""

    rules: Rulebook
    published: tuple[Holiday, ...]
    overrides: tuple[Holiday, ...]
    digests: dict[str, str]


def install(connection: Connection, now: datetime) -> None:
    """Give an empty centre the ready rule sets. One that has any keeps what it has."""
    if connection.scalar(select(StoredRuleSet.id).limit(1)) is not None:
        return
    rows = [
        {
            **document_columns(rules),
            "state": APPROVED,
            "proposed_by": READY_BY,
            "proposed_at": now,
            "approved_by": READY_BY,
            "approved_at": now,
            "confirmations": CONFIRMATIONS,
            "reason": "aturan bawaan",
        }
        for rules in STANDING
    ]
    connection.execute(insert(StoredRuleSet), rows)


def install_holidays(connection: Connection, years: Iterable[int], now: datetime) -> None:
    """Keep the published holidays of years that have none yet: a later list never changes a year that was judged by them."""
    for year in sorted(set(years)):
        known = select(StoredHoliday.id).where(
            StoredHoliday.source == PUBLISHED,
            StoredHoliday.day >= date(year, 1, 1),
            StoredHoliday.day <= date(year, 12, 31),
        )
        if connection.scalar(known.limit(1)) is None:
            rows = [_published(holiday, now) for holiday in published(year)]
            if rows:
                connection.execute(insert(StoredHoliday), rows)


def published(year: int) -> list[Holiday]:
    """Public holidays and joint leave of a year, as the library knows them, by date."""
    days = holidays.country_holidays("ID", years=year, categories=("public",), language="id")
    joint = holidays.country_holidays("ID", years=year, categories=("government",), language="id")
    found = [Holiday(day=day, name=name) for day, name in days.items()]
    found += [Holiday(day=day, name=name, joint=True) for day, name in joint.items() if day not in days]
    return sorted((each for each in found if each.day.year == year), key=lambda each: each.day)


def _published(holiday: Holiday, now: datetime) -> dict[str, object]:
    return {
        "day": holiday.day,
        "name": holiday.name,
        "joint": holiday.joint,
        "works": False,
        "source": PUBLISHED,
        "entered_by": READY_BY,
        "entered_at": now,
    }


def document_columns(rules: RuleSet) -> dict[str, object]:
    """What a rule set is stored as."""
    document = RULE_SET.encode(rules)
    return {
        "id": rules.id,
        "version": rules.version,
        "document": document,
        "digest": hashlib.sha256(document).hexdigest(),
        "since": rules.since,
    }


def read_book(connection: Connection) -> Book:
    """The rules of all times. Raises RulesError when what is stored contradicts itself."""
    rows = approved(connection)
    table = StoredHoliday
    found = connection.execute(
        select(table.source, table.day, table.name, table.decree, table.joint, table.unit, table.works).where(
            table.withdrawn_at.is_(None)
        )
    ).all()
    days: dict[str, list[Holiday]] = {PUBLISHED: [], DECREE: []}
    for source, day, name, decree, joint, unit, works in found:
        holiday = Holiday(day=day, name=name, decree=decree, joint=joint, units=(unit,) if unit else (), works=works)
        days[source].append(holiday)
    rules = Rulebook(standing(rows), days[PUBLISHED], days[DECREE])
    return Book(
        rules, tuple(days[PUBLISHED]), tuple(days[DECREE]), {f"{row.id}/{row.version}": row.digest for row in rows}
    )


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved version."""

    id: str
    version: int
    document: bytes
    digest: str
    approved_at: datetime
    confirmations: int
    reason: str


def approved(connection: Connection) -> list[Approved]:
    """Every approved version, in the order of approval."""
    table = StoredRuleSet
    columns = (
        table.id,
        table.version,
        table.document,
        table.digest,
        table.approved_at,
        table.confirmations,
        table.reason,
    )
    query = (
        select(*columns)
        .where(table.state == APPROVED)
        .order_by(table.approved_at, table.since, table.id, table.version)
    )
    rows: list[tuple[Any, ...]] = [tuple(row) for row in connection.execute(query)]
    return [Approved(*row) for row in rows]


def standing(rows: Iterable[Approved]) -> list[RuleSet]:
    """The rule sets after each was approved: an older version of the same id ends when the newer one begins."""
    rules: list[RuleSet] = []
    for row in rows:
        change = rule_set(row.document)
        rules = succeed(rules, change, local_date(row.approved_at), row.confirmations, row.reason)
    return rules
