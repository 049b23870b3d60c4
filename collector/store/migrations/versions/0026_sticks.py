"""USB sticks: orders of the pages with their files in pieces, and when a stick last came and went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.create_table(
        "stick_orders",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("kiosks", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=41), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stick_orders")),
    )
    op.create_index("ix_stick_orders_state_asked_at", "stick_orders", ["state", "asked_at"])
    op.create_index(op.f("ix_stick_orders_asked_at"), "stick_orders", ["asked_at"])
    op.create_table(
        "stick_pieces",
        sa.Column("order", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order"], ["stick_orders.id"], name=op.f("fk_stick_pieces_order_stick_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order", "number", name=op.f("pk_stick_pieces")),
    )
    op.create_table(
        "stick_visits",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("came_at", UtcDateTime(), nullable=True),
        sa.Column("came_by", sa.String(length=100), nullable=False),
        sa.Column("went_at", UtcDateTime(), nullable=True),
        sa.Column("went_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_stick_visits_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("kiosk", name=op.f("pk_stick_visits")),
    )
