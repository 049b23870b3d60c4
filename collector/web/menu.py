"""What stands in the bar above every page. Each area declares its own entries as `MENU`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from flask import request

from collector.accounts.roles import EVERYBODY, Role
from collector.web.access import somebody, visible
from collector.web.words import N_


class Group(Enum):
    """Where an entry stands, in this order; a group of one is a link of its own."""

    TODAY = N_("Presence")
    PEOPLE = N_("People")
    HOURS = N_("Hours")
    REPORTS = N_("Reports")
    OVERSIGHT = N_("Oversight")
    CENTRE = N_("Centre")


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the bar: its endpoint and words. Shown to `roles`, of whom only those the view allows see it."""

    endpoint: str
    words: str
    group: Group
    roles: frozenset[Role] = EVERYBODY

    @property
    def current(self) -> bool:
        """Whether the page shown is of the same blueprint."""
        return (request.endpoint or "").partition(".")[0] == self.endpoint.partition(".")[0]


def menu(entries: Iterable[Entry]) -> list[tuple[Group, list[Entry]]]:
    """The entries that the asker may open, by group."""
    account = somebody()
    shown = [one for one in entries if account is not None and account.role in one.roles and visible(one.endpoint)]
    groups = [(group, [one for one in shown if one.group is group]) for group in Group]
    return [(group, members) for group, members in groups if members]
