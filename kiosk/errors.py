"""Errors of the kiosk as a whole; its parts have their own pages (ledger/errors.py, firmware/errors.py, models/errors.py).

KioskError (RuntimeError)
└── PartEnded    a thread that must not end has ended: the process ends, and the service manager starts it again
"""

from __future__ import annotations


class KioskError(RuntimeError):
    """The kiosk cannot go on."""


class PartEnded(KioskError):
    """A thread that must not end has ended; the text names it."""
