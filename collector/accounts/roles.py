"""What an account is for, and the groups of roles that pages are opened to. Pure."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What an account may do. OPD roles reach their unit and all below it, an employee their own person."""

    BKD_ADMIN = "bkd-admin"  # accounts, settings of the centre, and all of an officer's work
    BKD_OFFICER = "bkd-officer"  # people, hours, rulings of the whole regency
    OPD_HEAD = "opd-head"  # superior of a unit: first word on appeals and leave
    OPD_OPERATOR = "opd-operator"  # clerk of a unit: enrols, files, hands out links
    INSPECTORATE = "inspectorate"  # reads everything, changes nothing but its own samples
    EMPLOYEE = "employee"  # own person alone


BKD = frozenset({Role.BKD_ADMIN, Role.BKD_OFFICER})
ADMIN = frozenset({Role.BKD_ADMIN})
"""Who orders kiosks and brings versions to them."""

OPD = frozenset({Role.OPD_HEAD, Role.OPD_OPERATOR})
WHOLE = BKD | {Role.INSPECTORATE}
"""Roles that reach every unit."""

CHECKERS = frozenset({Role.INSPECTORATE})
"""Who draws spot checks and notes who is there."""

ALL_STAFF = WHOLE | OPD
"""Everybody who looks at others."""

EVERYBODY = frozenset(Role)
"""Everybody who is logged in."""
