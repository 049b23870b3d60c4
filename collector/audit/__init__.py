"""The audit log: who did or read what, each entry chained to the one before."""

from collector.audit.log import head, note

__all__ = ["head", "note"]
