"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One version up."""
    _records()
    _doubt()
    _people()
    _faces()
    _kiosks()
    _progress()


def _records() -> None:
    """What kiosks sent."""
    op.create_table(
        "records",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("chain", sa.String(length=43), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("clock_source", sa.String(length=8), nullable=False),
        sa.Column("clock_error_ms", sa.BigInteger(), nullable=True),
        sa.Column("boot", sa.String(length=64), nullable=False),
        sa.Column("monotonic_ns", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("method", sa.String(length=16), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("unit", sa.String(length=64), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", "chain", "seq", name=op.f("pk_records")),
    )
    op.create_index("ix_records_kind_at", "records", ["kind", "at"], unique=False)
    op.create_index("ix_records_kiosk_at", "records", ["kiosk", "at"], unique=False)
    op.create_index("ix_records_person_at", "records", ["person", "at"], unique=False)
    op.create_table(
        "blobs",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blobs")),
    )


def _doubt() -> None:
    """What could not be accepted, or must be looked at."""
    op.create_table(
        "set_aside",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("chain", sa.String(length=43), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_aside")),
        sa.UniqueConstraint("kiosk", "digest", name=op.f("uq_set_aside_kiosk_digest")),
    )
    op.create_index("ix_set_aside_kiosk_chain_seq", "set_aside", ["kiosk", "chain", "seq"], unique=False)
    op.create_index("ix_set_aside_reason_kiosk", "set_aside", ["reason", "kiosk"], unique=False)
    op.create_table(
        "discarded",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", "day", "reason", name=op.f("pk_discarded")),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("chain", sa.String(length=43), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("digest", name=op.f("uq_incidents_digest")),
    )
    op.create_index(op.f("ix_incidents_kiosk"), "incidents", ["kiosk"], unique=False)


def _people() -> None:
    """People and units."""
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=True),
        sa.Column("internal_number", sa.String(length=64), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("internal_number", name=op.f("uq_people_internal_number")),
        sa.UniqueConstraint("number", name=op.f("uq_people_number")),
    )
    op.create_table(
        "units",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["parent"], ["units.code"], name=op.f("fk_units_parent_units")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_units")),
    )
    op.create_index(op.f("ix_units_parent"), "units", ["parent"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name=op.f("fk_assignments_person_people"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["unit"], ["units.code"], name=op.f("fk_assignments_unit_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    op.create_index(op.f("ix_assignments_person"), "assignments", ["person"], unique=False)
    op.create_index(op.f("ix_assignments_unit"), "assignments", ["unit"], unique=False)


def _faces() -> None:
    """Faces."""
    op.create_table(
        "chips",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("encrypted", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_chips_person_people"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_chips")),
    )
    op.create_index(op.f("ix_chips_person"), "chips", ["person"], unique=False)
    op.create_table(
        "templates",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_templates_person_people"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", "model", name=op.f("pk_templates")),
    )


def _kiosks() -> None:
    """Kiosks and what they were given."""
    op.create_table(
        "kiosks",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["unit"], ["units.code"], name=op.f("fk_kiosks_unit_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosks")),
    )
    op.create_index(op.f("ix_kiosks_unit"), "kiosks", ["unit"], unique=False)
    op.create_table(
        "kiosk_keys",
        sa.Column("kid", sa.String(length=100), nullable=False),
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("use", sa.String(length=16), nullable=False),
        sa.Column("x", sa.String(length=43), nullable=False),
        sa.Column("thumbprint", sa.String(length=43), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_kiosk_keys_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_kiosk_keys")),
        sa.UniqueConstraint("thumbprint", name=op.f("uq_kiosk_keys_thumbprint")),
    )
    op.create_index(op.f("ix_kiosk_keys_kiosk"), "kiosk_keys", ["kiosk"], unique=False)
    op.create_table(
        "published_entries",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_published_entries_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("kiosk", "person", name=op.f("pk_published_entries")),
    )
    op.create_index("ix_published_entries_person", "published_entries", ["person"], unique=False)
    op.create_table(
        "published_rosters",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_published_rosters_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("kiosk", name=op.f("pk_published_rosters")),
    )


def _progress() -> None:
    """How far each kiosk's records came, and how it is."""
    op.create_table(
        "chains",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("chain", sa.String(length=43), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("complete_at", UtcDateTime(), nullable=True),
        sa.Column("previous", sa.String(length=43), nullable=True),
        sa.Column("previous_upto", sa.BigInteger(), nullable=True),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_chains_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("kiosk", "chain", name=op.f("pk_chains")),
    )
    op.create_table(
        "kiosk_status",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("backlog", sa.BigInteger(), nullable=False),
        sa.Column("roster_version", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.String(length=43), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("temperature_c", sa.Double(), nullable=True),
        sa.Column("disk_free_mib", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_kiosk_status_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("kiosk", name=op.f("pk_kiosk_status")),
    )
