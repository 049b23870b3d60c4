"""Evidence pictures as the vault keeps them, beside the sealed text that proves what the kiosk sent.

Until this version no kiosk sent any; what a test centre has stays without a picture that pages could show.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.add_column("blobs", sa.Column("picture", sa.LargeBinary(), nullable=True))
    op.create_index("ix_blobs_kiosk_received_at", "blobs", ["kiosk", "received_at"])
