"""`manifest.toml` as cards: what each file of weights is, where it comes from, and how to feed it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from models.errors import ManifestError

MANIFEST = Path(__file__).with_name("manifest.toml")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Kind(StrEnum):
    """What a file of weights does."""

    DETECTOR = "detector"
    LANDMARKS = "landmarks"
    EMBEDDER = "embedder"
    ANTISPOOF = "antispoof"
    QUALITY = "quality"


class Family(StrEnum):
    """How an embedder wants its chips: dlib's own 150x150 chip, or 112x112 aligned to ArcFace's five points."""

    DLIB = "dlib"
    ALIGNED112 = "aligned112"


@dataclass(frozen=True, slots=True)
class Package:
    """A file inside an installed distribution; `sha256` is the file's there, before anything is built of it."""

    distribution: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Feed:
    """How pixels become an aligned112 network's input: (x - mean) * scale, in the order `channels`."""

    channels: str
    mean: float
    scale: float


@dataclass(frozen=True, slots=True)
class Card:
    """One model.

    `thresholds`: rows of (false-match rate of one comparison, least cosine), falling rates, rising cosines; `margin`:
    least lead over the runner-up; `rank`: of several installed files of one kind the lowest is taken; `test_only`: without a licence to use it,
    installed only when asked for by name.
    """

    name: str
    kind: Kind
    file: str
    sha256: str
    origin: str
    licence: str
    input: str
    tag: str = ""
    note: str = ""
    rank: int = 0
    test_only: bool = False
    address: str = ""
    package: Package | None = None
    family: Family | None = None
    feed: Feed | None = None
    dimensions: int = 0
    margin: float = 0.0
    thresholds: tuple[tuple[float, float], ...] = ()


def _strict(owner: str, made: type[Any], raw: dict[str, Any]) -> Any:
    unknown = set(raw) - {field.name for field in fields(made)}
    if unknown:
        raise ManifestError(f"{owner}: unknown key {min(unknown)!r} in the manifest")
    try:
        return made(**raw)
    except TypeError as error:
        raise ManifestError(f"{owner}: {error}") from error


def _check(card: Card) -> Card:
    if not _FILE.fullmatch(card.file):
        raise ManifestError(f"{card.name}: file {card.file!r} must be a plain file name")
    for digest in (card.sha256, card.package.sha256 if card.package else card.sha256):
        if not _SHA256.fullmatch(digest):
            raise ManifestError(f"{card.name}: sha256 {digest!r} must be 64 lower-case hex digits")
    if card.kind is Kind.EMBEDDER:
        _check_embedder(card)
    return card


def _check_embedder(card: Card) -> None:
    rates = [rate for rate, _ in card.thresholds]
    cosines = [cosine for _, cosine in card.thresholds]
    if card.family is None or card.dimensions < 1 or not card.tag:
        raise ManifestError(f"{card.name}: an embedder needs family, dimensions and tag")
    if card.family is Family.ALIGNED112 and (card.feed is None or card.feed.channels not in {"rgb", "bgr"}):
        raise ManifestError(f"{card.name}: an aligned112 embedder needs feed with channels rgb or bgr")
    if len(rates) < 2 or rates != sorted(rates, reverse=True) or cosines != sorted(cosines):
        raise ManifestError(f"{card.name}: thresholds need two rows or more, rates falling and cosines rising")


def _card(raw: dict[str, Any]) -> Card:
    owner = str(raw.get("name", "a model without a name"))
    parts = dict(raw)
    try:
        parts["kind"] = Kind(parts.get("kind", ""))
        if "family" in parts:
            parts["family"] = Family(parts["family"])
    except ValueError as error:
        raise ManifestError(f"{owner}: {error}") from error
    for key, made in (("package", Package), ("feed", Feed)):
        if key in parts:
            parts[key] = _strict(f"{owner}.{key}", made, parts[key])
    parts["thresholds"] = tuple((float(rate), float(cosine)) for rate, cosine in parts.get("thresholds", ()))
    card: Card = _strict(owner, Card, parts)
    return _check(card)


def read(text: str) -> tuple[Card, ...]:
    """Cards of a manifest's text. Raises `ManifestError`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"the manifest is not TOML: {error}") from error
    found = tuple(_card(entry) for entry in raw.get("model", []))
    names = [card.name for card in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ManifestError(f"{min(twice)}: listed twice in the manifest")
    return found


@cache
def cards() -> tuple[Card, ...]:
    """Every model of `manifest.toml`, in its order."""
    return read(MANIFEST.read_text(encoding="utf-8"))


def card(name: str) -> Card:
    """The model of this name. Raises `ManifestError` naming those there are."""
    for found in cards():
        if found.name == name:
            return found
    raise ManifestError(f"{name!r} is no model; there are {', '.join(found.name for found in cards())}")
