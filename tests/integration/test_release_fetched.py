"""A kiosk that is ordered to update fetches the release from the centre by itself, through lines that break."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firmware import clock
from firmware.clock import Reading
from kiosk.agent.answers import answer
from kiosk.agent.app import Agent
from kiosk.agent.update import bundles
from kiosk.agent.update.bundles import held
from kiosk.agent.vital import target
from kiosk.relay.backoff import Backoff
from kiosk.relay.fetching import Fetcher
from kiosk.settings import KioskSettings
from provisioning.bundle import write_bundle
from provisioning.bundle.writing import Recipe, collected
from tests.fixtures.agents import NOW, FakeSystem, Post
from tests.fixtures.release_shelf import Shelf
from wire.jwks import key_set, readable
from wire.messages import Reply
from wire.release import file_name
from wire.seals import KeyName, SealingKey

KEY = SealingKey.generate(KeyName("release", 1))
OTHER = SealingKey.generate(KeyName("release", 2))


class Way:
    """A kiosk's relay and agent, and the centre's shelf of releases between which there is a line."""

    def __init__(self, folder: Path, shelf: Shelf) -> None:
        self.folder, self.shelf = folder, shelf
        self.post = Post(folder)
        self.post.settings.folders.release_keys.write_text(readable(key_set([KEY.public], [])))
        self.settings: KioskSettings = self.post.settings.model_copy(update={"relay": shelf.settings()})
        (folder / "opt").mkdir()
        self.system = FakeSystem()
        self.fetcher = Fetcher(self.settings, Backoff(random.Random(1)))
        self.agent = Agent(self.settings, self.system)
        self.agent.take_up()

    @property
    def fetched(self) -> list[str]:
        place = self.settings.folders.relay / "fetched"
        return sorted(path.name for path in place.iterdir()) if place.is_dir() else []

    def release(self, version: str, key: SealingKey = KEY, says: str | None = None) -> bytes:
        """Put a release on the shelf; `says`: the version that is sealed in."""
        source = self.folder / "source"
        source.mkdir(exist_ok=True)
        (source / "siperlu.whl").write_bytes(random.Random(version).randbytes(300_000))
        out = self.folder / "made.tar"
        out.unlink(missing_ok=True)
        files = collected([(source, f"wheels/{target()}", target())])  # type: ignore[list-item]
        write_bundle(out, Recipe(says or version, "0.1.0", NOW, 1), files, key)
        self.shelf.files[file_name(version)] = out.read_bytes()
        return out.read_bytes()

    def said(self, number: str) -> Reply | None:
        return answer(self.settings.folders.agent, number)


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The clock of a kiosk on the network."""
    state: dict[str, Any] = {"at": NOW}
    monkeypatch.setattr(clock, "read", lambda: Reading(state["at"], "ntp", 5, "boot", 1))
    return state


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    with Shelf(tmp_path / "centre") as shelf:
        (tmp_path / "kiosk").mkdir()
        yield Way(tmp_path / "kiosk", shelf)


def test_an_update_waits_for_its_release_and_takes_it_over(way: Way) -> None:
    number = way.post.lay("update", version="1.1.0")
    way.agent.turn()
    assert way.said(number) is None, "it waits: nothing has come"
    content = way.release("1.1.0")
    assert way.fetcher.turn()
    assert way.fetched == ["siperlu-1.1.0.tar"]
    way.system.fails.add("restart")  # no kiosk runs here that could prove it
    way.agent.turn()
    assert way.system.asked[0] == "install 1.1.0"
    assert held(way.settings.folders.agent, "1.1.0").read_bytes() == content
    assert way.said(number) is not None


def test_what_the_agent_has_is_not_kept_by_the_relay(way: Way) -> None:
    way.post.lay("update", version="1.1.0")
    content = way.release("1.1.0")
    way.fetcher.turn()
    assert way.agent._arrivals.take("1.1.0")
    assert held(way.settings.folders.agent, "1.1.0").read_bytes() == content
    way.fetcher.turn()
    assert way.fetched == []
    assert len(way.shelf.asked) == 1


def test_a_line_that_breaks_is_taken_up_where_it_broke(way: Way) -> None:
    way.post.lay("update", version="1.1.0")
    content = way.release("1.1.0")
    way.shelf.breaks = [100_000, 1, 50_000]
    assert [way.fetcher.turn() for _ in range(4)] == [False, False, False, True]
    assert [wanted for _, wanted in way.shelf.asked] == ["", "bytes=100000-", "bytes=100001-", "bytes=150001-"]
    assert (way.settings.folders.relay / "fetched/siperlu-1.1.0.tar").read_bytes() == content


