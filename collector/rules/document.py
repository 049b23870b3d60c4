"""Rule sets and results as JSON: what is stored, compared and printed as a version. The same value, the same bytes."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from collector.rules.day import DayResult
from collector.rules.ruleset import RuleSet
from wire.codec import Codec

RULE_SET: Codec[RuleSet] = Codec("rule set", RuleSet)
DAY_RESULT: Codec[DayResult] = Codec("day result", DayResult)


@lru_cache(maxsize=256)
def rule_set(document: bytes) -> RuleSet:
    """A stored rule set, read once: what is approved never changes, and every page that knows the rules asks for it.

    Raises what `RULE_SET.decode` raises.
    """
    return RULE_SET.decode(document)


def digest(rules: RuleSet) -> str:
    """SHA-256 of a rule set's JSON, 64 hexadecimal digits."""
    return hashlib.sha256(RULE_SET.encode(rules)).hexdigest()
