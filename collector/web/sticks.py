"""USB sticks of kiosks without a network: what came is handed to the jobs process, and so is what is to be taken along."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from functools import partial
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from collector import audit
from collector.accounts.roles import ADMIN, BKD, WHOLE
from collector.errors import StickSentError, StickUseError, StoreDownError
from collector.fleet.shelf import Shelf
from collector.reports import sticks as reports
from collector.settings import CollectorSettings
from collector.sticks import archive, faults, orders, visits
from collector.sticks.orders import Kind, Placed, State
from collector.sticks.sent import MOST_FILES, Sent, Why, shown, sort_out
from collector.sticks.story import Story
from collector.store.people import Kiosk, Unit
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.forms import Form, tell
from collector.web.guard import HUGE, takes
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.staff import account_names
from collector.web.stick_words import DONE, FAULTS, FILES, NEEDS, REFUSED, STATES
from collector.web.words import N_
from wire.stick import is_kiosk

MENU = (Entry("sticks.show", N_("USB sticks"), Group.CENTRE),)
LATELY = 12
"""Orders that the page names."""


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The list of who waits, the two forms, one order, and its file."""
    blueprint = Blueprint("sticks", __name__, url_prefix="/sticks")
    shelf = Shelf(settings.releases.folder)
    blueprint.context_processor(
        lambda: {
            "needs": NEEDS,
            "file_words": FILES,
            "refusals": REFUSED,
            "fault_words": FAULTS,
            "state_of": _state,
            "limits": settings.sticks,
            "laid_out": shelf.versions(),
        }
    )

    @blueprint.get("/")
    @allow(*WHOLE)
    def show() -> Response:
        return desk.fresh("sticks/list.html", partial(_list, desk), orders.mark)

    @blueprint.get("/may")
    @allow(*BKD)
    def may() -> Response:
        """The TLS front asks this before it takes a stick's worth of bytes from anybody."""
        return Response("yes\n", mimetype="text/plain")

    _placing(blueprint, desk, settings, shelf)
    _one(blueprint, desk)
    return blueprint


def _placing(blueprint: Blueprint, desk: Desk, settings: CollectorSettings, shelf: Shelf) -> None:
    @blueprint.post("/bring")
    @allow(*BKD)
    @takes(settings.sticks.upload_mib << 20, MOST_FILES + 10, HUGE)
    def bring() -> AnyResponse | tuple[str, int]:
        files = [one for name in ("folder", "zip") for one in request.files.getlist(name) if one.filename]
        try:
            with tempfile.TemporaryFile(prefix="siperlu-flashdisk-") as made:
                file, sent = _sent(files, made, settings.sticks.unpacked_mib << 20)
                number = _keep(desk, file, sent)
        except StickSentError as error:
            if files:
                with desk.write() as session:
                    visits.refused(session, visits.UPLOAD, error.why, me().id, desk.now(), len(files))
            return _page(desk, (FAULTS[error.why], error.what)), 422
        except StickUseError as error:
            tell(FAULTS[error.rule], "bad", what=error.what)
            return redirect(url_for("sticks.show"), 303)
        return redirect(url_for("sticks.one", number=number), 303)

    @blueprint.post("/give")
    @allow(*BKD)
    @takes(65_536, orders.MOST_KIOSKS + 10)
    def give() -> AnyResponse:
        version = request.form.get("version", "")
        if version and version not in shelf.versions():
            abort(400)
        if version and me().role not in ADMIN:
            abort(403)  # an order to update goes along
        try:
            number = _order(desk, _chosen(), version)
        except StickUseError as error:
            tell(FAULTS[error.rule], "bad", what=error.what)
            return redirect(url_for("sticks.show"), 303)
        return redirect(url_for("sticks.one", number=number), 303)


def _one(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/<number>")
    @allow(*WHOLE)
    def one(number: str) -> Response:
        return desk.fresh("sticks/one.html", partial(_order_shown, desk, number), orders.mark)

    @blueprint.get("/<number>.zip")
    @allow(*BKD)
    def file(number: str) -> Response:
        with desk.session() as session:
            order = _known(session, number)
        if not order.ready:
            abort(404, "no such file")
        with desk.write() as session:
            visits.went(session, order.kiosks, me().id, order.finished_at or desk.now())
            audit.note(session, me().id, "stick.download", number, _named(order.kiosks), desk.now())
        name = _name(order.kiosks, f"{order.asked_at.astimezone(desk.zone):%Y-%m-%d}")
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(order.size)}
        return Response(orders.content(desk.engine, number), mimetype="application/zip", headers=headers)


