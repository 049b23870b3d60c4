"""The tables of ledger.db.

The sealed text is the record; nothing in it is stored a second time, so nothing can disagree with it.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table, Text

TABLES = MetaData()

CHAINS = Table(
    "chains",
    TABLES,
    Column("number", Integer, primary_key=True),  # of the key that signs it: chains follow each other by it
    Column("chain", Text, nullable=False, unique=True),
    Column("kept_seq", Integer, nullable=False),  # the head behind which old records were trimmed
    Column("kept_digest", Text, nullable=False),
)

RECORDS = Table(
    "records",
    TABLES,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("sealed", Text, nullable=False),
    Column("carried", Integer, nullable=False, default=0),  # 1: appended again on a later chain
)
