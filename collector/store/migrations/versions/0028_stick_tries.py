"""How often an order on a stick was begun: one that ends the process is not begun for ever."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    op.add_column("stick_orders", sa.Column("tries", sa.SmallInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("stick_orders") as table:
        table.alter_column("tries", server_default=None)
