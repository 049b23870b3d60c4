"""Topics: parse and print are inverse, and nothing else parses."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import topics
from wire.errors import ContractError

KIOSKS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)


@given(KIOSKS, st.sampled_from(topics.FROM_KIOSK + topics.TO_KIOSK))
def test_what_is_printed_is_parsed_back(kiosk: str, channel: str) -> None:
    address = topics.Address(kiosk, channel)
    assert topics.parse(address.topic) == address


@given(KIOSKS, st.sampled_from(topics.WITH_ITEM), st.from_regex(r"[a-z0-9][a-z0-9-]{0,63}", fullmatch=True))
def test_items_of_blobs_and_roster(kiosk: str, channel: str, item: str) -> None:
    address = topics.Address(kiosk, channel, item)
    assert topics.parse(address.topic) == address


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "siperlu/v2/kiosk-1/records",
        "siperlu/v1/kiosk-1",
        "siperlu/v1//records",
        "siperlu/v1/+/records",
        "siperlu/v1/kiosk-1/records/1",
        "siperlu/v1/kiosk-1/roster/a/b",
        "siperlu/v1/kiosk-1/roster/../x",
        "siperlu/v1/kiosk-1/records\n",
        "siperlu/v1/Kiosk/records",
        "$SYS/broker",
    ],
)
def test_anything_else_is_refused(topic: str) -> None:
    with pytest.raises(ContractError):
        topics.parse(topic)


@given(st.text())
def test_no_text_makes_it_crash(text: str) -> None:
    with contextlib.suppress(ContractError):
        assert topics.parse(text).topic == text


def _matches(pattern: str, topic: str) -> bool:
    parts, names = pattern.split("/"), topic.split("/")
    return len(parts) == len(names) and all(p in ("+", n) for p, n in zip(parts, names, strict=True))


@given(KIOSKS)
def test_the_centres_filters_do_not_overlap(kiosk: str) -> None:
    for channel in topics.FROM_KIOSK:
        topic = topics.Address(kiosk, channel, "ab" if channel == "blobs" else None).topic
        assert sum(_matches(pattern, topic) for pattern in topics.subscriptions_of_centre()) == 1


@given(KIOSKS, KIOSKS)
def test_a_kiosk_listens_to_its_own_topics_alone(kiosk: str, other: str) -> None:
    mine = topics.subscriptions_of_kiosk(kiosk)
    for channel in topics.TO_KIOSK:
        topic = topics.Address(other, channel).topic
        assert any(_matches(pattern, topic) for pattern in mine) == (other == kiosk)
