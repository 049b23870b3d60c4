"""Every change of a rota is kept with what stood there before, so that it can be taken back; patterns say who entered them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.add_column(
        "schedules", sa.Column("entered_by", sa.String(length=100), nullable=False, server_default=sa.text("''"))
    )
    op.add_column("schedules", sa.Column("entered_at", UtcDateTime(), nullable=True))
    op.add_column("schedules", sa.Column("reason", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_table(
        "rota_changes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("file", sa.String(length=200), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_changes")),
    )
    op.create_index(op.f("ix_rota_changes_unit_at"), "rota_changes", ["unit", "at"])
    op.create_table(
        "turn_changes",
        sa.Column("change", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("after", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["change"], ["rota_changes.id"], name=op.f("fk_turn_changes_change_rota_changes"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_turn_changes_person_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("change", "person", "day", name=op.f("pk_turn_changes")),
    )
