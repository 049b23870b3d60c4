"""The tables of relay.db: what the centre said, as ciphertext where it is about people, and how the connection is."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Integer, MetaData, Table, Text

TABLES = MetaData()

RECEIPTS = Table(
    "receipts",
    TABLES,
    Column("chain", Text, primary_key=True),
    Column("upto", Integer, nullable=False),
    Column("ahead", Integer, nullable=False),
)

RECEIPT_DAYS = Table(
    "receipt_days",  # by the centre's clock, sealed with the receipt: the kiosk's own may be wrong by years
    TABLES,
    Column("chain", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("upto", Integer, nullable=False),  # already receipted on the morning of that day
)

REJECTED = Table(
    "rejected",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("chain", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("reason", Text, nullable=False),
)

MANIFESTS = Table(
    "manifests",
    TABLES,
    Column("slot", Text, primary_key=True),  # active, or candidate while its entries come in
    Column("version", Integer, nullable=False),
    Column("sealed", Text, nullable=False),
)

ENTRIES = Table(
    "entries",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("person", Text, nullable=False),
    Column("sealed", Text, nullable=False),
)

LATEST = Table(
    "latest",
    TABLES,
    Column("kind", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed", Text, nullable=False),
)

COMMANDS = Table(
    "commands",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("expires", Text, nullable=False),
    Column("outcome", Text, nullable=False),
)

ORDERS = Table(
    "orders",  # for the agent, which verifies the seal once more; `told`: its answer went to the centre
    TABLES,
    Column("id", Text, primary_key=True),
    Column("expires", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("told", Boolean, nullable=False),
)

SPOOL = Table(
    "spool",  # the file of a USB stick that was taken in last
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
)

PICTURES = Table(
    "pictures",  # those the centre has (stored), or will not have (its word why), until the kiosk has deleted them
    TABLES,
    Column("digest", Text, primary_key=True),
    Column("word", Text, nullable=False),
)

LINK = Table(
    "link",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("online", Boolean, nullable=False),
    Column("since", Float, nullable=False),  # seconds since 1970 by the kiosk's clock
)
