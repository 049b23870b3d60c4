"""A bundle is used only when every byte is what was sealed; whatever else is done to it is found and named."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from provisioning.bundle import Bundle, open_bundle, wheels, write_bundle
from provisioning.bundle.writing import Recipe, collected
from provisioning.errors import BundleError
from wire.release import MANIFEST
from wire.seals import KeyName, Keyring, SealingKey

KEY = SealingKey.generate(KeyName("release", 1))
RING = Keyring([KEY.public])
RECIPE = Recipe("1.2.0", "1.0.0", datetime(2026, 1, 5, tzinfo=UTC), 1)


def made(folder: Path) -> Path:
    """A bundle of three files, for one system."""
    source = folder / "source"
    for name, text in (("any/a.whl", b"aaa"), ("trixie-arm64/b.whl", b"b" * 5000)):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(text)
    (source / "units").mkdir()
    (source / "units" / "siperlu-kiosk.service").write_bytes(b"[Unit]\n")
    parts = [(source / "units", "systemd", "any"), (source / "any", "wheels/any", "any")]
    files = collected([*parts, (source / "trixie-arm64", "wheels/trixie-arm64", "trixie-arm64")])  # type: ignore[list-item]
    write_bundle(folder / "siperlu.tar", RECIPE, files, KEY)
    return folder / "siperlu.tar"


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    assert made(tmp_path / "one").read_bytes() == made(tmp_path / "other").read_bytes()


def test_a_system_gets_its_own_files(tmp_path: Path) -> None:
    bundle = open_bundle(made(tmp_path), RING)
    bundle.unpack("trixie-arm64", tmp_path / "out")
    found = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert found == [MANIFEST, "systemd/siperlu-kiosk.service", "wheels/any/a.whl", "wheels/trixie-arm64/b.whl"]
    with pytest.raises(BundleError, match="not made for bookworm-arm64, only for trixie-arm64"):
        bundle.unpack("bookworm-arm64", tmp_path / "other")


def members(path: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(path) as archive:
        return [(one, archive.extractfile(one).read()) for one in archive]  # type: ignore[union-attr]


Tamper = Callable[[list[tuple[tarfile.TarInfo, bytes]]], list[tuple[tarfile.TarInfo, bytes]]]


def member(
    name: str, content: bytes = b"x", kind: bytes = tarfile.REGTYPE, to: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, to, len(content) if kind == tarfile.REGTYPE else 0
    return info, content


def altered(found: list[tuple[tarfile.TarInfo, bytes]]) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [(info, b"aaX" if info.name.endswith("a.whl") else content) for info, content in found]


TAMPERED: dict[str, tuple[Tamper, str]] = {
    "altered": (altered, "is not what the manifest says"),
    "more": (lambda found: [*found, member("wheels/any/evil.whl")], "more than its manifest names"),
    "climbing": (lambda found: [*found[:2], member("../../etc/cron.d/x"), *found[2:]], "stands where"),
    "link": (
        lambda found: [found[0], member(found[1][0].name, kind=tarfile.SYMTYPE, to="/etc/shadow")],
        "stands where",
    ),
    "device": (lambda found: [found[0], member(found[1][0].name, kind=tarfile.CHRTYPE)], "stands where"),
    "fewer": (lambda found: found[:-1], "ends before"),
    "turned": (lambda found: [found[0], *found[:0:-1]], "stands where"),
    "no-manifest": (lambda found: found[1:], "no release bundle"),
    "bomb": (lambda found: [member(MANIFEST, b"0" * 2_000_000), *found[1:]], "no release bundle"),
    "empty": (lambda _: [], "no release bundle"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_tampered_bundle_is_refused_whole(tmp_path: Path, how: str) -> None:
    tamper, says = TAMPERED[how]
    evil = tmp_path / "evil.tar"
    found = tamper(members(made(tmp_path)))
    with tarfile.open(evil, "w:") as archive:
        for info, content in found:
            archive.addfile(info, io.BytesIO(content))
    with pytest.raises(BundleError, match=says):
        open_bundle(evil, RING)


@pytest.mark.parametrize("kept", [0, 100, 1500, 4000])
def test_a_truncated_bundle_is_refused(tmp_path: Path, kept: int) -> None:
    bundle = made(tmp_path)
    bundle.write_bytes(bundle.read_bytes()[:kept])
    with pytest.raises(BundleError):
        open_bundle(bundle, RING)


def test_a_compressed_bundle_is_none(tmp_path: Path) -> None:
    """What unfolds to more than it is cannot be a bundle: sizes are those on the disk."""
    packed = tmp_path / "x.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.addfile(*[member("a")[0], io.BytesIO(b"x")])
    with pytest.raises(BundleError, match="not a release bundle"):
        open_bundle(packed, RING)


def test_another_key_seals_nothing(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="do not install"):
        open_bundle(made(tmp_path), Keyring([SealingKey.generate(KeyName("release", 1)).public]))


def test_a_bundle_that_changes_while_it_is_unpacked_is_noticed(tmp_path: Path) -> None:
    path = made(tmp_path)
    bundle: Bundle = open_bundle(path, RING)
    path.write_bytes(path.read_bytes().replace(b"aaa", b"aaX", 1))
    with pytest.raises(BundleError, match="changed while it was unpacked"):
        bundle.unpack("trixie-arm64", tmp_path / "out")
    assert not (tmp_path / "out" / "wheels" / "any" / "a.whl").exists()


def test_the_commands(tmp_path: Path) -> None:
    run = CliRunner().invoke
    secret = tmp_path / "release-1.jwk"
    assert run(main, ["release", "keygen", "--out", str(secret)]).exit_code == 0
    assert secret.stat().st_mode & 0o777 == 0o600
    assert "d" not in json.loads(secret.with_suffix(".json").read_text())["keys"][0]
    assert run(main, ["release", "keygen", "--out", str(secret)]).exit_code == 1, "a key is never overwritten"
    bundle = made(tmp_path)
    bad = run(main, ["release", "verify", str(bundle), "--keys", str(secret.with_suffix(".json"))])
    assert (bad.exit_code, "do not install" in bad.output) == (1, True)


SETUP = """
from setuptools import find_packages, setup
setup(name="siperlu-kiosk", version="0.1.0", packages=find_packages(include=["wire*"]))
"""


def test_a_module_that_was_deleted_is_in_no_later_wheel_and_two_are_built_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """setuptools keeps what it has built in `build/` of the folder it is given, and takes all of it."""
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # pip's way to say yes: the setuptools of this environment serve
    checkout = tmp_path / "checkout"
    (checkout / "wire").mkdir(parents=True)
    (checkout / "setup.py").write_text(SETUP)
    for name in ("__init__", "gone"):
        (checkout / "wire" / f"{name}.py").touch()
    modules(checkout, tmp_path / "first")
    (checkout / "wire" / "gone.py").unlink()
    # A build by hand, or by an earlier version, has left its own behind.
    (checkout / "build" / "lib" / "wire").mkdir(parents=True, exist_ok=True)
    (checkout / "build" / "lib" / "wire" / "older.py").touch()
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda name: modules(checkout, tmp_path / name), ("second", "third")))
    assert found == [["wire/__init__.py"]] * 2
    assert sorted(each.name for each in checkout.iterdir()) == ["build", "setup.py", "wire"]


def modules(checkout: Path, folder: Path) -> list[str]:
    """What a wheel of the checkout holds."""
    wheels.build(checkout, folder)
    (wheel,) = folder.glob("*.whl")
    return [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")]
