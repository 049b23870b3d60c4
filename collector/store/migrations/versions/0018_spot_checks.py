"""Spot checks and what was noted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

AUTO_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One version up."""
    op.create_table(
        "spot_checks",
        sa.Column("id", AUTO_ID, nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("weighting", sa.String(length=16), nullable=False),
        sa.Column("candidates", sa.Text(), nullable=False),
        sa.Column("drawn_by", sa.String(length=100), nullable=False),
        sa.Column("drawn_at", UtcDateTime(), nullable=False),
        sa.Column("closed_by", sa.String(length=100), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_checks")),
    )
    op.create_index("ix_spot_checks_day_closed", "spot_checks", ["day", "closed_at"])
    op.create_table(
        "spot_notes",
        sa.Column("id", AUTO_ID, nullable=False),
        sa.Column("spot", AUTO_ID, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("seen", sa.String(length=16), nullable=False),
        sa.Column("uniform", sa.String(length=8), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("tap", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["spot"], ["spot_checks.id"], name=op.f("fk_spot_notes_spot_spot_checks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_notes")),
        sa.UniqueConstraint("spot", "tap", name=op.f("uq_spot_notes_spot_tap")),
    )
    op.create_index(op.f("ix_spot_notes_spot"), "spot_notes", ["spot"])
