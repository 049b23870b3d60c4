"""What a telephone application sends: strictly read; an error names the value, the rule and the mend."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import PhoneError
from collector.phones.rate import Rate
from collector.phones.reading import Bounds, Refusal, Submission, read

NOW = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
ONE: dict[str, Any] = {
    "record": "r-1",
    "person": "198001012005011001",
    "device": "android-0a1b2c",
    "at": "2026-01-05T07:12:03.120456+07:00",
    "latitude": -8.133,
    "longitude": 113.225,
    "accuracy_m": 12,
}


def told(*records: Any, now: datetime = NOW) -> list[Submission | Refusal]:
    return read(json.dumps({"records": list(records)}).encode(), now, Bounds())


def test_a_record_is_read_to_the_millisecond() -> None:
    [alone] = read(json.dumps(ONE).encode(), NOW, Bounds())
    assert [alone] == told(ONE)
    assert isinstance(alone, Submission)
    assert alone.at == datetime(2026, 1, 5, 0, 12, 3, 120000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"record": "a/b"}, "record = 'a/b': must be a text"),
        ({"record": ""}, "record = ''"),
        ({"record": 7}, "record = 7: must be a text"),
        ({"person": "'; DROP TABLE people; --"}, "person = "),
        ({"person": "<b>x</b>"}, "person = "),
        ({"device": "x"}, "device = 'x': must be a text, 4 to 64"),
        ({"device": "a\u0000bcd"}, "device = "),
        ({"at": "2026-01-05T07:12:03"}, "must be a time with its offset"),
        ({"at": "yesterday"}, "must be a time with its offset"),
        ({"at": 1767572000}, "must be a time with its offset"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "beyond the calendar"),
        ({"at": "2026-01-05T00:32:01Z"}, "ahead of the centre's clock; set the phone's clock"),
        ({"at": "2025-12-01T00:00:00Z"}, "older than 31 days; hand it to BKD"),
        ({"latitude": 90.1}, "latitude = 90.1: must be a number of degrees"),
        ({"latitude": True}, "latitude = True"),
        ({"latitude": "-8.1"}, "latitude = '-8.1'"),
        ({"longitude": -180.5}, "longitude = -180.5"),
        ({"latitude": 0, "longitude": 0}, "no position yet; send when it has one"),
        ({"accuracy_m": -1}, "accuracy_m = -1"),
        ({"accuracy_m": 9000}, "wait for a better one"),
        ({"is_admin": True}, "is_admin: not known"),
    ],
)
def test_one_wrong_field_is_named_with_its_rule(changed: dict[str, Any], error: str) -> None:
    [refusal, fine] = told({**ONE, **changed}, {**ONE, "record": "r-2"})
    assert isinstance(refusal, Refusal)
    assert error in refusal.error
    assert isinstance(fine, Submission)


@pytest.mark.parametrize("name", sorted(ONE))
def test_every_field_is_needed(name: str) -> None:
    [refusal] = told({key: value for key, value in ONE.items() if key != name})
    assert isinstance(refusal, Refusal)
    assert refusal.error.startswith(f"{name}: missing")


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"records": [NaN]}', "NaN is no number"),
        (b'{"records": []}', "no record"),
        (b'{"records": {}}', "no record"),
        (b'{"record": "a", "record": "b"}', "stands twice"),
        (json.dumps({"records": [ONE] * 501}).encode(), "501 records: 500 at most"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_as_a_whole(raw: bytes, error: str) -> None:
    with pytest.raises(PhoneError, match=error):
        read(raw, NOW, Bounds())


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_nothing_that_is_json_is_more_than_an_error(value: Any) -> None:
    try:
        answers = read(json.dumps(value).encode(), NOW, Bounds())
    except PhoneError as error:
        answers = [Refusal(record="", error=str(error))]
    assert all(isinstance(answer, Refusal) and len(answer.error) < 300 for answer in answers)


def test_a_sender_waits_when_it_asks_too_often_and_no_other_does() -> None:
    rate = Rate(60)
    assert [rate.take("a", 0.0) for _ in range(60)] == [0.0] * 60
    assert rate.take("a", 0.0) == pytest.approx(1.0)
    assert rate.take("b", 0.0) == 0.0
    assert rate.take("a", 1.5) == 0.0
    assert timedelta(seconds=rate.take("a", 1.5)) > timedelta()
