"""The kiosk's ledger: records, signed and chained, each on disk before anything turns green."""

from kiosk.ledger.entry import ChainSpan, Entry, Receipted, Rejection, Stored
from kiosk.ledger.errors import LedgerDamaged, LedgerError, LedgerFull, LedgerReadOnly, LedgerTaken
from kiosk.ledger.ledger import Ledger
from kiosk.ledger.reader import LedgerReader

__all__ = [
    "ChainSpan",
    "Entry",
    "Ledger",
    "LedgerDamaged",
    "LedgerError",
    "LedgerFull",
    "LedgerReadOnly",
    "LedgerReader",
    "LedgerTaken",
    "Receipted",
    "Rejection",
    "Stored",
]
