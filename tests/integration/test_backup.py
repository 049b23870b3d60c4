"""A backup opens by its passphrase alone, is whole or refused, and comes back into an empty centre."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from cli.main import main
from collector.backup import making, sealed
from collector.errors import BackupError
from collector.sticks import orders
from collector.store.engine import open_engine
from collector.store.people import Unit
from collector.store.writer import Writer
from tests.centre import FakeKiosk, check_in, opened
from tests.stores import PrivatePostgres, lay_tables

NOW = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
WORD = "7k3mq-0p9xz-abcde-vw12y"


@dataclass
class Place:
    """A database's address, and the other files of a centre."""

    url: str
    parts: dict[str, Path]


@pytest.fixture(params=["sqlite", "postgres"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Place, Place]:
    """A centre, and an empty one."""
    if request.param == "sqlite":
        urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("old", "new")]
    else:
        server: PrivatePostgres = request.getfixturevalue("postgres")
        urls = [server.new_database(f"b{name}{abs(hash(tmp_path)) % 10**8}") for name in ("old", "new")]
    old, new = (
        Place(url, {"keys": tmp_path / f"{n}-keys", "toml": tmp_path / f"{n}.toml"}) for n, url in enumerate(urls)
    )
    (old.parts["keys"] / "vault").mkdir(parents=True)
    (old.parts["keys"] / "centre-1.jwk").write_text("secret")
    (old.parts["keys"] / "centre-1.jwk").chmod(0o640)
    (old.parts["keys"] / "vault/vault-1.jwk").write_text("secret too")
    old.parts["toml"].write_text("# settings")
    return old, new


def test_what_a_backup_lacked_the_kiosks_send_again(places: tuple[Place, Place], tmp_path: Path) -> None:
    """The centre receipts a lower number than before: that is how a kiosk learns what to send again."""
    old, new = places
    kiosk = FakeKiosk()
    sealed_records = [kiosk.message(kiosk.add(check_in())) for _ in range(8)]
    with opened(old.url, tmp_path) as centre:
        centre.register(kiosk)
        centre.take(*sealed_records[:5])
        made = making.make(old.url, old.parts, tmp_path / "backups", WORD, NOW)
        assert [receipt.upto for receipt in centre.take(*sealed_records[5:])] == [8]
    done = making.restore(made, new.url, new.parts, WORD)
    assert done == making.Restored(("database", "keys", "toml"), NOW.isoformat())
    with opened(new.url, tmp_path) as centre:
        assert centre.upto(kiosk) == 5
        assert [receipt.upto for receipt in centre.take(sealed_records[7])] == [5]
        assert [receipt.upto for receipt in centre.take(*sealed_records[5:])] == [8]
        assert len(centre.rows("records")) == 8


def test_files_on_their_way_by_stick_are_not_in_it(places: tuple[Place, Place], tmp_path: Path) -> None:
    old, new = places
    with opened(old.url, tmp_path) as centre:
        with centre.writer.session() as session:
            order = orders.place(session, orders.Kind.BRING, kiosks=["kiosk-1"], by="admin", now=NOW)
        orders.keep(centre.writer, order, io.BytesIO(os.urandom(3 << 20)))
        made = making.make(old.url, old.parts, tmp_path / "backups", WORD, NOW)
        assert len(centre.rows("stick_pieces")) == 3
    assert made.stat().st_size < 2 << 20
    making.restore(made, new.url, new.parts, WORD)
    with opened(new.url, tmp_path) as centre:
        assert not centre.rows("stick_pieces")
        assert [row["id"] for row in centre.rows("stick_orders")] == [order]


def test_files_come_back_as_they_were_and_nothing_is_written_over(places: tuple[Place, Place], tmp_path: Path) -> None:
    old, new = places
    with Writer(open_engine(old.url)) as writer:
        lay_tables(writer.engine)
        with writer.session() as session:
            session.add(Unit(code="DISDIK", name="Dinas Pendidikan"))
    made = making.make(old.url, old.parts, tmp_path / "backups", WORD, NOW)
    assert made.stat().st_mode & 0o777 == 0o600
    assert b"secret" not in made.read_bytes()
    making.restore(made, new.url, new.parts, WORD)
    assert (new.parts["keys"] / "vault/vault-1.jwk").read_text() == "secret too"
    assert (new.parts["keys"] / "centre-1.jwk").stat().st_mode & 0o777 == 0o640
    with Writer(open_engine(new.url)) as writer, writer.session() as session:
        assert session.scalars(sa.select(Unit.code)).all() == ["DISDIK"]
    with pytest.raises(BackupError, match="there already"):
        making.restore(made, new.url, new.parts, WORD)
    with pytest.raises(BackupError, match="nothing is written over"):
        making.restore(made, new.url, {}, WORD)


def test_a_backup_that_could_not_be_made_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(BackupError):
        making.make(f"sqlite:///{tmp_path}/none.db", {}, tmp_path / "backups", WORD, NOW)
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [making.LOCK]


