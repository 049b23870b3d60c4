"""Violations, their history, phone records, and how far the detectors have looked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

AUTO_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One version up."""
    _violations()
    _phones()
    _detected()


def _violations() -> None:
    op.create_table(
        "violations",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("against", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_violations")),
    )
    op.create_index(op.f("ix_violations_subject"), "violations", ["subject"])
    op.create_index("ix_violations_day_unit_kind", "violations", ["day", "unit", "kind"])
    op.create_table(
        "violation_history",
        sa.Column("id", AUTO_ID, nullable=False),
        sa.Column("violation", sa.String(length=64), nullable=False),
        sa.Column("to", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["violation"], ["violations.key"], name=op.f("fk_violation_history_violation_violations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation_history")),
    )
    op.create_index(op.f("ix_violation_history_violation"), "violation_history", ["violation"])


def _phones() -> None:
    op.create_table(
        "phone_records",
        sa.Column("id", AUTO_ID, nullable=False),
        sa.Column("record", sa.String(length=80), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_records")),
        sa.UniqueConstraint("record", name=op.f("uq_phone_records_record")),
    )
    op.create_index(op.f("ix_phone_records_at"), "phone_records", ["at"])
    op.create_index("ix_phone_records_person_at", "phone_records", ["person", "at"])


def _detected() -> None:
    op.create_table(
        "detected_chains",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("chain", sa.String(length=43), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", "chain", name=op.f("pk_detected_chains")),
    )
    op.create_table(
        "detected_doubts",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", "day", name=op.f("pk_detected_doubts")),
    )
