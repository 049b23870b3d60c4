"""What can be wrong with a stick.

StickError (OSError)
├── NotMarkedError   it is not ours
└── FullError        no room for what is due
"""

from __future__ import annotations


class StickError(OSError):
    """It cannot be read or written, or holds a link, a folder or a device where a file is expected."""


class NotMarkedError(StickError):
    """It has no marker, or one that cannot be read."""


class FullError(StickError):
    """There is no room on it."""
