"""Encrypting a picture to the centre and sealing it with the key of the records that will name it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from kiosk.ledger import Ledger, LedgerError
from wire.errors import WireError
from wire.seals import Recipient

log = logging.getLogger(__name__)


class Sealer:
    """Makes the sealed text of a blob; None while there is no ledger, or no key of the centre to encrypt to."""

    def __init__(self, ledger: Callable[[], Ledger | None], box: Callable[[], Recipient | None]) -> None:
        self._ledger = ledger
        self._box = box
        self._failed = False

    def __call__(self, picture: bytes) -> str | None:
        """The sealed text of one picture."""
        ledger, box = self._ledger(), self._box()
        if ledger is None or box is None:
            return None
        try:
            return ledger.seal_blob(box.encrypt(picture).encode())
        except (LedgerError, WireError) as error:
            if not self._failed:
                log.warning("pictures cannot be sealed: %s", error)
            self._failed = True
            return None
