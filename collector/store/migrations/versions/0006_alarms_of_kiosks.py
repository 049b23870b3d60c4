"""Alarms of kiosks, how well they recognise, and which of them have no network."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

AUTO_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One version up."""
    op.add_column("kiosks", sa.Column("by_stick", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "kiosk_alarms",
        sa.Column("id", AUTO_ID, nullable=False),
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_kiosk_alarms_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosk_alarms")),
    )
    op.create_index("ix_kiosk_alarms_until", "kiosk_alarms", ["until"])
    op.create_index("ix_kiosk_alarms_kiosk_since", "kiosk_alarms", ["kiosk", "since"])
    op.create_table(
        "match_trends",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("mean_square", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_match_trends_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("kiosk", "day", name=op.f("pk_match_trends")),
    )
