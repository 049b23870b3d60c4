"""An update ends with a kiosk that works, wherever the power goes: the new release proven, or the old one back."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.agent.update.bundles import BUNDLES
from kiosk.agent.update.course import PROVING, Course, Stage, Vital, shortcomings
from kiosk.agent.update.updater import ROOM, STATE, Updater
from tests.fixtures.updated_box import KEY, START, TARGET, Box, Cut, left
from wire.seals import KeyName, SealingKey


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
        (lambda well: replace(well, started_at=START - timedelta(seconds=1)), "no-record"),
        (lambda well: replace(well, serves=False), "no-service"),
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


def test_a_clock_that_is_turned_back_has_no_old_record_prove_the_new_release(box: Box) -> None:
    box.bundle("1.1.0")

    def mute(well: Vital) -> Vital:
        if box.releases.current == "1.1.0":
            box.turned = timedelta(hours=-1)  # the network tells the time: the board's had run ahead
        return replace(well, started_at=START - timedelta(minutes=10), start="chain/7")

    box.works |= {"1.0.0": mute, "1.1.0": mute}
    course = box.update("1.1.0")
    assert (course.stage, course.reason, box.releases.current) == (Stage.FAILED, "no-record", "1.0.0")


def test_a_release_that_does_not_start_is_rolled_back(box: Box) -> None:
    box.bundle("1.1.0")
    box.system.fails.add("restart")
    course = box.update("1.1.0")
    assert (course.stage, course.reason, box.releases.current) == (Stage.FAILED, "not-started", "1.0.0")


def test_a_kiosk_that_was_blind_and_offline_before_is_updated_all_the_same() -> None:
    before = Vital(frame_at=START - timedelta(hours=1))
    assert shortcomings(before, Vital(started_at=START), START) == []


def test_an_update_that_another_release_began_is_taken_up(box: Box) -> None:
    box.bundle("1.1.0")
    box.updater.begin("c-1", "1.1.0")
    path = box.folder / "agent" / STATE
    kept = json.loads(path.read_text())
    kept["before"] = {"frame_at": START.isoformat(), "last_seq": 7, "online": True}
    path.write_text(json.dumps({**kept, "later": 1}))
    course = box.updater.under_way()
    assert course is not None
    assert course.before == Vital(frame_at=START, online=True)
    assert box.updater.run(course).stage is Stage.DONE


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda box: None, "not a release bundle"),
        (lambda box: box.bundle("1.1.0", key=SealingKey.generate(KeyName("release", 1))), "do not install"),
        (lambda box: box.bundle("1.1.0", target="bookworm-arm64"), "not made for trixie-amd64"),
        (lambda box: box.system.fails.add("install") or box.bundle("1.1.0"), "does not work"),
    ],
    ids=["absent", "forged", "other-system", "pip-fails"],
)
def test_what_cannot_be_installed_never_touches_the_link(box: Box, prepare: Callable[[Box], None], reason: str) -> None:
    prepare(box)
    course = box.update("1.1.0")
    assert course.stage is Stage.FAILED
    assert reason in course.reason
    assert box.releases.current == "1.0.0"
    assert not any(what.startswith("restart") for what in box.system.asked)


@pytest.mark.parametrize(("disk", "what"), [("opt", "opt has 255 MiB"), ("agent", "agent has 255 MiB")])
def test_an_update_needs_room_before_it_begins(box: Box, disk: str, what: str) -> None:
    box.bundle("1.1.0")
    box.free[disk] = ROOM - 1
    course = box.update("1.1.0")
    assert course.stage is Stage.FAILED
    assert "no room:" in course.reason
    assert what in course.reason
    assert "needs 256" in course.reason
    assert box.system.asked == [], "nothing was begun"
    del box.free[disk]
    assert box.update("1.1.0").stage is Stage.DONE, "the bundle still lies there for when there is room"


def test_releases_that_failed_make_room_for_the_one_that_mends_them(box: Box) -> None:
    for version in ("1.1.0", "1.2.0"):
        box.bundle(version)
        box.works[version] = lambda well: replace(well, frame_at=None)
        assert box.update(version).stage is Stage.FAILED
    assert left(box) == (["siperlu-1.1.0.tar", "siperlu-1.2.0.tar"], ["1.0.0", "1.1.0", "1.2.0"])
    box.bundle("1.3.0")
    box.free = Filling(box)
    assert box.update("1.3.0").stage is Stage.DONE
    assert left(box) == ([], ["1.0.0", "1.3.0"])


class Filling(dict[str, int]):
    """A card that has room for two releases, and not for three."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def get(self, folder: str, _default: object = None) -> int:  # type: ignore[override]
        return ROOM - 1 if folder == "opt" and len(left(self._box)[1]) > 1 else 1 << 40


