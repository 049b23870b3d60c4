"""Every error of the rules, on one page.

RulesError (ValueError)
├── NoRuleSetError      no rule set is valid for a category, unit and date
├── OverlapError        two rule sets of the same rank are valid for the same people on the same date
├── PastChangeError     a change would apply to today or to the past without two confirmations and a reason
└── TransitionError     a violation cannot go from this state to that one, or by this person
"""

from __future__ import annotations


class RulesError(ValueError):
    """Rules cannot be applied as they stand; the text names the value, the rule and the mend."""


class NoRuleSetError(RulesError):
    """No rule set is valid here."""


class OverlapError(RulesError):
    """Two rule sets claim the same people and dates."""


class PastChangeError(RulesError):
    """A rule set would apply to days that have begun or passed."""


class TransitionError(RulesError):
    """A violation or an appeal cannot change its state so."""


class TooLateError(TransitionError):
    """The time to contest it is over."""
