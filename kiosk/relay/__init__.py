"""The way between the ledger and the centre; its own process.

`kiosk.relay.app` is that process; `RelayReader` is how the kiosk process sees what came in.
"""

from kiosk.relay.reader import LinkState, RelayReader
from kiosk.relay.rosters import RawRoster

__all__ = ["LinkState", "RawRoster", "RelayReader"]
