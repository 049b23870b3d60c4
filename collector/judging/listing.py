"""Rule sets as a page lists them: every version with who decided, and when it truly holds. Read-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from collector.judging import book
from collector.judging.errors import RuleChangeError
from collector.rules.document import rule_set
from collector.rules.ruleset import RuleSet
from collector.store.hours import StoredRuleSet

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `since`, `until`: when it holds, or would (None: open); `until` before `since`: it never holds, a newer
    one of the same id begins earlier. `decided_at`: of its approval."""

    rules: RuleSet
    state: str
    since: date
    until: date | None
    digest: str
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    reason: str

    def holds(self, day: date) -> bool:
        """Whether it is approved and valid on that date."""
        return self.state == book.APPROVED and self.since <= day and (self.until is None or day <= self.until)


def versions(connection: Connection) -> list[Version]:
    """Every version: by id, the newest first."""
    held = {rules.name: rules for rules in book.standing(book.approved(connection))}
    rows = connection.execute(select(StoredRuleSet).order_by(StoredRuleSet.id, StoredRuleSet.version.desc()))
    found = []
    for row in rows:
        rules = rule_set(row.document)
        until = held[rules.name].until if rules.name in held else rules.until
        if row.state == book.APPROVED and rules.name not in held:
            until = rules.since - ONE_DAY
        found.append(
            Version(
                rules,
                row.state,
                rules.since,
                until,
                row.digest,
                row.proposed_by,
                row.proposed_at,
                row.approved_by,
                row.approved_at,
                row.reason,
            )
        )
    return found


def version(connection: Connection, name: str) -> Version:
    """One version by its name (id/version). Raises RuleChangeError."""
    for one in versions(connection):
        if one.rules.name == name:
            return one
    raise RuleChangeError(f"no rule set {name!r}")


def next_version(connection: Connection, id_: str) -> int:
    """The number that the next version of an id must have."""
    return (connection.scalar(select(func.max(StoredRuleSet.version)).where(StoredRuleSet.id == id_)) or 0) + 1
