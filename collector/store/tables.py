"""Every table of the centre: importing this module makes `metadata` whole."""

from __future__ import annotations

from collector.store import people, records
from collector.store.base import Base

MODULES = (people, records)
metadata = Base.metadata
