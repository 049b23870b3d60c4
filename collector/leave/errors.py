"""Errors of leave and exceptions, on one page; all are `collector.errors.CollectorError`.

LeaveError (ValueError)
├── LetterError       a file that cannot be taken as a letter
├── OverlapError      another letter claims the same days
├── AccountError      more annual leave than is left
├── DeciderError      somebody decides who may not
└── PinError          a PIN that cannot be given
"""

from __future__ import annotations

from collector.errors import CollectorError


class LeaveError(CollectorError, ValueError):
    """A leave, list or PIN that cannot be entered or decided as asked; the text names the value, the rule and the mend."""


class LetterError(LeaveError):
    """A file that cannot be taken as a letter."""


class OverlapError(LeaveError):
    """Another letter claims the same days."""


class AccountError(LeaveError):
    """More annual leave than is left."""


class DeciderError(LeaveError):
    """Somebody decides who may not."""


class PinError(LeaveError):
    """A PIN that cannot be given."""
