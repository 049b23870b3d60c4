"""What a kiosk's agent says reaches the page in plain words, whichever word it is."""

from __future__ import annotations

import ast
import inspect

from collector.web.told_words import NAMES, REQUEST, VALUES, Fact, facts, reason
from firmware import board
from kiosk.agent import acts, diagnostics
from kiosk.agent.system import PARTS
from kiosk.agent.update import course, updater
from kiosk.agent.update.course import Stage


def keys_of(module: object) -> set[str]:
    """The keys that a module puts into an answer."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    keys = {key for each in ast.walk(tree) if isinstance(each, ast.Dict) for key in each.keys if key}
    keys |= {
        each.slice for each in ast.walk(tree) if isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store)
    }
    return {key.value for key in keys if isinstance(key, ast.Constant)}


def test_every_key_of_an_answer_has_a_name() -> None:
    told = (keys_of(acts) - COMMANDS) | keys_of(diagnostics) | {f"unit-{part}" for part in PARTS}
    told |= {name.replace("_", "-") for name in diagnostics.SAFE}
    assert told >= {"csr", "part", "stage", "units", "temperature-c"}
    assert told - set(NAMES) == set()


COMMANDS = {"identify", "test-lights", "restart-part", "send-diagnostics", "renew-certificate", "update"}


def test_every_fixed_word_of_an_answer_has_words() -> None:
    said = {stage.value for stage in Stage} | {"ntp", "rtc", "none"} | set(PARTS)
    said |= {f"{bit}{when}" for bit in board._BITS for when in ("", "-before")}
    for module in (acts, course, updater):
        said |= {
            each.value
            for each in ast.walk(ast.parse(inspect.getsource(module)))
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and _is_a_reason(each.value)
        }
    assert said >= {"no-pictures", "not-supported", "already-current", "not-started"}
    assert said - set(VALUES) == set()


def _is_a_reason(text: str) -> bool:
    return text.startswith(("no-", "not-", "already-", "unknown-"))


def test_a_line_is_ours_where_we_know_it_and_the_kiosks_own_where_not() -> None:
    detail = {
        "online": True,
        "unit-relay": "active 3",
        "unit-screen": "odd",
        "throttled": "hot-before",
        "csr": "-----BEGIN",
        "board": None,
        "clock": "",
        "x": "<b>",
    }
    assert facts(detail) == [
        Fact("Connected to the broker", ("yes",)),
        Fact("Way to the centre", ("runs",), "", 3),
        Fact("Screen", value="odd"),
        Fact("What holds the board back", ("was too hot",)),
        Fact("Certificate", (REQUEST,)),
        Fact("x", value="<b>"),
    ]
    assert reason("no-pictures,offline").words == (VALUES["no-pictures"], VALUES["offline"])
    assert reason("no room: /opt has 3 MiB free").value == "no room: /opt has 3 MiB free"
