"""Versions on their way to kiosks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.create_table(
        "rollouts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=100), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollouts")),
    )
    op.create_table(
        "rollout_places",
        sa.Column("rollout", sa.String(length=32), nullable=False),
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("order", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["rollout"], ["rollouts.id"], name=op.f("fk_rollout_places_rollout_rollouts")),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_rollout_places_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("rollout", "kiosk", name=op.f("pk_rollout_places")),
    )
