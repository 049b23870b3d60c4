"""An update ends with a kiosk that works, wherever the power goes: the new release proven, or the old one back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.agent.update.bundles import BUNDLES
from kiosk.agent.update.course import PROVING, Course, Stage, Vital, shortcomings
from kiosk.agent.update.releases import Releases
from kiosk.agent.update.updater import Surroundings, Updater
from provisioning.bundle import write_bundle
from provisioning.bundle.writing import Recipe, collected
from tests.fixtures.agents import FakeSystem
from wire.jwks import key_set, readable
from wire.seals import KeyName, SealingKey

START = datetime(2026, 1, 5, tzinfo=UTC)
TARGET = "trixie-amd64"
KEY = SealingKey.generate(KeyName("release", 1))
WELL = Vital(frame_at=START, last_seq=7, online=True)


class Cut(BaseException):
    """The power goes."""


class Box:
    """A kiosk with release 1.0 running; `works`: how the releases behave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.system = FakeSystem()
        self.releases = Releases(folder / "opt")
        self.works: dict[str, Callable[[Vital], Vital]] = {}
        self.now = START
        (folder / "agent" / BUNDLES).mkdir(parents=True)
        (folder / "release.json").write_text(readable(key_set([KEY.public], [])))
        old = folder / "opt" / "releases" / "1.0.0"
        old.mkdir(parents=True)
        (old / ".complete").write_text("x")
        self.releases.switch("1.0.0")

    def bundle(
        self, version: str, floor: str = "1.0.0", key: SealingKey = KEY, target: str = TARGET, *further: SealingKey
    ) -> None:
        source = self.folder / "source"
        source.mkdir(exist_ok=True)
        (source / "siperlu.whl").write_text(version)
        files = collected([(source, f"wheels/{target}", target)])  # type: ignore[list-item]
        write_bundle(
            self.folder / "agent" / BUNDLES / f"siperlu-{version}.tar",
            Recipe(version, floor, START, 1, key_set([one.public for one in further], []).keys),
            files,
            key,
        )

    @property
    def updater(self) -> Updater:
        return Updater(
            Surroundings(
                folder=self.folder / "agent",
                releases=self.releases,
                release_keys=self.folder / "release.json",
                target=TARGET,
                system=self.system,
                vital=self.vital,
                pause=self.pause,
                now=lambda: self.now,
            )
        )

    def vital(self) -> Vital:
        """As good as ever, unless the running release is said to behave otherwise."""
        well = replace(WELL, frame_at=self.now, last_seq=7 + len(self.system.asked))
        return self.works.get(self.releases.current, lambda same: same)(well)

    def pause(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def update(self, version: str) -> Course:
        return self.updater.run(self.updater.begin("c-1", version))


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_a_release_that_proves_good_stays(box: Box) -> None:
    box.bundle("1.1.0")
    course = box.update("1.1.0")
    assert (course.stage, course.reason, box.releases.current) == (Stage.DONE, "", "1.1.0")
    assert (box.folder / "opt/current/siperlu.whl").read_text() == "1.1.0"
    assert box.releases.whole("1.0.0"), "the one before it is kept"
    assert box.updater.under_way() is None


@pytest.mark.parametrize(
    ("behaves", "reason"),
    [
        (lambda well: replace(well, frame_at=None), "no-pictures"),
        (lambda well: replace(well, last_seq=0), "no-record"),
        (lambda well: replace(well, online=False), "offline"),
        (lambda well: replace(well, frame_at=None, online=False), "no-pictures,offline"),
    ],
)
def test_a_release_that_fails_its_health_check_is_rolled_back(
    box: Box, behaves: Callable[[Vital], Vital], reason: str
) -> None:
    box.bundle("1.1.0")
    box.works["1.1.0"] = behaves
    course = box.update("1.1.0")
    assert (course.stage, course.reason, box.releases.current) == (Stage.FAILED, reason, "1.0.0")
    assert box.system.asked[-1] == "restart kiosk relay screen"
    assert box.now - START >= PROVING


def test_a_release_that_does_not_start_is_rolled_back(box: Box) -> None:
    box.bundle("1.1.0")
    box.system.fails.add("restart")
    course = box.update("1.1.0")
    assert (course.stage, course.reason, box.releases.current) == (Stage.FAILED, "not-started", "1.0.0")


def test_a_kiosk_that_was_blind_and_offline_before_is_updated_all_the_same() -> None:
    before = Vital(frame_at=START - timedelta(hours=1), last_seq=7, online=False)
    assert shortcomings(before, Vital(frame_at=None, last_seq=8, online=False), START) == []


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda box: None, "not a release bundle"),
        (lambda box: box.bundle("1.1.0", key=SealingKey.generate(KeyName("release", 1))), "do not install"),
        (lambda box: box.bundle("1.1.0", target="bookworm-arm64"), "not made for trixie-amd64"),
        (lambda box: box.system.fails.add("install") or box.bundle("1.1.0"), "does not work"),
    ],
    ids=["absent", "forged", "other-system", "no-room"],
)
def test_what_cannot_be_installed_never_touches_the_link(box: Box, prepare: Callable[[Box], None], reason: str) -> None:
    prepare(box)
    course = box.update("1.1.0")
    assert course.stage is Stage.FAILED
    assert reason in course.reason
    assert box.releases.current == "1.0.0"
    assert not any(what.startswith("restart") for what in box.system.asked)


@pytest.mark.parametrize("version", ["../../etc", "1", "", "1.1.0/../x"])
def test_a_version_is_no_path(box: Box, version: str) -> None:
    assert box.update(version).stage is Stage.FAILED
    assert box.releases.current == "1.0.0"


def test_nobody_goes_back_below_the_floor(box: Box) -> None:
    box.bundle("1.2.0", floor="1.1.0")
    assert box.update("1.2.0").stage is Stage.DONE
    box.bundle("1.0.5", floor="1.0.0")
    course = box.update("1.0.5")
    assert course.stage is Stage.FAILED
    assert "below 1.1.0" in course.reason
    box.bundle("1.1.0")
    assert box.update("1.1.0").stage is Stage.DONE, "down to the floor one may go"


def test_an_old_key_seals_the_next_one_in(box: Box) -> None:
    second, centre = SealingKey.generate(KeyName("release", 2)), SealingKey.generate(KeyName("centre", 1))
    box.bundle("1.2.0", "1.0.0", second)
    assert "do not install" in box.update("1.2.0").reason, "nobody has said so yet"
    box.bundle("1.1.0", "1.0.0", KEY, TARGET, second, centre)
    assert box.update("1.1.0").stage is Stage.DONE
    assert box.update("1.2.0").stage is Stage.DONE
    box.bundle("1.3.0", "1.0.0", KEY)
    assert box.update("1.3.0").stage is Stage.DONE, "the old one is believed on"
    assert "centre#1" not in (box.folder / "release.json").read_text(), "only release keys may be named"


def test_the_same_version_again_is_told(box: Box) -> None:
    assert box.update("1.0.0").reason == "already-current"


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


def test_old_releases_go_but_the_one_before_stays(box: Box) -> None:
    for version in ("1.1.0", "1.2.0", "1.10.0"):
        box.bundle(version)
        assert box.update(version).stage is Stage.DONE
    left = sorted(path.name for path in (box.folder / "opt/releases").iterdir())
    assert left == ["1.10.0", "1.2.0"]