def test_what_a_power_cut_left_unencrypted_goes_before_the_next_one(
    places: tuple[Place, Place], tmp_path: Path
) -> None:
    old, _ = places
    folder = tmp_path / "backups"
    with Writer(open_engine(old.url)) as writer:
        lay_tables(writer.engine)

    def cut(*_: object) -> None:
        raise PowerCut

    # What is deleted at the end of a block is not, when the power goes.
    with pytest.MonkeyPatch.context() as power:
        power.setattr(sealed, "seal", cut)
        power.setattr(tempfile.TemporaryDirectory, "cleanup", lambda _self: None)
        power.setattr(tempfile.TemporaryDirectory, "_cleanup", lambda *_, **__: None)
        power.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(PowerCut):
            making.make(old.url, old.parts, folder, WORD, NOW)
    assert any(b"secret too" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    made = making.make(old.url, old.parts, folder, WORD, NOW)
    assert {path.name for path in folder.iterdir()} == {made.name, making.LOCK}


class PowerCut(BaseException):
    """The process is gone."""


def test_two_at_once_do_not_sweep_each_other_away(places: tuple[Place, Place], tmp_path: Path) -> None:
    old, _ = places
    (tmp_path / "backups").mkdir()
    with making._alone(tmp_path / "backups"), pytest.raises(BackupError, match="at work there"):
        making.make(old.url, old.parts, tmp_path / "backups", WORD, NOW)


def test_a_folder_on_a_network_will_do(
    places: tuple[Place, Place], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS locks for one alone only what is open for writing, which no folder can be."""
    flock = fcntl.flock

    def networked(handle: int, how: int) -> None:
        if how & fcntl.LOCK_EX and not fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(handle, how)

    with Writer(open_engine(places[0].url)) as writer:
        lay_tables(writer.engine)
    monkeypatch.setattr("collector.backup.making.fcntl.flock", networked)
    made = making.make(places[0].url, places[0].parts, tmp_path / "backups", WORD, NOW)
    assert making.verify(made, WORD)["kind"]


def test_the_newest_are_kept(tmp_path: Path) -> None:
    for day in range(5):
        (tmp_path / making.NAME.format(at=NOW + timedelta(days=day))).touch()
    (tmp_path / "something else").touch()
    assert [path.name for path in making.rotate(tmp_path, 3)] == [
        "siperlu-20260105T003000Z.backup",
        "siperlu-20260106T003000Z.backup",
    ]
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("size", [0, 1, sealed.PIECE - 1, sealed.PIECE, sealed.PIECE + 1, 2 * sealed.PIECE])
def test_a_stream_of_any_length_comes_back(size: int) -> None:
    plain, out, back = b"x" * size, io.BytesIO(), io.BytesIO()
    sealed.seal(io.BytesIO(plain), out, WORD)
    sealed.unseal(io.BytesIO(out.getvalue()), back, WORD)
    assert back.getvalue() == plain


def test_no_byte_of_it_can_be_changed_cut_off_or_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "PIECE", 8)
    monkeypatch.setattr(sealed, "_key", lambda word, _salt: word.encode()[:16].ljust(32))
    out = io.BytesIO()
    sealed.seal(io.BytesIO(bytes(range(20))), out, WORD)
    whole = out.getvalue()
    piece = 4 + 8 + sealed.TAG
    head = len(sealed.MARK) + sealed.SALT
    first, second, third = whole[head : head + piece], whole[head + piece : head + 2 * piece], whole[head + 2 * piece :]
    changed = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole)) if not 4 <= at < head]
    others = [
        whole[:-1],
        whole[: head + 2 * piece],
        whole[:head] + second + first + third,
        whole + third,
        b"",
        whole[:10],
    ]
    for one in (*changed, *others, whole[:head] + first + third):
        with pytest.raises(BackupError):
            sealed.unseal(io.BytesIO(one), io.BytesIO(), WORD)
    with pytest.raises(BackupError, match="another passphrase"):
        sealed.unseal(io.BytesIO(whole), io.BytesIO(), "another")


def test_a_restore_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    places = {}
    for name in ("old", "new"):
        folder = tmp_path / name
        (folder / "keys").mkdir(parents=True)
        lines = [f"[store]\nurl = 'sqlite:///{folder}/centre.db'\nkeys = '{folder}/keys'"]
        lines.append(f"[authority]\nfolder = '{folder}/authority'\nserved = '{folder}/broker'")
        places[name] = folder / "collector.toml"
        places[name].write_text("\n".join(lines) + "\n")
    (tmp_path / "old/keys/centre-1.jwk").write_text("secret")
    with Writer(open_engine(f"sqlite:///{tmp_path}/old/centre.db")) as writer:
        lay_tables(writer.engine)
    (tmp_path / "word").write_text(WORD)
    (tmp_path / "word").chmod(0o600)
    words = ["--passphrase-file", str(tmp_path / "word"), "--keys", str(tmp_path / "tls")]
    for line in (
        ["backup", "--to", str(tmp_path / "backups"), "--config", str(places["old"])],
        ["restore", "FILE", "--config", str(places["new"])],
    ):
        given = [str(next((tmp_path / "backups").glob("siperlu-*"))) if word == "FILE" else word for word in line]
        done = CliRunner().invoke(main, ["centre", *given, *words])
        assert done.exit_code == 0, done.output
    assert (tmp_path / "new/keys/centre-1.jwk").read_text() == "secret"
    told = done.output
    for what in (
        datetime.now(UTC).date().isoformat(),
        "kiosks revoke ID",
        "90 days back",
        "Flashdisk",
        "releases add FILE",
    ):
        assert what in told
    assert "centre install" in told.splitlines()[-1]
