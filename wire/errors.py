"""Every error of the wire, on one page.

WireError (ValueError)
├── ContractError     a message breaks the contract: missing field, wrong type, out of range, too large
├── SealError         a seal does not verify, is of another kind of message, or is from an unknown key
└── UnreadableError   an encrypted message is not for this key, or was altered
"""

from __future__ import annotations


class WireError(ValueError):
    """Something that came over the wire cannot be accepted."""


class ContractError(WireError):
    """A message breaks the contract; the text names the message, the field, the value and the rule."""


class SealError(WireError):
    """A seal does not verify; the text says which key and why, never the content."""


class UnreadableError(WireError):
    """An encrypted message cannot be read with this key."""
