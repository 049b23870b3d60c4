"""An update that is cut off, or whose clock or releases change meanwhile, goes on or goes back; nothing is tried for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.agent.update.course import TRIES, Stage, Vital
from kiosk.agent.update.releases import Releases
from tests.fixtures.agents import FakeSystem
from tests.fixtures.updated_box import Box, Cut, left


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@pytest.mark.parametrize("good", [True, False], ids=["good-release", "bad-release"])
@pytest.mark.parametrize("steps", range(5))
def test_power_cut_after_any_step_leaves_a_working_kiosk(box: Box, steps: int, good: bool) -> None:
    box.bundle("1.1.0")
    if not good:
        box.works["1.1.0"] = lambda well: replace(well, online=False)
    course = box.updater.begin("c-1", "1.1.0")
    for _ in range(steps):
        if course.stage in {Stage.DONE, Stage.FAILED}:
            break
        course = box.updater.step(course)
    assert box.releases.whole(box.releases.current), "what the link names can run at any time"
    later = box.updater  # the next start
    found = later.under_way()
    ended = course if found is None else later.run(found)
    assert ended.stage is (Stage.DONE if good else Stage.FAILED)
    assert box.releases.current == ("1.1.0" if good else "1.0.0")


@pytest.mark.parametrize("where", ["install", "switch", "restart"])
def test_power_cut_within_a_step_is_taken_up_again(box: Box, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    box.bundle("1.1.0")
    target = {"install": (FakeSystem, "install"), "switch": (Releases, "switch"), "restart": (FakeSystem, "restart")}[
        where
    ]

    def cut(*_: object) -> None:
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(*target, cut)
        with pytest.raises(Cut):
            box.update("1.1.0")
    assert box.releases.whole(box.releases.current)
    found = box.updater.under_way()
    assert found is not None
    assert box.updater.run(found).stage is Stage.DONE
    assert box.releases.current == "1.1.0"


def test_a_release_that_takes_the_machine_down_each_time_is_not_tried_for_ever(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.bundle("1.1.0")

    def cut(system: FakeSystem, parts: Sequence[str]) -> None:
        if box.releases.current == "1.1.0":
            raise Cut
        restart(system, parts)

    restart = FakeSystem.restart
    monkeypatch.setattr(FakeSystem, "restart", cut)
    course = box.updater.begin("c-1", "1.1.0")
    for _ in range(TRIES):
        with pytest.raises(Cut):
            box.updater.run(course)
        found = box.updater.under_way()
        assert found is not None
        course = found
    ended = box.updater.run(course)
    assert (ended.stage, ended.reason, box.releases.current) == (Stage.FAILED, "went-down", "1.0.0")


@pytest.mark.parametrize("turned", [timedelta(days=40), timedelta(days=-40)], ids=["ahead", "back"])
def test_a_clock_that_is_turned_while_a_release_proves_itself_decides_nothing(box: Box, turned: timedelta) -> None:
    box.bundle("1.1.0")
    looks = []

    def late(well: Vital) -> Vital:
        looks.append(well)
        if len(looks) == 3:
            box.turned = turned
        return well if len(looks) > 5 else replace(well, online=False)

    box.works["1.1.0"] = late
    assert box.update("1.1.0").stage is Stage.DONE
    assert len(looks) == 6


@pytest.mark.parametrize("stage", [Stage.INSTALLED, Stage.SWITCHED, Stage.RETURNING])
def test_what_a_technician_provisioned_meanwhile_stays(box: Box, stage: Stage) -> None:
    box.bundle("1.1.0")
    box.works["1.1.0"] = lambda well: replace(well, online=False)
    course = box.updater.begin("c-1", "1.1.0")
    while course.stage is not stage:
        course = box.updater.step(course)
    by_hand = box.folder / "opt/releases/2.0.0"
    by_hand.mkdir()
    (by_hand / ".complete").write_text("x")
    box.releases.switch("2.0.0")
    assert box.updater.run(course).stage is Stage.FAILED
    assert box.releases.current == "2.0.0"


def test_old_releases_go_but_the_one_before_stays(box: Box) -> None:
    for version in ("1.1.0", "1.2.0", "1.10.0"):
        box.bundle(version)
        assert box.update(version).stage is Stage.DONE
    assert left(box)[1] == ["1.10.0", "1.2.0"]