def _sent(files: list[FileStorage], made: BinaryIO, most: int) -> tuple[BinaryIO, Sent]:
    """What was sent as one ZIP, and what is in it: one that was sent, or `made` of the files of a folder. Raises StickSentError."""
    if not files:
        raise StickSentError(Why.NOTHING, "")
    streams = [cast("BinaryIO", one.stream) for one in files]
    names = [one.filename or "" for one in files]
    if len(files) == 1 and "/" not in names[0]:
        return streams[0], archive.contents(streams[0], most).sent
    sent = sort_out([(name, stream.seek(0, 2)) for name, stream in zip(names, streams, strict=True)], most)
    for stream in streams:
        stream.seek(0)
    archive.pack(((place, streams[number]) for number, place in sent.kept), made)
    return made, sent


def _keep(desk: Desk, file: BinaryIO, sent: Sent) -> str:
    """Place the order, keep its file, and let it begin. Raises StickUseError."""
    kiosks = sorted({place.kiosk for _, place in sent.kept})
    told = Story(own=sent.own).refusing(sent.refused)
    with desk.write() as session:
        number = orders.place(session, Kind.BRING, kiosks=kiosks, by=me().id, now=desk.now(), told=told)
    try:
        file.seek(0)
        size = orders.keep(desk.writer, number, file, desk.now)
        with desk.write() as session:
            orders.arrived(session, number, size)
            detail = {**_named(kiosks), "files": len(sent.kept), "size": size >> 10}
            audit.note(session, me().id, "stick.bring", number, detail, desk.now())
    except BaseException:
        with suppress(StoreDownError), desk.write() as session:  # else it is swept, and a place is taken until then
            orders.forget(session, number)
        raise
    return number


def _chosen() -> list[str]:
    """Kiosks that were ticked, and those that were typed."""
    typed = request.form.get("other", "")[:4000].replace(",", " ").split()
    return sorted({*request.form.getlist("kiosk"), *typed})


def _order(desk: Desk, kiosks: list[str], version: str) -> str:
    """Raises StickUseError, for a kiosk that is none in service too."""
    with desk.write() as session:
        if len(kiosks) <= orders.MOST_KIOSKS:
            names = [name for name in kiosks if is_kiosk(name)]
            known = session.scalars(select(Kiosk.id).where(Kiosk.id.in_(names), Kiosk.retired_at.is_(None)))
            strange = sorted(set(kiosks) - set(known))
            if strange:
                name = shown(strange[0])[:63]
                raise StickUseError(f"kiosk {name!r} is not registered, or retired", faults.STRANGER, name)
        number = orders.place(session, Kind.GIVE, kiosks=kiosks, by=me().id, now=desk.now(), version=version)
        detail = {**_named(kiosks), **({"version": version} if version else {})}
        audit.note(session, me().id, "stick.order", number, detail, desk.now())
    return number


def _named(kiosks: tuple[str, ...] | list[str]) -> dict[str, str | int]:
    """The kiosks as a detail of the audit log: a few by name, all by count."""
    return {"kiosk": " ".join(kiosks[:10]), "count": len(kiosks)}


def _name(kiosks: tuple[str, ...], day: str) -> str:
    return f"flashdisk-{kiosks[0] if len(kiosks) == 1 else f'{len(kiosks)}-kiosk'}-{day}.zip"


def _page(desk: Desk, wrong: tuple[str, str]) -> str:
    with desk.session() as session:
        values = _list(desk, session)
    return render_template("sticks/list.html", **{**values, "wrong": wrong})


def _list(desk: Desk, session: Session) -> dict[str, Any]:
    now = desk.now()
    counts = reports.count_waiting(session, now)
    sheets = pages_of(sum(counts.values()))
    lately = orders.placed(session, LATELY)
    return {
        "form": Form(),
        "counts": counts,
        "pages": sheets,
        "rows": reports.waiting(session, now, PAGE, sheets.offset),
        "lately": lately,
        "names": account_names(session, {one.asked_by for one in lately}),
        "all_kiosks": list(
            session.execute(select(Kiosk.id, Kiosk.unit).where(Kiosk.retired_at.is_(None)).order_by(Kiosk.id))
        ),
        "wrong": None,
    }


def _order_shown(desk: Desk, number: str, session: Session) -> dict[str, Any]:
    order = _known(session, number)
    units = session.execute(
        select(Kiosk.id, Unit.name).join(Unit, Unit.code == Kiosk.unit).where(Kiosk.id.in_(order.kiosks))
    )
    name = _name(order.kiosks, f"{order.asked_at.astimezone(desk.zone):%Y-%m-%d}") if order.kiosks else ""
    return {
        "form": Form(),
        "order": order,
        "units": {kiosk: unit for kiosk, unit in units},  # noqa: C416 - dict() loses the row's types
        "name": name,
        "names": account_names(session, {order.asked_by}),
        "ours": [one.kiosk for one in order.story.taken if one.kiosk not in order.story.strangers],
    }


def _known(session: Session, number: str) -> Placed:
    return orders.find(session, number) or abort(404, "no such order")


def _state(order: Placed) -> tuple[str, str, str]:
    return DONE[order.kind] if order.state is State.DONE else STATES[order.state]
