"""The index of records by kind and time tells the person too: a board reads no record to know who was seen."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.create_index("ix_records_kind_at_person", "records", ["kind", "at", "person"])
    op.drop_index("ix_records_kind_at", "records")
