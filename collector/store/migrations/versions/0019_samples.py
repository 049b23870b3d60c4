"""The inspectorate's samples of doubtful matches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.create_table(
        "samples",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("pool", sa.Integer(), nullable=False),
        sa.Column("pool_digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_samples")),
    )
    op.create_index(op.f("ix_samples_at"), "samples", ["at"])
    op.create_table(
        "sample_items",
        sa.Column("sample", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("chain", sa.String(length=43), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["sample"], ["samples.id"], name=op.f("fk_sample_items_sample_samples")),
        sa.PrimaryKeyConstraint("sample", "place", name=op.f("pk_sample_items")),
    )
