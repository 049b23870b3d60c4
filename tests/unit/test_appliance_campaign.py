"""What `make campaign-appliance` says and ends with, whatever its parts do; no machine is started."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import appliance_campaign as campaign
from tests.e2e.appliance.machine import NotRun
from tests.e2e.appliance.stage import Stage
from tests.fixtures.containers import Broken


def passes(_: Stage) -> dict[str, Any]:
    """A part."""
    return {"seconds": 1}


def breaks(_: Stage) -> dict[str, Any]:
    """A part."""
    raise Broken("two greens and one record")


def breaks_silently(_: Stage) -> dict[str, Any]:
    """A part, as one that a broken assertion without words ends."""
    raise AssertionError


def loses_its_disk(_: Stage) -> dict[str, Any]:
    """A part."""
    raise OSError("No space left on device")


def cannot_run(_: Stage) -> dict[str, Any]:
    """A part."""
    raise NotRun("needs root")


@pytest.mark.parametrize(
    ("parts", "status", "outcomes"),
    [
        ((passes,), 0, ["passed"]),
        ((passes, cannot_run), 2, ["passed", "not run"]),
        ((breaks, passes, cannot_run), 1, ["failed", "passed", "not run"]),
        ((breaks_silently, passes), 1, ["failed", "passed"]),
        ((loses_its_disk, passes), 1, ["failed", "passed"]),
    ],
)
def test_every_part_is_told_and_one_that_fails_stops_no_other(  # noqa: PLR0917 - parameters, and pytest's own
    parts: tuple[Callable[[Stage], dict[str, Any]], ...],
    status: int,
    outcomes: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(campaign, "PARTS", {part.__name__: part for part in parts})
    monkeypatch.setattr(campaign, "CACHE", tmp_path)
    monkeypatch.setattr(sys, "argv", ["appliance_campaign"])
    with pytest.raises(SystemExit) as ended:
        campaign.main()
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (ended.value.code, told["good"]) == (status, status == 0)
    assert [told["parts"][part.__name__]["outcome"] for part in parts] == outcomes
    assert all(one["outcome"] == "passed" or one["why"] for one in told["parts"].values())
