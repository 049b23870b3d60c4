"""Who walks up to the demo's kiosk: people enrolled from some photos and shown on others, and strangers."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MOST_ENROLLED_PHOTOS = 3
MOST_SHOWN_PHOTOS = 2


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody who walks up. `enrol` is empty for a stranger; no photo is in both lists."""

    name: str
    enrol: tuple[Path, ...]
    show: tuple[Path, ...]

    @property
    def stranger(self) -> bool:
        """Not in any roster."""
        return not self.enrol


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, in the order they walk up: strangers between the others."""

    players: tuple[Player, ...]

    @property
    def enrolled(self) -> tuple[Player, ...]:
        """Those with templates."""
        return tuple(player for player in self.players if not player.stranger)

    @property
    def strangers(self) -> tuple[Player, ...]:
        """Those without."""
        return tuple(player for player in self.players if player.stranger)


def cast_of(photos: Mapping[str, Sequence[Path]], people: int, strangers: int) -> Cast:
    """Choose the cast: whoever has two photos or more can be enrolled, the first with one photo are strangers.

    Too few with a single photo: some of the others stay strangers, so that there is somebody to refuse.
    """
    several = [name for name in sorted(photos) if len(photos[name]) > 1]
    single = [name for name in sorted(photos) if len(photos[name]) == 1]
    known = [_known(name, photos[name]) for name in several[:people]]
    unknown = [Player(name, (), tuple(photos[name][:1])) for name in [*single, *several[people:]][:strangers]]
    pairs = itertools.zip_longest(known, unknown)
    return Cast(tuple(player for pair in pairs for player in pair if player is not None))


def _known(name: str, photos: Sequence[Path]) -> Player:
    enrolled = min(MOST_ENROLLED_PHOTOS, len(photos) - 1)
    return Player(name, tuple(photos[:enrolled]), tuple(photos[enrolled : enrolled + MOST_SHOWN_PHOTOS]))


def folder_of_people(folder: Path, suffixes: Sequence[str] = (".jpg", ".jpeg", ".png")) -> dict[str, list[Path]]:
    """DIR/<person>/<picture> as lists of pictures by person; people without a picture are left out."""
    found = {
        person.name: sorted(path for path in person.iterdir() if path.suffix.lower() in suffixes)
        for person in sorted(folder.iterdir())
        if person.is_dir()
    }
    return {name: pictures for name, pictures in found.items() if pictures}


def lay_out(cast: Cast, enrol: Path, show: Path, put: Callable[[Path, Path], None]) -> tuple[Player, ...]:
    """Put the photos where they are needed: `enrol/<name>/…` for the roster, `show/0000.jpg …` for the camera.

    `put(photo, target)` writes what the camera will see of a photo. Returns the player on each picture of `show`.
    """
    for player in cast.enrolled:
        (enrol / player.name).mkdir(parents=True)
        for photo in player.enrol:
            shutil.copyfile(photo, enrol / player.name / photo.name)
    show.mkdir(parents=True)
    shown = [(player, photo) for player in cast.players for photo in player.show]
    for number, (_, photo) in enumerate(shown):
        put(photo, show / f"{number:04d}.jpg")
    return tuple(player for player, _ in shown)
