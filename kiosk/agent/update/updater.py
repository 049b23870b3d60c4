"""Carrying an update out, one durable step at a time: after a power cut it goes on from the step that was reached."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kiosk.agent.system import System, SystemFailed
from kiosk.agent.update.bundles import clear, held, only
from kiosk.agent.update.course import ENDS, PROVING, TRIES, Course, Stage, Vital, shortcomings
from kiosk.agent.update.releases import Releases
from kiosk.files import sync
from provisioning.bundle import Bundle, open_bundle
from provisioning.errors import BundleError
from wire.errors import WireError
from wire.jwks import KEY_SET, KeySet, PublicJwk, readable
from wire.release import OWNER, Release, order
from wire.seals import KeyName, Keyring

log = logging.getLogger(__name__)

STATE, FLOOR = "update.json", "floor"
RESTARTED = ("kiosk", "relay", "screen")
ROOM = 256 << 20
"""Bytes that an update leaves free on every disk it writes to: people check in while it runs."""
INSTALLED = 4
"""What a release takes at most while it is installed, in bundles: its wheels, unpacked, compiled, and pip's own scratch."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an update works with. `folder`: the agent's own; `target`: this machine as releases name it; `vital`: how the kiosk
    is now; `pause`: waits between two looks at it; `ticks`: seconds that no clock step changes; `free`: bytes that may be written in a folder."""

    folder: Path
    releases: Releases
    release_keys: Path
    target: str
    system: System
    vital: Callable[[], Vital]
    pause: Callable[[float], object] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ticks: Callable[[], float] = time.monotonic
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free


class Updater:
    """One update at a time."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._steps: Mapping[Stage, Callable[[Course], Course]] = {
            Stage.BEGUN: self._install,
            Stage.INSTALLED: self._switch,
            Stage.SWITCHED: self._prove,
            Stage.PROVEN: self._finish,
            Stage.RETURNING: self._return,
        }

    def waits_for_bundle(self, version: str) -> bool:
        """Whether an update would want a bundle that is not here. What is refused or done already wants none."""
        releases = self._around.releases
        try:
            refused = order(version) < order(self._floor())
            return not (refused or releases.whole(version) or held(self._around.folder, version).exists())
        except WireError:
            return False

    def begin(self, order_id: str, version: str) -> Course:
        """Begin an update to a version whose bundle lies in the agent's folder, or that is installed already."""
        releases = self._around.releases
        course = Course(
            order=order_id, version=version, previous=releases.current, stage=Stage.BEGUN, before=self._around.vital()
        )
        self._keep(course)
        return course

    def under_way(self) -> Course | None:
        """The update that a stop interrupted, if any."""
        try:
            course = _course(json.loads((self._around.folder / STATE).read_text("ascii")))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return None if course.stage in ENDS else course

    def run(self, course: Course) -> Course:
        """Carry an update to its end: done, or failed with the old release running. Raises OSError for a disk that fails."""
        while course.stage not in ENDS:
            course = self.step(course)
        return course

    def step(self, course: Course) -> Course:
        """One step, and its result on the disk."""
        after = self._steps[course.stage](course)
        self._keep(after)
        log.info("update to %s: %s%s", after.version, after.stage, f" ({after.reason})" if after.reason else "")
        return after

    def _install(self, course: Course) -> Course:
        releases = self._around.releases
        if course.version == releases.current:
            return replace(course, stage=Stage.FAILED, reason="already-current")
        try:
            self._have(course.version)
        except (BundleError, WireError, SystemFailed, OSError) as error:
            log.error("the release cannot be installed: %s", error)  # noqa: TRY400 - the message says it all
            return replace(course, stage=Stage.FAILED, reason=_short(error))
        return replace(course, stage=Stage.INSTALLED)

    def _switch(self, course: Course) -> Course:
        if self._around.releases.current not in {course.previous, course.version}:
            return _replaced(course)
        self._around.releases.switch(course.version)
        return replace(course, stage=Stage.SWITCHED)

    def _prove(self, course: Course) -> Course:
        if self._around.releases.current != course.version:
            return _replaced(course)
        if course.tries >= TRIES:
            return replace(course, stage=Stage.RETURNING, reason="went-down")
        self._keep(replace(course, tries=course.tries + 1))
        missing = ["not-started"]
        try:
            since, known = self._around.now(), self._around.vital().start
            self._around.system.restart(RESTARTED)
            end = self._around.ticks() + PROVING.total_seconds()
            while self._around.ticks() < end:
                since = min(since, self._around.now())  # the new release may learn the time, and turn the clock back
                missing = shortcomings(course.before, self._around.vital(), since, known)
                if not missing:
                    return replace(course, stage=Stage.PROVEN)
                self._around.pause(1.0)
        except SystemFailed as error:
            log.error("the new release does not start: %s", error)  # noqa: TRY400
        return replace(course, stage=Stage.RETURNING, reason=",".join(missing))

    def _return(self, course: Course) -> Course:
        if course.previous and self._around.releases.current == course.version:
            self._around.releases.switch(course.previous)
        try:
            self._around.system.restart(RESTARTED)
        except SystemFailed as error:
            log.error("the old release does not start: %s", error)  # noqa: TRY400 - systemd goes on trying
        return replace(course, stage=Stage.FAILED)

    def _finish(self, course: Course) -> Course:
        """Of a release that proved good, the installed manifest is asked: its bundle may be gone before the last step is kept."""
        unread = ""
        try:
            release = self._around.releases.manifest(course.version, self._ring())
            self._believe(release.next_keys)
            if order(release.floor) > order(self._floor()):
                _write(self._around.folder / FLOOR, release.floor)
        except (WireError, FileNotFoundError) as error:
            unread = f"floor and keys stay as they were: {_short(error)}"
        self._around.releases.prune({course.version, course.previous} - {""})
        clear(self._around.folder, course.version)
        return replace(course, stage=Stage.DONE, reason=unread)

    def _have(self, version: str) -> None:
        """Have a release on the disk, whole and from these very bytes. Raises BundleError, WireError, SystemFailed, OSError."""
        releases = self._around.releases
        if order(version) < order(self._floor()):
            raise BundleError(f"version {version} is below {self._floor()}, the oldest that may still be installed")
        if releases.whole(version) and not held(self._around.folder, version).exists():
            self._readable(releases.manifest(version, self._ring()))
            return
        bundle = self._bundle(version)
        if not releases.whole(version, bundle):
            self._make_room(version, bundle.path.stat().st_size)
            releases.install(bundle, self._around.target, self._around.system)

    def _bundle(self, version: str) -> Bundle:
        """The bundle of a version, checked whole. Raises BundleError, WireError, OSError."""
        bundle = open_bundle(held(self._around.folder, version), self._ring())
        if bundle.release.version != version:
            raise BundleError(f"the bundle of {version} holds {bundle.release.version}")
        self._readable(bundle.release)
        return bundle

    def _readable(self, release: Release) -> None:
        """Raises BundleError for a release that could not read the databases that the running one has written."""
        try:
            written = self._around.releases.manifest(self._around.releases.current, self._ring()).schema
        except (OSError, WireError):
            return  # it was laid there by hand, and says nothing of itself
        if release.schema < written:
            raise BundleError(
                f"version {release.version} reads databases of schema {release.schema} and the running release writes {written}: "
                "install a newer one"
            )

    def _make_room(self, version: str, size: int) -> None:
        """Where there is none, releases that neither run nor are wanted go, and their bundles: some that failed were left whole.

        Raises BundleError when the disks still could not bear a bundle of that many bytes, unpacked and installed.
        """
        if self._lacking(size):
            self._around.releases.prune({self._around.releases.current, version} - {""})
            only(self._around.folder, version)
        if lacking := self._lacking(size):
            folder, have, need = lacking
            raise BundleError(
                f"no room: {folder} has {have >> 20} MiB free and the update needs {need >> 20}; "
                "`du -xhd2 /` on it says what takes the rest, a larger card helps"
            )

    def _lacking(self, size: int) -> tuple[Path, int, int] | None:
        """The first folder without room, what is free there and what is needed."""
        for folder, need in ((self._around.releases.root, INSTALLED * size + ROOM), (self._around.folder, ROOM)):
            have = self._around.free(folder)
            if have < need:
                return folder, have, need
        return None

    def _ring(self) -> Keyring:
        """The release keys that are believed. Raises OSError, WireError."""
        return KEY_SET.decode(self._around.release_keys.read_bytes()).keyring()

    def _believe(self, further: Sequence[PublicJwk]) -> None:
        """A proven release may name further release keys: an old key has sealed the new one in."""
        held = KEY_SET.decode(self._around.release_keys.read_bytes()).keys
        new = tuple(key for key in further if key not in held and KeyName.parse(key.kid).owner == OWNER)
        if new:
            _write(self._around.release_keys, readable(KeySet(keys=(*held, *new))))

    def _floor(self) -> str:
        try:
            return (self._around.folder / FLOOR).read_text("ascii").strip()
        except OSError:
            return "0.0"

    def _keep(self, course: Course) -> None:
        _write(self._around.folder / STATE, json.dumps(asdict(course), default=datetime.isoformat))


def _replaced(course: Course) -> Course:
    """Somebody provisioned another release meanwhile: that one stays."""
    return replace(course, stage=Stage.FAILED, reason="replaced-by-hand")


def _course(tree: Any) -> Course:
    """Another release may have written it: what this one does not know of is left, what it misses is as good as not there."""
    was = tree["before"]
    before = Vital(
        frame_at=_moment(was.get("frame_at")),
        started_at=_moment(was.get("started_at")),
        serves=bool(was.get("serves")),
        online=bool(was.get("online")),
    )
    known = {one.name: tree[one.name] for one in fields(Course) if one.name in tree}
    return Course(**{**known, "stage": Stage(tree["stage"]), "before": before})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync(path.parent)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300].encode("ascii", "replace").decode()
