"""A release says what it is; nothing that its key did not seal is believed, and versions are compared as people mean them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from wire.errors import ContractError, WireError
from wire.release import RELEASE, Release, ReleaseFile, open_manifest, order
from wire.seals import KeyName, Keyring, Sealed, SealingKey

AT = datetime(2026, 1, 5, tzinfo=UTC)
KEY = SealingKey.generate(KeyName("release", 1))
FILE = ReleaseFile(path="wheels/any/a.whl", sha256="0" * 64, size=3)
GOOD = Release(version="1.2.0", floor="1.1.0", at=AT, schema=1, files=(FILE,))


def sealed(release: Release, key: SealingKey = KEY, kind: Sealed = Sealed.RELEASE) -> bytes:
    return key.seal(kind, RELEASE.encode(release)).encode()


def test_what_was_sealed_is_read() -> None:
    assert open_manifest(sealed(GOOD), Keyring([KEY.public])) == GOOD


@pytest.mark.parametrize(
    "raw",
    [
        sealed(GOOD, SealingKey.generate(KeyName("release", 1))),
        sealed(GOOD, kind=Sealed.COMMAND),
        sealed(GOOD)[:-4] + b"AAAA",
        b"",
        b"x" * 2_000_000,
        sealed(replace(GOOD, files=(FILE, FILE))),
        sealed(replace(GOOD, version="1.0.9")),
        sealed(replace(GOOD, files=(replace(FILE, path="release.jws"),))),
    ],
    ids=["other-key", "other-kind", "altered", "empty", "huge", "twice", "below-floor", "itself"],
)
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(WireError):
        open_manifest(raw, Keyring([KEY.public]))


def test_the_centres_key_seals_no_release() -> None:
    centre = SealingKey.generate(KeyName("centre", 1))
    with pytest.raises(ContractError, match="not by a release key"):
        open_manifest(sealed(GOOD, centre), Keyring([centre.public]))


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../b", ".hidden", "a/.b", "a//b", "a b", "", "x" * 300, "a/b/c/d/e/f/g"]
)
def test_no_name_leads_out_of_the_folder(path: str) -> None:
    tree = RELEASE.encode(replace(GOOD, files=(replace(FILE, path=path),)))
    with pytest.raises(ContractError):
        RELEASE.decode(tree)


def test_versions_are_compared_as_people_mean_them() -> None:
    ordered = ["0.9", "1.0a1", "1.0rc1", "1.0rc2", "1.0", "1.0.1", "1.2", "1.10", "1.10.0.1"]
    assert sorted(sorted(ordered), key=order) == ordered
    assert order("1.2") == order("1.2.0")


@pytest.mark.parametrize("version", ["", "1", "1.x", "1.2.3.4.5", "v1.2", "1.2-3", "1.2 ", "9999999.1"])
def test_what_is_no_version(version: Any) -> None:
    with pytest.raises(ContractError, match="is not numbers with dots"):
        order(version)


def test_a_system_gets_its_own_files_and_those_for_all() -> None:
    files = (FILE, replace(FILE, path="b", target="trixie-arm64"), replace(FILE, path="c", target="bookworm-arm64"))
    release = replace(GOOD, files=files)
    assert [file.path for file in release.of("trixie-arm64")] == [FILE.path, "b"]
    assert release.targets == {"trixie-arm64", "bookworm-arm64"}
