"""The year's discipline counters of every person, filled from the days that were judged before."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

FILL = """
INSERT INTO person_years (year, person, absent, minutes, longest_row)
WITH held AS (
  SELECT person, day, codes LIKE '% TK %' AS absent, minutes_late + minutes_early AS minutes FROM day_results
  WHERE state = 'final' AND (minutes_late > 0 OR minutes_early > 0 OR codes LIKE '% TK %') AND day >= :december AND day <= :last
), absences AS (
  SELECT person, day, lag(day) OVER (PARTITION BY person ORDER BY day) AS before FROM held WHERE absent
), marked AS (
  SELECT person, day, CASE WHEN before IS NULL OR EXISTS (
    SELECT 1 FROM day_results worked WHERE worked.person = absences.person
    AND worked.day > absences.before AND worked.day < absences.day
    AND worked.working AND worked.state = 'final' AND worked.codes NOT LIKE '% TK %'
  ) THEN 1 ELSE 0 END AS begins FROM absences
), numbered AS (
  SELECT person, day, sum(begins) OVER (PARTITION BY person ORDER BY day) AS number FROM marked
), lengths AS (
  SELECT person, count(*) AS length FROM numbered GROUP BY person, number HAVING max(day) >= :first
), longest AS (
  SELECT person, max(length) AS longest_row FROM lengths GROUP BY person
), sums AS (
  SELECT person, sum(CASE WHEN absent THEN 1 ELSE 0 END) AS absent, sum(minutes) AS minutes FROM held
  WHERE day >= :first GROUP BY person
)
SELECT :year, sums.person, sums.absent, sums.minutes, coalesce(longest.longest_row, 0)
FROM sums LEFT JOIN longest ON longest.person = sums.person
"""
"""Of one year: days absent in a row are told from others by looking for a day worked between two of them."""


def upgrade() -> None:
    """One version up."""
    op.create_table(
        "person_years",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("absent", "minutes", "longest_row")),
        sa.PrimaryKeyConstraint("year", "person", name=op.f("pk_person_years")),
    )
    days = sa.table("unit_days", sa.column("day", sa.Date()))
    first, last = op.get_bind().execute(sa.select(sa.func.min(days.c.day), sa.func.max(days.c.day))).one()
    for year in range(first.year, last.year + 1) if first else ():
        op.execute(_fill().bindparams(**_bounds(year), year=year))


def _fill() -> sa.TextClause:
    return sa.text(FILL).bindparams(*(sa.bindparam(name, type_=sa.Date()) for name in ("december", "first", "last")))


def _bounds(year: int) -> dict[str, date]:
    return {"december": date(year - 1, 12, 1), "first": date(year, 1, 1), "last": date(year, 12, 31)}
