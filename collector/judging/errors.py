"""Errors of keeping rules, entries and months, on one page; all are `collector.errors.CollectorError`.

JudgingError (ValueError)
├── RuleChangeError    a rule set or holiday cannot be changed as asked
├── FourEyesError      one person proposed and wants to approve
├── EntryError         a fact that cannot be entered or withdrawn as asked
└── MonthError         a month cannot be closed as it stands
"""

from __future__ import annotations

from collector.errors import CollectorError


class JudgingError(CollectorError, ValueError):
    """What was asked of rules, entries or months breaks a rule; the text names the value, the rule and the mend."""


class RuleChangeError(JudgingError):
    """A rule set or holiday cannot be changed as asked."""


class FourEyesError(JudgingError):
    """One person proposed and wants to approve."""


class EntryError(JudgingError):
    """A fact that cannot be entered or withdrawn as asked."""


class MonthError(JudgingError):
    """A month cannot be closed as it stands."""
