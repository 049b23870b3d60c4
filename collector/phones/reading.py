"""Reading what a telephone application sends. Pure: text in, submissions or errors out; every error names value, rule and mend."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.errors import PhoneError

FIELDS = ("record", "person", "device", "at", "latitude", "longitude", "accuracy_m")
RECORD = re.compile(r"[A-Za-z0-9._-]{1,50}")
PERSON = re.compile(r"[A-Za-z0-9._-]{1,64}")
DEVICE = re.compile(r"[A-Za-z0-9._:-]{4,64}")
COARSEST_M = 5000.0
SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """`most`: records in one request; a time lies between `oldest` before and `ahead` after now."""

    most: int = 500
    oldest: timedelta = timedelta(days=31)
    ahead: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One look by telephone as it was sent. `person`: our id, or NIP or NI PPPK."""

    record: str
    person: str
    device: str
    at: datetime
    latitude: float
    longitude: float
    accuracy_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A record that was not taken; `record` as it was sent, where it could be read."""

    record: str
    error: str
    conflict: bool = False


def read(raw: bytes, now: datetime, bounds: Bounds) -> list[Submission | Refusal]:
    """The records of a request, in its order. Raises PhoneError when the whole cannot be read."""
    try:
        told = json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise PhoneError(f"the body is no JSON: {_short(str(error))}; send an object, as UTF-8") from error
    records = told.get("records") if isinstance(told, dict) and set(told) == {"records"} else [told]
    if not isinstance(records, list) or not records:
        raise PhoneError('the body holds no record: send one record, or {"records": [one or more]}')
    if len(records) > bounds.most:
        raise PhoneError(f"{len(records)} records: {bounds.most} at most in one request; send the rest in another")
    return [_read(one, now, bounds) for one in records]


def _read(one: Any, now: datetime, bounds: Bounds) -> Submission | Refusal:
    name = one.get("record") if isinstance(one, dict) else None
    shown = _short(name) if isinstance(name, str) else ""
    try:
        return _submission(one, now, bounds)
    except PhoneError as error:
        return Refusal(record=shown, error=str(error))


def _submission(one: Any, now: datetime, bounds: Bounds) -> Submission:
    if not isinstance(one, dict):
        raise PhoneError(f"{_show(one)} is no record: send an object with {', '.join(FIELDS)}")
    _complete(one)
    spot = (_number(one, "latitude", 90), _number(one, "longitude", 180))
    if spot == (0.0, 0.0):
        raise PhoneError("latitude = 0, longitude = 0: the phone has no position yet; send when it has one")
    return Submission(
        record=_word(one, "record", RECORD, "1 to 50 of A-Z a-z 0-9 . _ -"),
        person=_word(one, "person", PERSON, "an id of the centre, a NIP or a NI PPPK"),
        device=_word(one, "device", DEVICE, "4 to 64 of A-Z a-z 0-9 . _ : -"),
        at=_moment(one["at"], now, bounds),
        latitude=spot[0],
        longitude=spot[1],
        accuracy_m=_accuracy(one),
    )


def _complete(one: dict[str, Any]) -> None:
    missing = [name for name in FIELDS if name not in one]
    unknown = sorted(set(one) - set(FIELDS))
    if missing:
        raise PhoneError(f"{', '.join(missing)}: missing; a record has {', '.join(FIELDS)}")
    if unknown:
        raise PhoneError(f"{_short(', '.join(unknown))}: not known; a record has {', '.join(FIELDS)} and nothing else")


def _word(one: dict[str, Any], name: str, form: re.Pattern[str], rule: str) -> str:
    value = one[name]
    if not isinstance(value, str) or not form.fullmatch(value):
        raise PhoneError(f"{name} = {_show(value)}: must be a text, {rule}")
    return value


def _number(one: dict[str, Any], name: str, most: float) -> float:
    value = one[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > most:
        raise PhoneError(f"{name} = {_show(value)}: must be a number of degrees (WGS 84) from -{most} to {most}")
    return float(value)


def _accuracy(one: dict[str, Any]) -> float:
    value = one["accuracy_m"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= COARSEST_M:
        raise PhoneError(
            f"accuracy_m = {_show(value)}: must be metres from 0 to {COARSEST_M:.0f}; "
            "a coarser position says nothing: wait for a better one"
        )
    return float(value)


def _moment(value: Any, now: datetime, bounds: Bounds) -> datetime:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise PhoneError(f"at = {_show(value)}: must be a time with its offset, e.g. 2026-01-05T07:12:03.120+07:00")
    try:
        at = at.astimezone(UTC)
    except OverflowError as error:
        raise PhoneError(f"at = {_show(value)}: beyond the calendar; set the phone's clock") from error
    if at > now + bounds.ahead:
        raise PhoneError(f"at = {_show(value)}: lies ahead of the centre's clock; set the phone's clock and send again")
    if at < now - bounds.oldest:
        raise PhoneError(f"at = {_show(value)}: older than {bounds.oldest.days} days; hand it to BKD as a manual list")
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field stands twice in one object")
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _show(value: object) -> str:
    return _short(repr(value))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
