"""Errors of what people enter, on one page; all are `collector.judging.errors.EntryError`.

EntryError (JudgingError)
└── ListError          a manual list that cannot be filed, confirmed or withdrawn as asked
    └── ConfirmError   somebody confirms who may not
"""

from __future__ import annotations

from collector.judging.errors import EntryError


class ListError(EntryError):
    """A manual list that cannot be filed, confirmed or withdrawn as asked."""


class ConfirmError(ListError):
    """Somebody confirms who may not: who filed it, or stands on it."""
