"""Appeals and their steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

AUTO_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One version up."""
    op.create_table(
        "appeals",
        sa.Column("id", AUTO_ID, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ground", sa.String(length=16), nullable=False),
        sa.Column("record", sa.String(length=160), nullable=False),
        sa.Column("violation", sa.String(length=64), nullable=False),
        sa.Column("around", UtcDateTime(), nullable=True),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
    )
    op.create_index("ix_appeals_stage_unit", "appeals", ["stage", "unit"])
    op.create_index("ix_appeals_person_day", "appeals", ["person", "day"])
    op.create_index(op.f("ix_appeals_violation"), "appeals", ["violation"])
    op.create_table(
        "appeal_steps",
        sa.Column("id", AUTO_ID, nullable=False),
        sa.Column("appeal", AUTO_ID, nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("by_person", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["appeal"], ["appeals.id"], name=op.f("fk_appeal_steps_appeal_appeals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_steps")),
    )
    op.create_index(op.f("ix_appeal_steps_appeal"), "appeal_steps", ["appeal"])
