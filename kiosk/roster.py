"""From the encrypted roster in relay.db to the one in memory. Only the kiosk process can read it."""

from __future__ import annotations

import base64
import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kiosk.gallery.roster import Enrolled, PinHolder, Roster
from kiosk.relay import RawRoster, RelayReader
from kiosk.relay.centre_keys import CentreKeys
from wire.errors import ContractError, SealError, UnreadableError, WireError
from wire.messages import ROSTER_ENTRY, ROSTER_MANIFEST, RosterEntry, RosterManifest
from wire.seals import DecryptionKey, Sealed, digest, payload_of

LOG = logging.getLogger(__name__)

LENGTH_TOLERANCE = 1e-3
"""A template whose length is farther from 1 is damaged: its cosines would lie."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """One entry: a face, a PIN, or both."""

    face: Enrolled | None
    pin: PinHolder | None


class RosterReader:
    """Reads the roster that the relay holds; decrypts only what changed.

    The relay stands in the network, so its word is not taken: the manifest's seal is verified again here, and an entry
    counts only when the manifest names its digest.
    """

    def __init__(self, relay: RelayReader, kiosk: str, key: DecryptionKey, centre_keys: Path) -> None:
        self.skipped = 0
        """Entries of the last roster that could not be read."""
        self._relay = relay
        self._kiosk = kiosk
        self._key = key
        self._centre = CentreKeys(centre_keys)
        self._known: dict[str, _Opened | None] = {}

    def read(self) -> Roster | None:
        """The roster in force; None when there is none that can be believed.

        Raises kiosk.database.DatabaseError while relay.db cannot be read.
        """
        try:
            raw = self._relay.roster()
            if raw is None:
                return None
            manifest = self._manifest(raw.manifest)
        except WireError as error:
            LOG.error("the roster is not believed: %s", error)  # noqa: TRY400
            return None
        return self._roster(manifest, raw)

    def _manifest(self, sealed: str) -> RosterManifest:
        manifest = ROSTER_MANIFEST.decode(self._centre.ring().verify(sealed, Sealed.ROSTER_MANIFEST))
        if manifest.kiosk != self._kiosk:
            raise ContractError(f"roster-manifest: is for kiosk {manifest.kiosk!r}, not {self._kiosk!r}")
        return manifest

    def _roster(self, manifest: RosterManifest, raw: RawRoster) -> Roster:
        known: dict[str, _Opened | None] = {}
        for person, sealed in raw.entries.items():
            name = digest(sealed)
            if manifest.people.get(person) == name:
                known[name] = self._known[name] if name in self._known else self._read(person, sealed, manifest.model)
        self._known = known
        opened = [one for one in known.values() if one is not None]
        faces = [one.face for one in opened if one.face is not None]
        people = _of_one_size(faces)
        skipped = len(known) - len(opened) + len(faces) - len(people)
        if skipped and skipped != self.skipped:
            LOG.warning("%d of %d roster entries cannot be read and are left out", skipped, len(known))
        self.skipped = skipped
        pins = tuple(one.pin for one in opened if one.pin is not None)
        return Roster(manifest.version, manifest.model, manifest.threshold, manifest.margin, people, pins)

    def _read(self, person: str, sealed: str, model: str) -> _Opened | None:
        try:
            entry = ROSTER_ENTRY.decode(self._key.decrypt(payload_of(sealed)))
            return _opened(entry, self._kiosk, person, model)
        except (ContractError, SealError, UnreadableError, ValueError):
            return None  # counted and told by the caller, without saying who


def _of_one_size(people: list[Enrolled]) -> tuple[Enrolled, ...]:
    """Those whose template has the size that most have: others could not be compared."""
    sizes = Counter(person.template.size for person in people)
    return tuple(person for person in people if person.template.size == sizes.most_common(1)[0][0])


def _opened(entry: RosterEntry, kiosk: str, person: str, model: str) -> _Opened:
    """Raises ContractError, ValueError for a template that is not base64 of float32."""
    if (entry.kiosk, entry.person, entry.model) != (kiosk, person, model):
        raise ContractError("roster-entry: is of another kiosk, person or model than its manifest says")
    face = None if entry.template is None else _enrolled(entry, entry.template)
    pin = None if entry.pin is None else PinHolder(person, entry.name, entry.pin, entry.from_, entry.until)
    return _Opened(face, pin)


def _enrolled(entry: RosterEntry, encoded: str) -> Enrolled:
    template = np.frombuffer(base64.b64decode(encoded, validate=True), dtype="<f4").astype(np.float32)
    if template.size == 0 or not abs(float(np.linalg.norm(template)) - 1) < LENGTH_TOLERANCE:
        raise ContractError("roster-entry: its template is not a vector of length 1")
    template.setflags(write=False)
    return Enrolled(
        person=entry.person,
        name=entry.name,
        unit=entry.unit,
        assigned=entry.assigned,
        template=template,
        from_=entry.from_,
        until=entry.until,
    )
