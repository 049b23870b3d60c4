"""Every error of the centre, on one page.

CollectorError (Exception)
├── KeysError (OSError)          the centre's own keys cannot be read, made or trusted
├── SchemaError (RuntimeError)   the database is not at the version this program needs
├── StoreDownError (OSError)     the database does not answer, is locked, full or read-only: try again later
└── ShareError (ValueError)      several processes were asked to write one SQLite file
"""

from __future__ import annotations


class CollectorError(Exception):
    """Something at the centre that a person can mend; the text says how."""


class KeysError(CollectorError, OSError):
    """The centre's own keys cannot be read, made or trusted."""


class SchemaError(CollectorError, RuntimeError):
    """The database is not at the version this program needs."""


class StoreDownError(CollectorError, OSError):
    """The database does not answer, is locked, full or read-only: nothing was committed, try again later."""


class ShareError(CollectorError, ValueError):
    """Several processes were asked to write one SQLite file."""
