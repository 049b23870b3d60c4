"""The keypad's request: from the wall's own page alone, small, and without a word of what was typed."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk.pin import Answer, Said
from kiosk.screen.card import Surroundings
from kiosk.screen.pages import create_app
from kiosk.screen.state import ScreenState
from kiosk.settings import Identity, ScreenSettings

NOW = datetime(2026, 1, 5, tzinfo=UTC)
HOST = "127.0.0.1:8080"
TYPED = {"number": "40718", "pin": "482913"}


class Wall:
    """A page with its token, and what its desk was asked."""

    def __init__(self, language: str = "id") -> None:
        self.asked: list[tuple[str, str]] = []
        self.answer: Answer | Exception = Answer(Said.WRONG)
        state = ScreenState(60)
        state.surroundings(Surroundings(online=True, backlog=0, clock_trusted=True, enrolled=1, pins=1))
        settings = ScreenSettings(language=language)
        app = create_app(state, settings, Identity(), lambda: NOW, self.ask)
        self.client: FlaskClient = app.test_client()
        event = next(iter(self.client.get("/events", headers={"Host": HOST}, buffered=False).response))
        text = event.decode() if isinstance(event, bytes) else event
        self.view: dict[str, Any] = json.loads(text.removeprefix("data: "))

    def ask(self, number: str, pin: str) -> Answer:
        self.asked.append((number, pin))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def headers(self, **changed: str) -> dict[str, str]:
        own = {"Host": HOST, "Origin": f"http://{HOST}", "X-Siperlu-Page": self.view["token"]}
        return own | {name.replace("_", "-"): value for name, value in changed.items()}

    def post(self, body: object = TYPED, **changed: str) -> Any:
        return self.client.post(
            "/pin", data=json.dumps(body), content_type="application/json", headers=self.headers(**changed)
        )


def test_the_walls_own_page_asks_and_is_answered_in_words() -> None:
    wall = Wall()
    assert wall.view["pin"] is True
    answer = wall.post()
    assert wall.asked == [("40718", "482913")]
    assert answer.json == {
        "said": "wrong",
        "title": "Nomor atau PIN salah",
        "text": "Belum tercatat. Coba sekali lagi.",
    }
    assert answer.headers["Cache-Control"] == "no-store"
    wall.answer = Answer(Said.LOCKED, 61)
    assert wall.post().json["text"] == "Belum tercatat. Tunggu 2 menit atau temui petugas."


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://localhost:8080"}, 403),
        ({"X_Siperlu_Page": ""}, 403),
        ({"X_Siperlu_Page": "guessed"}, 403),
        ({"X_Siperlu_Page": "é"}, 403),
        ({"Host": "evil.example"}, 421),
    ],
)
def test_another_page_asks_in_vain(changed: dict[str, str], status: int) -> None:
    wall = Wall()
    assert wall.post(**changed).status_code == status
    assert wall.asked == []


def test_what_a_form_of_another_site_could_send_is_refused() -> None:
    wall = Wall()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert (
            wall.client.post("/pin", data=json.dumps(TYPED), content_type=kind, headers=wall.headers()).status_code
            == 415
        )
    assert wall.client.get("/pin", headers=wall.headers()).status_code == 405
    assert wall.asked == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        7,
        {},
        {"number": "40718"},
        {"number": 40718, "pin": "482913"},
        {"number": "40718", "pin": ["482913"]},
        {"number": "40718\n", "pin": "482913"},
        {"number": "٤٠٧١٨", "pin": "482913"},
        {"number": "../..", "pin": "482913"},
        {"number": "40718", "pin": "1" * 13},
        {"number": "", "pin": ""},
    ],
)
def test_what_is_no_number_and_pin_is_refused_and_not_repeated(body: object) -> None:
    wall = Wall()
    answer = wall.post(body)
    assert answer.status_code == 400
    assert "482913" not in answer.text
    assert wall.asked == []


def test_a_large_or_deep_body_is_refused() -> None:
    wall = Wall()
    assert wall.post({"number": "40718", "pin": "482913", "x": "a" * 1000}).status_code == 413
    deep = wall.client.post("/pin", data="[" * 250, content_type="application/json", headers=wall.headers())
    assert deep.status_code == 400


def test_a_pin_is_in_no_log_whatever_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wall = Wall()
    wall.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    wall.post()
    wall.answer = RuntimeError("the desk broke")
    assert wall.post().status_code == 500
    wall.post({"number": "40718", "pin": "482913x"})
    assert "the desk broke" in caplog.text
    assert "482913" not in caplog.text
    assert "40718" not in caplog.text


def test_each_start_has_a_token_of_its_own() -> None:
    assert Wall().view["token"] != Wall().view["token"]


def test_the_words_are_there_in_english_too() -> None:
    wall = Wall("en")
    wall.answer = Answer(Said.CLOSED)
    assert wall.post().json["title"] == "PIN does not work now"
