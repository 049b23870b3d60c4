"""Exports of sealed records are ordered like reports: of a span of days, of one kiosk or a unit's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.add_column("report_orders", sa.Column("until", sa.Date(), nullable=True))
    op.add_column(
        "report_orders", sa.Column("kiosk", sa.String(length=63), nullable=False, server_default=sa.text("''"))
    )