def test_another_file_of_the_same_name_is_fetched_anew(way: Way) -> None:
    way.post.lay("update", version="1.1.0")
    way.shelf.files["siperlu-1.1.0.tar"] = b"x" * 400_000
    way.shelf.breaks = [200_000]
    assert not way.fetcher.turn()
    content = way.release("1.1.0")
    assert not way.fetcher.turn(), "half of one and half of another is no release"
    assert way.fetched == []
    assert way.fetcher.turn()
    assert (way.settings.folders.relay / "fetched/siperlu-1.1.0.tar").read_bytes() == content


@pytest.mark.parametrize("how", ["garbage", "of another key", "of another version"])
def test_what_it_did_not_seal_is_neither_kept_nor_installed(way: Way, how: str) -> None:
    number = way.post.lay("update", version="1.1.0")
    if how == "garbage":
        way.shelf.files["siperlu-1.1.0.tar"] = b"x" * 1000
    else:
        way.release("1.1.0", OTHER if how == "of another key" else KEY, "1.1.0" if how == "of another key" else "1.2.0")
    assert not way.fetcher.turn()
    way.agent.turn()
    assert (way.fetched, way.system.asked, way.said(number)) == ([], [], None)


def test_a_relay_that_was_broken_into_gives_the_agent_nothing(way: Way, tmp_path: Path) -> None:
    number = way.post.lay("update", version="1.1.0")
    place = way.settings.folders.relay / "fetched"
    place.mkdir(parents=True)
    (tmp_path / "secret").write_text("of root")
    (place / "siperlu-1.1.0.tar").symlink_to(tmp_path / "secret")
    way.agent.turn()
    (place / "siperlu-1.1.0.tar").unlink()
    (place / "siperlu-1.1.0.tar").write_bytes(way.release("1.1.0", OTHER))
    way.agent.turn()
    assert (way.system.asked, way.said(number)) == ([], None)
    assert not list((way.settings.folders.agent / "bundles").glob("*"))


def test_an_update_whose_release_never_came_says_so_at_its_end(way: Way, trusted: dict[str, Any]) -> None:
    number = way.post.lay("update", version="1.1.0", expires=timedelta(hours=1))
    trusted["at"] = NOW + timedelta(hours=2)
    assert way.fetcher.turn()
    assert way.shelf.asked == [], "nothing is fetched for an update that is over"
    way.agent.turn()
    reply = way.said(number)
    assert reply is not None
    assert (reply.outcome, reply.detail) == ("expired", {"reason": "no-bundle"})


@pytest.mark.parametrize("version", ["../../etc/passwd", "", "1.1", "0.0.1"])
def test_what_is_refused_in_any_case_is_refused_at_once(way: Way, version: str) -> None:
    """A version that is none, that is running, or that is below the floor."""
    folder = way.settings.folders
    (folder.agent / "floor").write_text("1.0")
    (folder.releases / "releases/1.1").mkdir(parents=True)
    (folder.releases / "releases/1.1/.complete").write_text("x")
    (folder.releases / "current").symlink_to(folder.releases / "releases/1.1")
    number = way.post.lay("update", version=version)
    way.agent.turn()
    reply = way.said(number)
    assert reply is not None
    assert reply.outcome == "failed"


def test_check_ins_keep_their_room(way: Way, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    way.post.lay("update", version="1.1.0")
    way.release("1.1.0")
    monkeypatch.setattr(bundles, "ROOM", 1 << 60)
    assert not way.fetcher.turn()
    assert not way.fetcher.turn()
    assert [one.message.count("would stay free") for one in caplog.records if "fetched:" in one.message] == [1]


def test_who_has_no_certificate_of_ours_gets_nothing(way: Way, tmp_path: Path) -> None:
    way.post.lay("update", version="1.1.0")
    way.release("1.1.0")
    with Shelf(tmp_path / "other") as other:
        stranger = other.settings().model_copy(
            update={"releases_port": way.settings.relay.releases_port, "ca": way.settings.relay.ca}
        )
        settings = way.settings.model_copy(update={"relay": stranger})
        assert not Fetcher(settings, Backoff(random.Random(1))).turn()
    assert way.shelf.asked == []


def test_the_thread_ends_when_it_is_told(way: Way) -> None:
    way.post.lay("update", version="1.1.0")
    way.release("1.1.0")
    way.fetcher.start()
    began = datetime.now(UTC)
    while not way.fetched or way.fetched != ["siperlu-1.1.0.tar"]:
        assert datetime.now(UTC) - began < timedelta(seconds=20)
        way.fetcher.join(0.02)
    way.fetcher.close()
    way.fetcher.close()
    assert not way.fetcher.is_alive()
