"""A provisioned machine and its centre, kept between runs: minutes of an emulated processor, made anew when what they come from changed."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.appliance.machine import CACHE, image
from tests.fixtures.containers import CHECKOUT, mark

SOURCES = (
    *(
        "cli",
        "collector",
        "firmware",
        "kiosk",
        "models",
        "provisioning",
        "requirements",
        "settings",
        "stick",
        "systemd",
    ),
    *("wire", "setup.py", "tests/e2e/appliance/stage.py", "tests/fixtures/regency.py"),
)
"""What comes into a release or decides how it is provisioned."""


def place() -> Path:
    """The folder for what this checkout makes on the machine's image; there when something is kept. Raises NotRun."""
    files = [one for name in SOURCES for one in _files(CHECKOUT / name)]
    made_from = mark(
        image("amd64").name.encode(), *(part for one in files for part in (str(one).encode(), one.read_bytes()))
    )
    return CACHE / f"provisioned-{made_from}"


def keep(folder: Path) -> None:
    """Keep a stage's folder, everything in it at rest; what other checkouts made goes."""
    for old in CACHE.glob("provisioned-*"):
        shutil.rmtree(old)
    kept = place()
    draft = kept.with_name(f"draft-{kept.name}")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(folder, draft, ignore=shutil.ignore_patterns("*.tar", "*.log"), symlinks=True)
    draft.rename(kept)


def lay_out(folder: Path) -> Path | None:
    """Copy what is kept, but the machine's disk, into a stage's folder; that disk, to be written beside, or None for nothing kept."""
    kept = place()
    if not kept.exists():
        return None
    shutil.copytree(kept, folder, ignore=shutil.ignore_patterns("machine"), symlinks=True, dirs_exist_ok=True)
    return kept / "machine/disk.qcow2"


def _files(path: Path) -> list[Path]:
    return (
        [path]
        if path.is_file()
        else sorted(one for one in path.rglob("*") if one.is_file() and "__pycache__" not in one.parts)
    )
