"""Manual presence lists, filed by one and confirmed by another; why an entry was withdrawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.add_column("entries", sa.Column("withdrawn_why", sa.Text(), nullable=True))
    op.create_table(
        "presence_lists",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("letter", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("filed_by", sa.String(length=100), nullable=False),
        sa.Column("filed_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_why", sa.Text(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=100), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["letter"], ["letters.id"], name=op.f("fk_presence_lists_letter_letters")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence_lists")),
    )
    op.create_index("ix_presence_lists_day_unit", "presence_lists", ["day", "unit"])
    op.create_index("ix_presence_lists_state_unit", "presence_lists", ["state", "unit"])
    op.create_table(
        "presence_lines",
        sa.Column("list", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("comes", sa.Time(), nullable=True),
        sa.Column("goes", sa.Time(), nullable=True),
        sa.Column("entries", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["list"], ["presence_lists.id"], name=op.f("fk_presence_lines_list_presence_lists")),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_presence_lines_person_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("list", "person", name=op.f("pk_presence_lines")),
    )
    op.create_index("ix_presence_lines_person", "presence_lines", ["person"])
