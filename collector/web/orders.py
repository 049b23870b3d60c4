"""Ordering a kiosk to do something: a closed list, for BKD's administrators, each order noted."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from flask import Blueprint, abort, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from collector import audit
from collector.accounts.roles import ADMIN
from collector.commands import cancel, order
from collector.commands.orders import LONGEST
from collector.errors import OrderError
from collector.settings import CollectorSettings
from collector.store.people import Kiosk
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.fleet_words import PARTS
from collector.web.menu import Entry
from collector.web.words import N_
from wire.messages import CommandName

MENU: tuple[Entry, ...] = ()

ARGUMENTS: dict[str, dict[str, str]] = {
    "identify": {"seconds": "60"},
    "test-lights": {},
    "refresh-roster": {},
    "send-diagnostics": {},
    "restart-part": {},
    "wipe": {},
}
"""The commands that a page may order, and what goes with them. Updates go by rollouts, certificates renew by themselves."""

SOON = timedelta(minutes=30)
"""A person stands before the kiosk, or waits at the page: tomorrow nobody wants it any more."""
WIPE = timedelta(days=30)
BY_STICK = LONGEST
"""What a stick has to carry there holds until it is there."""


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """What the buttons of a kiosk's page lead to."""
    blueprint = Blueprint("orders", __name__, url_prefix="/kiosks/<name>/orders")

    @blueprint.post("")
    @allow(*ADMIN)
    def give(name: str) -> Response:
        command = request.form.get("command", "")
        if command not in ARGUMENTS:
            abort(400)
        arguments = _arguments(command, name)
        if arguments is None:
            flash(N_("To wipe a kiosk, type its name."), "bad")
            return _back(name)
        try:
            with desk.write() as session:
                ttl = _holds(session, name, command)
                known = cast("CommandName", command)
                number = order(session.connection(), name, known, arguments, by=me().id, now=desk.now(), ttl=ttl)
                audit.note(session, me().id, f"kiosk.{command}", name, {"order": number}, desk.now())
        except OrderError:
            abort(404)
        flash(N_("Ordered. The answer stands below as soon as it is there."), "good")
        return _back(name)

    @blueprint.post("/<number>/cancel")
    @allow(*ADMIN)
    def take_back(name: str, number: str) -> Response:
        try:
            with desk.write() as session:
                cancel(session.connection(), number, desk.now())
                audit.note(session, me().id, "kiosk.cancel", name, {"order": number[:64]}, desk.now())
        except OrderError:
            flash(N_("It was sent already, and cannot be taken back."), "bad")
        else:
            flash(N_("Taken back."), "good")
        return _back(name)

    return blueprint


def _holds(session: Session, name: str, command: str) -> timedelta:
    """How long an order is to hold; at a kiosk without a network nobody sees it blink."""
    kiosk = session.get(Kiosk, name)
    if kiosk is not None and kiosk.by_stick and command not in {"identify", "test-lights"}:
        return BY_STICK
    return WIPE if command == "wipe" else SOON


def _arguments(command: str, name: str) -> dict[str, str] | None:
    """What goes with the command; None for a wipe that was not confirmed by the kiosk's name."""
    if command == "wipe" and request.form.get("confirm", "").strip() != name:
        return None
    if command == "restart-part":
        part = request.form.get("part", "")
        return {"part": part} if part in PARTS else abort(400)
    return ARGUMENTS[command]


def _back(name: str) -> Response:
    return redirect(url_for("kiosks.one", name=name) + "#orders", 303)
