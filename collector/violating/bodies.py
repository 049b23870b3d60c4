"""What stands in a stored record beside its columns. Its seal and contract were verified when it was taken in."""

from __future__ import annotations

import base64
import json
from typing import Any

Body = dict[str, Any]


def body_of(sealed: str) -> Body:
    """The record's body; empty for a text without one, as tests and demos of the pages store."""
    payload = sealed.split(".")[1:2]
    if not payload:
        return {}
    raw = base64.urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4))
    found = json.loads(raw)["body"]
    return found if isinstance(found, dict) else {}


def whole(value: object) -> int | None:
    """A number of the body as a whole one; None for anything else: a newer kiosk may write other things there."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def degrees(value: object) -> float | None:
    """A coordinate of the body, or None."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
