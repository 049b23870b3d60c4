"""What kiosks are told of hours and holidays is remembered, so that it is told again to a broker that forgot it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.create_table(
        "published_rules",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_published_rules_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("kiosk", name=op.f("pk_published_rules")),
    )
