"""Every route as every role and as nobody: it answers as tests/fixtures/access says, and no route is missing there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from collector.accounts.roles import EVERYBODY, Role
from collector.settings import CollectorSettings
from collector.store.engine import open_engine
from collector.store.writer import Writer
from collector.web import create_app
from collector.web.access import AccessError, allow, check
from tests.fixtures.accounts import logged_in
from tests.screenshots import office

TABLES = Path(__file__).resolve().parents[1] / "fixtures" / "access"
COLUMNS = [*(role.value for role in Role), "nobody"]
Route = tuple[str, str]


def expected() -> dict[Route, dict[str, str]]:
    """Cells by column, by route and method."""
    found: dict[Route, dict[str, str]] = {}
    for file in sorted(TABLES.glob("*.md")):
        lines = [line for line in file.read_text("utf-8").splitlines() if line.startswith("|")]
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        for route, method, *cells in rows[2:]:
            assert rows[0][2:] == COLUMNS, file.name
            assert (route, method) not in found, f"{method} {route} stands twice"
            assert set(cells) <= {"yes", "-", "machine"}, f"{file.name}: {route}"
            found[route, method] = dict(zip(COLUMNS, cells, strict=True))
    return found


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('access') / 'centre.db'}")
    office.fill(engine, people=10)
    with Writer(engine) as writer:
        yield create_app(engine, writer, CollectorSettings(), lambda: office.NOW)


def client_of(app: Flask, column: str) -> FlaskClient:
    if column == "nobody":
        return app.test_client()
    role = Role(column)
    unit = "DISDIK" if role in {Role.OPD_HEAD, Role.OPD_OPERATOR} else None
    return logged_in(app.test_client(), role, unit, "p0001" if role is Role.EMPLOYEE else None)


def routes(app: Flask) -> dict[Route, Rule]:
    return {
        (rule.rule, method): rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_stands_in_a_table_and_every_row_is_a_route(app: Flask) -> None:
    assert set(expected()) == set(routes(app)), "tell who may open it in tests/fixtures/access"


def answer(client: FlaskClient, route: Route) -> str:
    """What the answer comes to, in the table's words."""
    path = re.sub(r"<(\w+:)?\w+>", lambda found: "1" if found[1] == "int:" else "x", route[0])
    with client.open(path, method=route[1]) as told:
        if told.status_code == 403 or (told.status_code == 303 and told.location.startswith("/login")):
            return "-"
        if told.status_code == 401:
            return "-"
        if route[1] != "GET":
            return "yes" if told.status_code == 400 else "machine"
        assert told.status_code < 500
        return "yes"


@pytest.mark.parametrize("column", COLUMNS)
def test_every_route_answers_this_role_as_the_table_says(app: Flask, column: str) -> None:
    table = expected()
    told = {}
    client = client_of(app, column)
    for route in routes(app):
        told[route] = answer(client, route)
        if route[1] != "GET":
            client = client_of(app, column)  # anew: it may have been logged out
    assert told == {route: table[route][column] for route in told}


def test_a_view_that_says_nothing_stops_the_application(app: Flask) -> None:
    silent = Flask("silent")
    silent.add_url_rule("/open", "silent.open", lambda: "")
    with pytest.raises(AccessError, match=r"silent\.open"):
        check(silent)
    with pytest.raises(AccessError, match="@anybody"):
        allow()
    assert set(Role) == EVERYBODY
