"""What the wall says, in words. Pure: a card, the surroundings and the time give one view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from firmware.signals import Signal
from kiosk.screen.card import Card, Surroundings
from kiosk.screen.hours import hours_today
from kiosk.screen.words import N_
from models.face import Hint

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Saying:
    """One state in words: an icon of the page, a title of two or three words, and what to do."""

    icon: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Speech:
    """How the wall speaks: its local time, its language, and a translator into that language."""

    zone: ZoneInfo
    language: str
    translate: Translate


@dataclass(frozen=True, slots=True)
class View:
    """Everything the page shows at one moment, as text of the screen's language. Empty text shows nothing.

    `receipt`: none, stored (on this kiosk's disk) or central (in the centre's database). `pin`: whether a PIN may be given.
    """

    signal: str
    icon: str
    title: str
    text: str
    name: str
    at: str
    receipt: str
    receipt_text: str
    reason: str
    clock: str
    zone: str
    date: str
    online: bool
    link: str
    backlog: str
    clock_sign: str
    enrolled: str
    pin: bool
    hours: str


SAYINGS: dict[Signal, Saying] = {
    Signal.IDLE: Saying("idle", N_("Look at the camera"), N_("You are recorded without touching anything.")),
    Signal.SEEN: Saying("seen", N_("One moment"), N_("Keep looking at the camera.")),
    Signal.RECORDED: Saying("recorded", N_("Recorded"), N_("Thank you. You can walk on.")),
    Signal.RECORDED_OFFLINE: Saying("recorded", N_("Recorded"), N_("It counts and is sent later.")),
    Signal.ALREADY: Saying("already", N_("Already recorded"), N_("No need to repeat. You can walk on.")),
    Signal.NOT_RECOGNISED: Saying(
        "not-recognised", N_("Not recognised"), N_("Try once more. If it stays so, see the officer.")
    ),
    Signal.SEE_OFFICER: Saying(
        "see-officer", N_("See the officer"), N_("The kiosk is not sure. The officer helps you.")
    ),
    Signal.IDENTIFY: Saying("online", N_("Here I am"), N_("A technician is looking for this kiosk.")),
    Signal.TEST: Saying("starting", N_("Test"), N_("Red, yellow, green and three beeps.")),
    Signal.STICK_WAIT: Saying("disk", N_("Please wait"), N_("Do not pull the stick out.")),
    Signal.STICK_SAFE: Saying("stored", N_("Pull the stick out"), N_("Everything is on it. Take it to the centre.")),
    Signal.STICK_REFUSED: Saying(
        "lost", N_("Stick refused"), N_("It was not made by the centre for this kiosk, or it is full.")
    ),
}

HINTS: dict[Hint, Saying] = {
    Hint.CLOSER: Saying("closer", N_("Come closer"), N_("About one arm's length from the screen.")),
    Hint.LOOK_HERE: Saying("look-here", N_("Look at the camera"), N_("Straight ahead, face uncovered.")),
    Hint.HOLD_STILL: Saying("hold-still", N_("Hold still"), N_("Stop for a moment before the screen.")),
    Hint.TOO_DARK: Saying("too-dark", N_("Too dark"), N_("Turn your face to the light.")),
    Hint.TOO_BRIGHT: Saying("too-bright", N_("Too bright"), N_("Step out of the glare.")),
}

NOT_YOUR_FAULT = N_("The outage is noted. Use another kiosk or see the officer.")

FAULTS: dict[str, Saying] = {
    "starting": Saying("starting", N_("Starting"), N_("Ready in a few seconds.")),
    "not-responding": Saying("fault", N_("Not responding"), NOT_YOUR_FAULT),
    "camera-lost": Saying("camera-off", N_("No camera"), NOT_YOUR_FAULT),
    "disk-full": Saying("disk", N_("Storage is full"), NOT_YOUR_FAULT),
    "read-only": Saying("disk", N_("Storage is locked"), NOT_YOUR_FAULT),
    "ledger-damaged": Saying("disk", N_("Storage is damaged"), NOT_YOUR_FAULT),
    "ledger": Saying("disk", N_("Storage fails"), NOT_YOUR_FAULT),
    "weights": Saying("fault", N_("Models are missing"), NOT_YOUR_FAULT),
    "vision-failed": Saying("fault", N_("Recognition fails"), NOT_YOUR_FAULT),
    "stopped": Saying("fault", N_("Switched off"), NOT_YOUR_FAULT),
    "no-roster": Saying("roster", N_("No list of faces yet"), N_("The list comes from the centre. See the officer.")),
    "roster-model": Saying(
        "roster", N_("List of faces does not fit"), N_("A new list comes from the centre. See the officer.")
    ),
}
BY_PIN: dict[str, Saying] = {
    "pin-wrong": Saying("not-recognised", N_("Number or PIN is wrong"), N_("Not recorded. Try once more.")),
    "pin-locked": Saying("see-officer", N_("Too many wrong PINs"), N_("Not recorded. See the officer.")),
}
OTHER_FAULT = Saying("fault", N_("Out of service"), NOT_YOUR_FAULT)
LOST = Saying("lost", N_("Screen lost the kiosk"), NOT_YOUR_FAULT)

_NAMED = {Signal.RECORDED, Signal.RECORDED_OFFLINE, Signal.ALREADY}
_STORED = N_("Stored on the kiosk")
_CENTRAL = N_("Received by the centre")


def saying(card: Card) -> Saying:
    """The words of a card's state, hint or fault."""
    if card.signal is Signal.ADJUST:
        return HINTS[card.hint or Hint.LOOK_HERE]
    if card.signal is Signal.OUT_OF_SERVICE:
        return FAULTS.get(card.reason or "", OTHER_FAULT)
    return BY_PIN.get(card.reason or "", SAYINGS[card.signal])


def compose(card: Card, around: Surroundings, now: datetime, speech: Speech) -> View:
    """The view of one moment; `now` has a zone."""
    said, tr, local = saying(card), speech.translate, now.astimezone(speech.zone)
    named = card.signal in _NAMED
    receipt = "none" if card.entry is None or not named else "central" if card.received else "stored"
    return View(
        signal=card.signal.value,
        icon=said.icon,
        title=tr(said.title),
        text=tr(said.text),
        name=(card.name or "") if named else "",
        at=card.at.astimezone(speech.zone).strftime("%H:%M") if card.at and named else "",
        receipt=receipt,
        receipt_text={"none": "", "stored": tr(_STORED), "central": tr(_CENTRAL)}[receipt],
        reason=(card.reason or "") if card.signal is Signal.OUT_OF_SERVICE else "",
        clock=local.strftime("%H:%M:%S"),
        zone=local.strftime("%Z"),
        date=format_date(local.date(), "EEEE,\nd MMMM y", locale=speech.language),
        online=around.online,
        link=tr(N_("Online")) if around.online else tr(N_("No network")),
        backlog=tr(N_("%d waiting to be sent")) % around.backlog if around.backlog else "",
        clock_sign="" if around.clock_trusted else tr(N_("Clock not confirmed")),
        enrolled=tr(N_("%d faces")) % around.enrolled,
        pin=around.pins > 0,
        hours=hours_today(around.rules, local, speech.language, tr) if around.clock_trusted else "",
    )
