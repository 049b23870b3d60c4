"""Rule sets, holidays and entries; moments and outages; judged days and closed months."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from collector.store.base import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

AUTO_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One version up."""
    _rules()
    _entered()
    _dated()
    _kiosks()
    _days()
    _months()
    # Records that were here before are dated like those that arrive.
    op.execute(
        "INSERT INTO fresh_records (kiosk, chain, first, last) "
        "SELECT kiosk, chain, min(seq), max(seq) FROM records GROUP BY kiosk, chain"
    )


def _rules() -> None:
    op.create_table(
        "rule_sets",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.String(length=100), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("confirmations", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=100), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_rule_sets")),
    )
    op.create_table(
        "holidays",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("decree", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("joint", sa.Boolean(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("entered_by", sa.String(length=100), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=100), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holidays")),
    )
    op.create_index(op.f("ix_holidays_day"), "holidays", ["day"], unique=False)


def _entered() -> None:
    op.create_table(
        "schedules",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("pattern", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_schedules_person_people"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", "since", name=op.f("pk_schedules")),
    )
    op.create_table(
        "turns",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shift", sa.String(length=64), nullable=True),
        sa.Column("off", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_turns_person_people"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person", "day", name=op.f("pk_turns")),
    )
    op.create_table(
        "entries",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.String(length=100), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=100), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    op.create_index("ix_entries_kind_until", "entries", ["kind", "until"], unique=False)
    op.create_index("ix_entries_person_until", "entries", ["person", "until"], unique=False)


def _dated() -> None:
    op.create_table(
        "fresh_records",
        sa.Column("id", AUTO_ID, nullable=False),
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("chain", sa.String(length=43), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fresh_records")),
    )
    op.create_table(
        "record_moments",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("chain", sa.String(length=43), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("earliest", UtcDateTime(), nullable=False),
        sa.Column("latest", UtcDateTime(), nullable=False),
        sa.Column("basis", sa.String(length=8), nullable=False),
        sa.Column("wall", sa.Boolean(), nullable=False),
        sa.Column("learnt_ms", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("life", sa.String(length=8), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("method", sa.String(length=16), nullable=True),
        sa.Column("unit", sa.String(length=64), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", "chain", "seq", name=op.f("pk_record_moments")),
    )
    op.create_index(
        "ix_record_moments_doubtful",
        "record_moments",
        ["person"],
        unique=False,
        sqlite_where=sa.text("basis = 'unknown'"),
        postgresql_where=sa.text("basis = 'unknown'"),
    )
    op.create_index("ix_record_moments_kiosk_at", "record_moments", ["kiosk", "at"], unique=False)
    op.create_index("ix_record_moments_person_at", "record_moments", ["person", "at"], unique=False)


def _kiosks() -> None:
    op.create_table(
        "kiosk_marks",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("complete_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_kiosk_marks_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("kiosk", name=op.f("pk_kiosk_marks")),
    )
    op.create_table(
        "kiosk_outages",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_kiosk_outages_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("kiosk", "since", name=op.f("pk_kiosk_outages")),
    )
    op.create_index("ix_kiosk_outages_kiosk_until", "kiosk_outages", ["kiosk", "until"], unique=False)
    op.create_table(
        "enrolled",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_enrolled")),
    )
    op.create_table(
        "roster_reach",
        sa.Column("kiosk", sa.String(length=63), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("reached_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["kiosk"], ["kiosks.id"], name=op.f("fk_roster_reach_kiosk_kiosks")),
        sa.PrimaryKeyConstraint("kiosk", "person", name=op.f("pk_roster_reach")),
    )


def _days() -> None:
    op.create_table(
        "opened_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_opened_days")),
    )
    op.create_table(
        "touched_days",
        sa.Column("id", AUTO_ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touched_days")),
    )
    op.create_table(
        "day_results",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("codes", sa.String(length=64), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("first_in", UtcDateTime(), nullable=True),
        sa.Column("last_out", UtcDateTime(), nullable=True),
        sa.Column("minutes_late", sa.Integer(), nullable=False),
        sa.Column("minutes_early", sa.Integer(), nullable=False),
        sa.Column("no_check_in", sa.Boolean(), nullable=False),
        sa.Column("no_check_out", sa.Boolean(), nullable=False),
        sa.Column("percent_milli", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(length=100), nullable=False),
        sa.Column("rules_digest", sa.String(length=64), nullable=False),
        sa.Column("closes", UtcDateTime(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person", "day", name=op.f("pk_day_results")),
    )
    op.create_index("ix_day_results_day_unit", "day_results", ["day", "unit"], unique=False)
    op.create_index("ix_day_results_unit_day", "day_results", ["unit", "day"], unique=False)
    op.create_index(
        "ix_day_results_waiting",
        "day_results",
        ["day", "person"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _months() -> None:
    op.create_table(
        "closed_months",
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_by", sa.String(length=100), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["unit"], ["units.code"], name=op.f("fk_closed_months_unit_units")),
        sa.PrimaryKeyConstraint("unit", "month", name=op.f("pk_closed_months")),
    )
    op.create_table(
        "closed_days",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rules_digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("person", "day", name=op.f("pk_closed_days")),
    )
    op.create_index("ix_closed_days_unit_month", "closed_days", ["unit", "month"], unique=False)
    op.create_table(
        "corrections",
        sa.Column("id", AUTO_ID, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("then", sa.LargeBinary(), nullable=False),
        sa.Column("now", sa.LargeBinary(), nullable=False),
        sa.Column("percent_milli", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("booked", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index("ix_corrections_person_day", "corrections", ["person", "day"], unique=False)
    op.create_index("ix_corrections_unit_booked", "corrections", ["unit", "booked"], unique=False)