def test_the_room_grows_with_the_bundle(box: Box) -> None:
    box.bundle("1.1.0", content="x" * (5 << 20))
    box.free["opt"] = ROOM + (20 << 20)  # four times the wheel, but not the bundle around it
    assert "no room" in box.update("1.1.0").reason
    box.free["opt"] += 1 << 20
    assert box.update("1.1.0").stage is Stage.DONE


@pytest.mark.parametrize("how", ["pip", "disk"])
def test_an_installation_that_fails_leaves_nothing_behind(box: Box, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    box.bundle("1.1.0")
    with monkeypatch.context() as patch:
        if how == "pip":
            box.system.fails.add("install")
        else:
            patch.setattr(shutil, "copy", full)
        assert box.update("1.1.0").stage is Stage.FAILED
    assert left(box) == (["siperlu-1.1.0.tar"], ["1.0.0"])
    box.system.fails.clear()
    assert box.update("1.1.0").stage is Stage.DONE


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_bundle_cut_short_is_refused_and_ends_no_agent(box: Box, kept: float) -> None:
    box.bundle("1.1.0", content="x" * (1 << 20))
    path = box.folder / "agent" / BUNDLES / "siperlu-1.1.0.tar"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    course = box.update("1.1.0")
    assert course.stage is Stage.FAILED
    assert "fetch it again" in course.reason
    path.write_bytes(whole)
    assert box.update("1.1.0").stage is Stage.DONE


def test_an_update_ends_without_its_bundle(box: Box) -> None:
    for version in ("1.0.5", "1.1.0", "1.2.0"):
        box.bundle(version)
    (box.folder / "agent" / BUNDLES / "siperlu-x.tar").write_text("no version")
    assert box.update("1.1.0").stage is Stage.DONE
    assert left(box) == (["siperlu-1.2.0.tar"], ["1.0.0", "1.1.0"]), "only what is newer may still be wanted"


def test_a_power_cut_after_the_bundle_went_still_ends(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.bundle("1.1.0", floor="1.1.0")

    def cut(updater: Updater, course: Course) -> None:
        if course.stage is Stage.DONE:
            raise Cut
        keep(updater, course)

    keep = Updater._keep
    with monkeypatch.context() as patch:
        patch.setattr(Updater, "_keep", cut)
        with pytest.raises(Cut):
            box.update("1.1.0")
    assert left(box)[0] == []
    found = box.updater.under_way()
    assert found is not None
    assert found.stage is Stage.PROVEN
    assert box.updater.run(found).stage is Stage.DONE
    assert (box.folder / "agent" / "floor").read_text() == "1.1.0"


def test_a_proven_release_whose_manifest_is_gone_is_no_reason_to_begin_anew_for_ever(box: Box) -> None:
    box.bundle("1.1.0", floor="1.1.0")
    course = box.updater.begin("c-1", "1.1.0")
    while course.stage is not Stage.PROVEN:
        course = box.updater.step(course)
    (box.folder / "opt/current/release.jws").unlink()
    ended = box.updater.run(course)
    assert ended.stage is Stage.DONE
    assert "floor and keys stay as they were" in ended.reason


def test_one_may_go_back_to_what_is_installed_without_its_bundle(box: Box) -> None:
    for version in ("1.1.0", "1.2.0"):
        box.bundle(version)
        assert box.update(version).stage is Stage.DONE
    asked = len(box.system.asked)
    assert box.update("1.1.0").stage is Stage.DONE
    assert box.system.asked[asked:] == ["restart kiosk relay screen"]


def test_a_release_that_cannot_read_what_the_running_one_wrote_is_refused(box: Box) -> None:
    box.bundle("1.1.0", schema=2)
    assert box.update("1.1.0").stage is Stage.DONE
    box.bundle("1.2.0", schema=1)
    course = box.update("1.2.0")
    assert course.stage is Stage.FAILED
    assert "reads databases of schema 1 and the running release writes 2" in course.reason
    assert box.releases.current == "1.1.0"
    box.bundle("1.2.1", schema=2)
    assert box.update("1.2.1").stage is Stage.DONE


def test_going_back_to_an_older_schema_is_refused_also_without_a_bundle(box: Box) -> None:
    box.bundle("1.1.0", schema=1)
    assert box.update("1.1.0").stage is Stage.DONE
    box.bundle("1.2.0", schema=2)
    assert box.update("1.2.0").stage is Stage.DONE
    assert "schema 1" in box.update("1.1.0").reason


def test_other_bytes_under_the_same_version_are_installed_anew(box: Box) -> None:
    box.bundle("1.1.0", content="first")
    box.works["1.1.0"] = lambda well: replace(well, online=False)
    assert box.update("1.1.0").stage is Stage.FAILED
    box.works.clear()
    box.bundle("1.1.0", content="second")
    assert box.update("1.1.0").stage is Stage.DONE
    assert (box.folder / "opt/current/siperlu.whl").read_text() == "second"


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
