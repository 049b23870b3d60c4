"""Who a face is: the roster in memory and the search in it. Pure numpy."""

from kiosk.gallery.match import Match, Verdict
from kiosk.gallery.roster import Enrolled, PinHolder, Roster
from kiosk.gallery.search import Gallery, OtherModelError

__all__ = ["Enrolled", "Gallery", "Match", "OtherModelError", "PinHolder", "Roster", "Verdict"]
