"""A PIN stands on a guarantee: by whom, why, by which letter, and between which dates.

Until this version no page and no command gave a PIN, so the table is empty and is made anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.drop_table("pins")
    op.create_table(
        "pins",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("guarantor", sa.String(length=200), nullable=False),
        sa.Column("letter", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entry", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_pins_person_people"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_pins")),
        sa.UniqueConstraint("number", name=op.f("uq_pins_number")),
    )
