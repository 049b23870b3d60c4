"""Every table of the centre: importing this module makes `metadata` whole."""

from __future__ import annotations

from collector.store import (
    accounts,
    appeals,
    audit,
    authority,
    commands,
    fleet,
    hours,
    leave,
    lists,
    people,
    phones,
    records,
    reports,
    results,
    samples,
    spotchecks,
    sticks,
    sums,
    violations,
    years,
)
from collector.store.base import Base

MODULES = (
    accounts,
    appeals,
    audit,
    authority,
    commands,
    fleet,
    hours,
    leave,
    lists,
    people,
    phones,
    records,
    reports,
    results,
    spotchecks,
    samples,
    sticks,
    sums,
    violations,
    years,
)
metadata = Base.metadata
