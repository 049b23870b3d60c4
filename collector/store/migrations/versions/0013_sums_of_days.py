"""Sums of judged days by unit, and indexes of the days that are held against somebody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CODES = (
    *("H", "DL", "DK", "TB", "WFH", "WFA", "LJ", "LB", "CT", "CS", "CM", "CAP", "CB", "CBer", "CLTN", "I"),
    *("TL1", "TL2", "TL3", "TL4", "PSW1", "PSW2", "PSW3", "PSW4", "TA", "TK"),
)
OTHERS = {
    "people": "count(*)",
    "working": "sum(CASE WHEN working THEN 1 ELSE 0 END)",
    "open": "sum(CASE WHEN state = 'open' THEN 1 ELSE 0 END)",
    "open_seen": "sum(CASE WHEN state = 'open' AND codes LIKE '% H %' THEN 1 ELSE 0 END)",
    "review": "sum(CASE WHEN state = 'review' THEN 1 ELSE 0 END)",
    "minutes_late": "sum(minutes_late)",
    "minutes_early": "sum(minutes_early)",
}
HELD = "minutes_late > 0 OR minutes_early > 0 OR codes LIKE '% TK %'"
INDEXES = {
    "ix_day_results_held_person": ["person", "day", "state", "codes", "minutes_late", "minutes_early"],
    "ix_day_results_held_unit": ["unit", "day", "state", "codes", "minutes_late", "first_in"],
}


def upgrade() -> None:
    """One version up; the sums of what was judged before are made here."""
    counts = [code.lower() for code in CODES] + list(OTHERS)
    op.create_table(
        "unit_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.PrimaryKeyConstraint("day", "unit", name=op.f("pk_unit_days")),
    )
    op.create_index("ix_unit_days_unit_day", "unit_days", ["unit", "day"])
    for name, columns in INDEXES.items():
        op.create_index(name, "day_results", columns, sqlite_where=sa.text(HELD), postgresql_where=sa.text(HELD))
    sums = [f"sum(CASE WHEN codes LIKE '% {code} %' THEN 1 ELSE 0 END)" for code in CODES] + list(OTHERS.values())
    names = ", ".join(counts)
    told = f"INSERT INTO unit_days (day, unit, {names}) SELECT day, unit, {', '.join(sums)}"
    op.execute(sa.text(f"{told} FROM day_results GROUP BY day, unit"))
