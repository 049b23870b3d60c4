"""What the centre says of hours, holidays and pictures, as the kiosk process believes it: never a reason to record or not to."""

from __future__ import annotations

import logging
from pathlib import Path

from kiosk.evidence.need import Wish
from kiosk.relay import RelayReader
from kiosk.relay.centre_keys import CentreKeys
from wire.errors import WireError
from wire.messages import RULES, Rules
from wire.seals import Sealed

LOG = logging.getLogger(__name__)


class RulesReader:
    """Reads the rules that the relay holds. The relay stands in the network: the seal is verified again here."""

    def __init__(self, relay: RelayReader, kiosk: str, centre_keys: Path) -> None:
        self._relay = relay
        self._kiosk = kiosk
        self._centre = CentreKeys(centre_keys)
        self._sealed: str | None = None
        self._rules: Rules | None = None

    def read(self) -> Rules | None:
        """The newest rules; None where there are none that can be believed. Raises kiosk.database.DatabaseError."""
        sealed = self._relay.rules()
        if sealed != self._sealed:
            self._sealed, self._rules = sealed, None if sealed is None else self._read(sealed)
        return self._rules

    def _read(self, sealed: str) -> Rules | None:
        try:
            rules = RULES.decode(self._centre.ring().verify(sealed, Sealed.RULES))
        except WireError as error:
            LOG.error("the rules are not believed: %s", error)  # noqa: TRY400 - known
            return None
        if rules.kiosk != self._kiosk:
            LOG.error("the rules are not believed: they are for kiosk %r", rules.kiosk)
            return None
        return rules


def wish(rules: Rules | None) -> Wish:
    """Which pictures are wanted beyond doubt: none where nothing can be believed."""
    return Wish() if rules is None else Wish(rules.picture_share)
