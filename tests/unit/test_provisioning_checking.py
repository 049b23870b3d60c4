"""A kiosk that is looked at over SSH: what is not well is told, and nothing is destroyed that nobody could count."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import pytest
from click.testing import CliRunner

from cli import provision
from provisioning.kiosk.checking import WIPE, Finding, backlog, examine
from provisioning.shell import LIMIT_S, Done

GOOD = Done(0, "", "")
BAD = Done(1, "", "")
STATUS = "kiosk: disdik-1\nlast_seq: 40\nbacklog: {}\nonline: {}\n"
CHECKED = "ok    lights: driver silent\nFAIL  roster: no list of faces yet\n"


class Told:
    """A machine that answers a script by a word that stands in it; what it is asked else is well. `asked`: all scripts."""

    name = "disdik-1"

    def __init__(self, answers: Mapping[str, Done]) -> None:
        self._answers = {"kiosk status": status(0, online=True), "kiosk check": Done(1, CHECKED, ""), **answers}
        self.asked: list[str] = []

    def run(self, script: str, *_words: str, given: bytes | Path = b"", limit_s: float = LIMIT_S) -> Done:
        assert (given, limit_s > 0) == (b"", True)
        self.asked.append(script)
        found = next((done for word, done in self._answers.items() if word in script), GOOD)
        waiting = [line.removeprefix("backlog: ") for line in found.out.splitlines() if line.startswith("backlog: ")]
        return Done(found.code, "\n".join(waiting), "") if "sed -n" in script else found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None: ...


def status(backlog: object, *, online: bool) -> Done:
    return Done(0, STATUS.format(backlog, online), "")


def found(answers: Mapping[str, Done]) -> dict[str, Finding]:
    return {one.part: one for one in examine(Told(answers))}


def test_a_kiosk_that_does_not_reach_the_broker_is_not_called_good() -> None:
    assert found({})["connection"].good
    one = found({"kiosk status": status(311, online=False)})["connection"]
    assert not one.good
    assert "311 records wait" in one.text
    assert "journalctl -u siperlu-relay" in one.text


def test_a_screen_that_is_started_again_and_again_is_not_called_good() -> None:
    assert found({})["screen"].good
    one = found({"is-active siperlu-screen": BAD})["screen"]
    assert not one.good
    assert "display" in one.text


def test_a_kiosk_whose_own_check_does_not_run_is_not_called_good() -> None:
    assert found({})["roster"] == Finding("roster", False, "no list of faces yet")
    assert "self-test" not in found({})
    one = found({"kiosk check": Done(1, "Error: /etc/siperlu/kiosk.toml: camera.adress is not a setting\n", "")})
    assert not one["self-test"].good
    assert "camera.adress" in one["self-test"].text


@pytest.mark.parametrize(
    ("answers", "waiting"),
    [
        ({"kiosk status": status(12, online=False)}, 12),
        ({"kiosk status": status("-", online=False)}, None),
        ({"kiosk status": Done(127, "", "not found")}, None),
        ({"test -e": BAD, "kiosk status": Done(127, "", "")}, 0),
    ],
    ids=["some", "ledger-unreadable", "no-program", "never-ran"],
)
def test_what_waits_is_known_or_said_to_be_unknown(answers: Mapping[str, Done], waiting: int | None) -> None:
    assert backlog(Told(answers)) == waiting


@pytest.mark.parametrize(("lose", "wiped"), [([], False), (["--lose-records"], True)])
def test_records_that_nobody_could_count_are_not_destroyed(
    monkeypatch: pytest.MonkeyPatch, lose: list[str], wiped: bool
) -> None:
    box = Told({"kiosk status": status("-", online=False)})
    monkeypatch.setattr(provision, "SshShell", lambda _access: box)
    done = CliRunner().invoke(provision.command, ["retire", "disdik-1", *lose])
    assert (WIPE in box.asked) is wiped
    assert (done.exit_code, "cannot be told" in done.output) == (0 if wiped else 1, not wiped)
