"""The inspectorate reads the audit log in words: every action that the code notes has some."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import cli
import collector
from collector.judging.entries import EntryKind
from collector.retention.limits import Kind
from collector.rules.appeals.case import Act
from collector.rules.violations.case import Status
from collector.web.audit_words import ACTIONS
from collector.web.orders import ARGUMENTS

ACTION = re.compile(r"[a-z][a-z-]*\.[a-z-]+")
NOTING = {"note", "_note", "_noted", "_changed"}


def noted() -> Iterator[str]:
    """The fixed names of actions that are handed to a function which notes."""
    folders = [Path(str(package.__file__)).parent for package in (collector, cli)]
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and _name(call.func) in NOTING:
                texts = (each for argument in call.args for each in ast.walk(argument))
                yield from (each.value for each in texts if isinstance(each, ast.Constant) and _is_action(each.value))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_action(value: object) -> bool:
    return isinstance(value, str) and ACTION.fullmatch(value) is not None


def test_every_action_has_words() -> None:
    fixed = set(noted())
    assert fixed >= {"violation.read", "records.order", "leave.approve", "kiosk.cancel"}
    assert fixed - set(ACTIONS) == set()


def test_every_action_that_is_put_together_has_words() -> None:
    made = {f"appeal.{act}" for act in Act} | {f"violation.{status}" for status in Status}
    made |= {f"kiosk.{command}" for command in ARGUMENTS} | {f"retention.{kind.value}" for kind in Kind}
    made |= {f"rollout.{state}" for state in ("running", "paused", "ended")}
    made |= {f"{kind.value}.withdraw" for kind in EntryKind}
    made |= {f"list.{act}" for act in ("confirm", "refuse", "withdraw")}
    assert made - set(ACTIONS) == set()
