"""kill -9 of kiosk, relay, broker and centre at random, seeded moments of a running system; then the books are compared.

    python -m tests.e2e.kill_campaign --kills 250 --seed 7

The broker keeps nothing on disk: every kill is an amnesia. Prints one JSON line; exit status 1 when anything is amiss.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import func, select

from cli.demo.cast import cast_of
from cli.demo.stage import KIOSK, Pace, Stage
from cli.demo.watch import LogTail
from cli.samples import sample_faces
from collector.store.engine import open_reader
from collector.store.records import Incident, SetAside, StoredRecord
from kiosk.database import DatabaseError
from kiosk.keys import KioskKeys
from kiosk.ledger import LedgerReader, Stored
from models import build, store
from wire.chain import Head, verify_chain
from wire.seals import digest

VICTIMS = ("kiosk", "relay", "broker", "centre")
BUSY = Pace(fps=30, hold=6, gap=2)
SERVING_S = 60.0
DRAIN_S = 90.0
PAUSES_S = (0.05, 0.9)


@dataclass(frozen=True)
class Books:
    """What stands where at the end. `greens_without_record`: greens that were shown and are in no ledger; `broken`: the
    first broken link of the kiosk's chain, or None; `doubled`: identities that the centre holds twice."""

    kills: dict[str, int]
    greens: int
    greens_without_record: int
    records: int
    lost: int
    invented: int
    doubled: int
    chains: int
    broken: str | None
    incidents: int
    set_aside: int

    @property
    def in_order(self) -> bool:
        amiss = self.greens_without_record, self.lost, self.invented, self.doubled, self.incidents, self.set_aside
        return not any(amiss) and self.broken is None and self.chains == 1 and self.greens > 0


class Campaign:
    """A stage, and somebody who pulls plugs."""

    def __init__(self, folder: Path, seed: int) -> None:
        build.build(store.default_folder())
        self.stage = Stage(folder, store.default_folder(), BUSY)
        self._random = random.Random(seed)
        self._tail = LogTail(folder / "logs" / "kiosk.log")
        self._greens: set[int] = set()
        self._starts: dict[str, Callable[[], None]] = {
            "kiosk": self.stage.start_kiosk,
            "relay": self.stage.start_relay,
            "broker": self.stage.start_broker,
            "centre": self.stage.start_centre,
        }

    def run(self, kills_each: int) -> Books:
        photos = {
            name: paths for name, paths in sample_faces(store.default_folder().parent).items() if name != "partial"
        }
        self.stage.set_up(cast_of(photos, people=1, strangers=1), agree_frames=2, repeat_s=0.0, show_s=0.2)
        try:
            self.stage.start()
            self.stage.start_kiosk()
            self._wait_for_green()
            victims = [victim for victim in VICTIMS for _ in range(kills_each)]
            self._random.shuffle(victims)
            for victim in victims:
                self._kill(victim)
            self._wait_for_green()
            self.stage.processes.stop_one("kiosk")
            self._drain()
            return self._audit({victim: victims.count(victim) for victim in VICTIMS})
        finally:
            self.stage.processes.stop()

    def _kill(self, victim: str) -> None:
        if victim == "kiosk":
            self._wait_for_green()
        time.sleep(self._random.uniform(*PAUSES_S))
        self.stage.processes.kill(victim)
        time.sleep(self._random.uniform(0.0, 0.3))
        self._starts[victim]()

    def _look(self) -> int:
        self._greens |= {said.seq for said in self._tail.news() if said.seq is not None}
        return len(self._greens)

    def _wait_for_green(self) -> None:
        """A kiosk that was just started serves again: the next kill then hits it at work."""
        before = self._look()
        self.stage.processes.wait_for(lambda: self._look() > before, "a green", SERVING_S)

    def _drain(self) -> None:
        self.stage.processes.wait_for(
            lambda: len(self._received()) >= len(self._ledger()), "the centre has every record", DRAIN_S
        )

    def _ledger(self) -> list[Stored]:
        reader = LedgerReader(self.stage.folder / "kiosk")
        try:
            return [row for span in reader.chains() for row in reader.after(span, 0, 10_000_000)]
        except DatabaseError:
            return []
        finally:
            reader.close()

    def _received(self) -> list[str]:
        engine = open_reader(self.stage.centre_settings.store.url)
        with engine.connect() as connection:
            return list(connection.scalars(select(StoredRecord.digest).where(StoredRecord.kiosk == KIOSK)))

    def _audit(self, kills: dict[str, int]) -> Books:
        self._look()
        ledger = self._ledger()
        ours = {digest(row.sealed) for row in ledger}
        theirs = self._received()
        keys = KioskKeys(self.stage.folder / "kiosk" / "keys", KIOSK)
        chains = {row.chain for row in ledger}
        _, broken = verify_chain(
            (row.sealed for row in ledger), keys.record.public, KIOSK, Head(keys.record.public.thumbprint)
        )
        with open_reader(self.stage.centre_settings.store.url).connect() as connection:
            incidents = connection.scalar(select(func.count()).select_from(Incident)) or 0
            set_aside = connection.scalar(select(func.count()).select_from(SetAside)) or 0
        return Books(
            kills=kills,
            greens=len(self._greens),
            greens_without_record=len(self._greens - {row.seq for row in ledger}),
            records=len(ledger),
            lost=len(ours - set(theirs)),
            invented=len(set(theirs) - ours),
            doubled=len(theirs) - len(set(theirs)),
            chains=len(chains),
            broken=None if broken is None else f"{broken.seq}: {broken.reason}",
            incidents=incidents,
            set_aside=set_aside,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=250, help="kills of each of kiosk, relay, broker and centre")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        books = Campaign(Path(folder) / "stage", asked.seed).run(asked.kills)
    sys.stdout.write(json.dumps(asdict(books)) + "\n")
    sys.exit(0 if books.in_order else 1)


if __name__ == "__main__":
    main()
