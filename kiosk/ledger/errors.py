"""Every error of the ledger, on one page. After any of them nothing is pretended: the record is not recorded.

LedgerError (RuntimeError)
├── LedgerFull       the disk is full
├── LedgerReadOnly   the folder or file cannot be written
├── LedgerDamaged    the file is not a whole ledger
└── LedgerTaken      another process writes it
"""

from __future__ import annotations

from kiosk.database import DatabaseError, TakenError, Trouble
from kiosk.keys import KeyFileError


class LedgerError(RuntimeError):
    """The ledger could not do it; the next call tries afresh."""


class LedgerFull(LedgerError):
    """The disk is full."""


class LedgerReadOnly(LedgerError):
    """The folder or the file cannot be written."""


class LedgerDamaged(LedgerError):
    """The file is not a whole ledger; the next opening sets it aside and starts a new chain."""


class LedgerTaken(LedgerError):
    """Another process writes this ledger."""


_CLASSES = {
    Trouble.FULL: (LedgerFull, "free some space"),
    Trouble.READ_ONLY: (LedgerReadOnly, "make the folder writable for the kiosk process"),
    Trouble.ABSENT: (LedgerReadOnly, "make the folder writable for the kiosk process"),
    Trouble.DAMAGED: (LedgerDamaged, "the next opening sets the file aside and starts a new chain"),
}


def ledger_error(error: DatabaseError | TakenError | KeyFileError) -> LedgerError:
    """The same, in the ledger's words."""
    if isinstance(error, TakenError):
        return LedgerTaken(str(error))
    if isinstance(error, KeyFileError):
        return _CLASSES.get(error.trouble, (LedgerError, ""))[0](str(error))
    kind, mend = _CLASSES.get(error.trouble, (LedgerError, "it is tried again with the next record"))
    return kind(f"{error}; {mend}")
