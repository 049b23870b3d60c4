"""Ordered reports, their files in pieces, and the centre's public keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.create_table(
        "report_orders",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("staff", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_orders")),
    )
    op.create_index(op.f("ix_report_orders_asked_by"), "report_orders", ["asked_by"])
    op.create_index("ix_report_orders_state_asked_at", "report_orders", ["state", "asked_at"])
    op.create_table(
        "report_pieces",
        sa.Column("order", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order"], ["report_orders.id"], name=op.f("fk_report_pieces_order_report_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order", "number", name=op.f("pk_report_pieces")),
    )
    op.create_table(
        "centre_public_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("jwks", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_centre_public_keys")),
    )
