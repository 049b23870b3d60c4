"""Runs beside the centre, in its network: the steps of `siperlu provision` that need no running systemd, on a root folder.

    python -m tests.e2e.appliance.chroot_steps ROOT BUNDLE RELEASE_KEYS CENTRE KIOSK CLAIM SETTINGS_JSON

Prints one JSON line: outcome, text and seconds of each step.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from provisioning.bundle import open_bundle
from provisioning.kiosk import Wish, plan
from provisioning.shell import Done
from provisioning.step import run
from wire.jwks import KEY_SET

STEPS = ("system", "packages", "software", "units", "models", "registration", "settings", "release keys")
LIMIT_S = 2400.0
ENVIRONMENT = {**os.environ, "SYSTEMD_OFFLINE": "1"}
"""Run by qemu-user, systemctl does not see for itself that it is in a chroot, and would talk to a systemd that is not there."""


class ChrootShell:
    """As provisioning.shell.Shell, in a root folder; programs of another processor are run by binfmt_misc."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.name = root.name

    def run(self, script: str, *words: str, given: bytes | Path = b"", limit_s: float = LIMIT_S) -> Done:
        """The limits of the steps are for a board; here each has longer."""
        line = ["chroot", str(self._root), "sh", "-euc", script, "siperlu", *words]
        content = given.read_bytes() if isinstance(given, Path) else given
        limit_s = max(limit_s, LIMIT_S)
        done = subprocess.run(line, input=content, capture_output=True, check=False, timeout=limit_s, env=ENVIRONMENT)
        return Done(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def main() -> None:
    root, bundle, release_keys, centre, kiosk, claim, settings = sys.argv[1:]
    keys = Path(release_keys).read_bytes()
    wish = Wish(
        *(kiosk, "DISDIK", claim, centre, open_bundle(Path(bundle), KEY_SET.decode(keys).keyring()), keys),
        screen=False,
        settings=json.loads(settings),
    )
    steps = {step.name: step for step in plan(wish)}
    results = run([steps[name] for name in STEPS], ChrootShell(Path(root)))
    sys.stdout.write(json.dumps([asdict(result) for result in results]) + "\n")


if __name__ == "__main__":
    main()
