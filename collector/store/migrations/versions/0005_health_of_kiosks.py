"""What kiosks say of board, camera and certificate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.add_column("kiosk_status", sa.Column("throttled", sa.Text(), nullable=True))
    op.add_column("kiosk_status", sa.Column("last_frame_at", UtcDateTime(), nullable=True))
    op.add_column("kiosk_status", sa.Column("certificate_until", UtcDateTime(), nullable=True))
    op.add_column("kiosk_status", sa.Column("board", sa.String(length=120), nullable=True))
    op.add_column("kiosk_status", sa.Column("system", sa.String(length=120), nullable=True))
