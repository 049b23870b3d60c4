"""Rule sets and results as JSON: what is stored, compared and printed as a version. The same value, the same bytes."""

from __future__ import annotations

import hashlib

from collector.rules.day import DayResult
from collector.rules.ruleset import RuleSet
from wire.codec import Codec

RULE_SET: Codec[RuleSet] = Codec("rule set", RuleSet)
DAY_RESULT: Codec[DayResult] = Codec("day result", DayResult)


def digest(rules: RuleSet) -> str:
    """SHA-256 of a rule set's JSON, 64 hexadecimal digits."""
    return hashlib.sha256(RULE_SET.encode(rules)).hexdigest()
