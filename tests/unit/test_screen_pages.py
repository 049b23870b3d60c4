"""The wall's page answers loopback only, keeps nothing, and runs nothing but its own script."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from firmware.signals import Signal
from kiosk.screen.card import Card, Picture
from kiosk.screen.pages import CLIENTS, create_app
from kiosk.screen.state import ScreenState
from kiosk.settings import Identity, ScreenSettings
from models.face import Box

HOSTILE = '<script>alert("x")</script>'
NOW = datetime(2026, 1, 5, 0, 21, 37, 999_000, tzinfo=UTC)


@pytest.fixture
def state() -> ScreenState:
    return ScreenState(60)


@pytest.fixture
def client(state: ScreenState) -> FlaskClient:
    identity = Identity(id="kiosk-1", unit="X", unit_name=HOSTILE)
    return create_app(state, ScreenSettings(), identity, lambda: NOW).test_client()


def test_a_name_that_holds_html_is_text(client: FlaskClient) -> None:
    page = client.get("/").text
    assert HOSTILE not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("path", ["/", "/events", "/picture", "/static/wall.js"])
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.9:8080", "[::1", "localhost@evil"]
)
def test_a_host_that_is_not_loopback_is_refused(client: FlaskClient, path: str, host: str) -> None:
    assert client.get(path, headers={"Host": host}).status_code in {400, 421}


def test_nothing_is_kept_and_no_foreign_script_runs(client: FlaskClient) -> None:
    answer = client.get("/", headers={"Host": "127.0.0.1:8080"})
    assert answer.headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert " style=" not in answer.text


def test_an_event_holds_the_whole_view(client: FlaskClient, state: ScreenState) -> None:
    state.show(Card(Signal.RECORDED, name=HOSTILE, at=NOW, entry="c/1"))
    answer = client.get("/events", buffered=False)
    first = next(iter(answer.response))
    view = json.loads(first.decode().removeprefix("data: "))
    assert (view["signal"], view["name"], view["receipt"]) == ("recorded", HOSTILE, "stored")
    assert first.endswith(b"\n\n")
    assert first.count(b"\n") == 2
    answer.close()


def test_a_page_too_many_is_refused_and_a_closed_one_makes_room(client: FlaskClient, state: ScreenState) -> None:
    watching = [client.get("/events", buffered=False) for _ in range(CLIENTS)]
    for one in watching:
        next(iter(one.response))
    assert client.get("/events").status_code == 503
    watching.pop().close()
    again = client.get("/events", buffered=False)
    assert again.status_code == 200
    for one in [*watching, again]:
        one.close()


def test_a_page_that_closes_before_its_first_event_makes_room_too(client: FlaskClient) -> None:
    for _ in range(CLIENTS * 2):
        answer = client.get("/events", buffered=False)
        assert answer.status_code == 200
        answer.close()


def test_the_picture_comes_with_its_number_and_the_served_face(client: FlaskClient, state: ScreenState) -> None:
    state.picture(Picture(b"\xff\xd8jpeg", 640, 480, Box(1.4, 2.6, 30, 40)))
    answer = client.get("/picture")
    assert (answer.data, answer.mimetype) == (b"\xff\xd8jpeg", "image/jpeg")
    assert (answer.headers["X-Number"], answer.headers["X-Served"]) == ("1", "1 3 30 40")


def test_without_a_new_picture_the_answer_is_empty(client: FlaskClient, state: ScreenState) -> None:
    state.close()
    assert client.get("/picture?after=0").status_code == 204
    assert client.get("/picture?after=nonsense").status_code == 204


def test_nothing_can_be_sent_to_the_screen(client: FlaskClient) -> None:
    for path in ("/", "/events", "/picture"):
        assert client.post(path).status_code == 405
