"""Who may do what at the broker: every client, topic, operation and version of MQTT, on a real mosquitto as it is installed.

Whether something happened is asked of a witness, never of the broker: it acknowledges what it drops.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from collector.authority.authority import pem
from collector.authority.certificates import PrivateKey, Role, Signer, Subject, issue, new_key
from tests.fixtures.brokers import wait_for
from tests.fixtures.secured import VERSIONS, Client, Secured, list_with, opened
from wire.topics import CENTRE, FROM_KIOSK, TO_KIOSK, parse

DIGEST = "ab" * 32
OWN, OTHER = "kiosk-1", "kiosk-2"
PROCESSES = ("centre.ingest", "centre.jobs")
CLIENTS = (OWN, *PROCESSES)
FOREIGN = (
    "$SYS/broker/version",
    "siperlu/v1",
    "siperlu/v1/kiosk-1",
    "siperlu/v1/kiosk-1/records/x",
    "siperlu/v1/kiosk-1/blobs",
    "siperlu/v1/kiosk-1/secrets",
    "siperlu/v2/kiosk-1/records",
    "kiosk-1/records",
)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with opened(tmp_path_factory.mktemp("broker")) as secured:
        yield secured


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def people(broker: Secured, version: str) -> Iterator[dict[str, Client]]:
    """One client of each role, connected, and the one process that may hear and say all: the witness."""
    with ExitStack() as stack:
        found = {name: broker.kiosk(name, version) for name in (OWN, OTHER)}
        found |= {name: Client(broker.port, broker.own(name), version) for name in (*PROCESSES, "centre.all")}
        for client in found.values():
            stack.callback(client.close)
            assert client.settle(), client.why
        yield found


def topics() -> list[str]:
    """Every topic of the contract, for two kiosks, and names beside the contract."""
    known = []
    for kiosk in (OWN, OTHER):
        for channel in (*FROM_KIOSK, *TO_KIOSK):
            item = f"/{DIGEST}" if channel == "blobs" else ""
            known.append(f"siperlu/v1/{kiosk}/{channel}{item}")
        known.append(f"siperlu/v1/{kiosk}/roster/p-1")
    return known


def may_write(name: str, topic: str) -> bool:
    try:
        address = parse(topic)
    except ValueError:
        return False
    if name in CENTRE:
        return address.channel in CENTRE[name].writes
    return (
        address.kiosk == name and address.channel in FROM_KIOSK and (address.channel != "blobs" or bool(address.item))
    )


def may_read(name: str, topic: str) -> bool:
    if name in CENTRE:
        return parse(topic).channel in CENTRE[name].reads
    address = parse(topic)
    return address.kiosk == name and address.channel in TO_KIOSK


@pytest.mark.parametrize("name", CLIENTS)
def test_each_publishes_what_is_its_own_and_nothing_else(people: dict[str, Client], name: str, version: str) -> None:
    """The two kiosks and both processes listen to all they may; together they hear every topic of the contract."""
    ears = _listening(people)
    sent = {}
    for number, topic in enumerate((*topics(), *FOREIGN)):
        payload = f"{name} {number}".encode()
        said = people[name].publish(topic, payload) if not topic.startswith("$") else True
        sent[topic] = payload
        if version == "5" and not topic.startswith("$"):
            assert said == may_write(name, topic), topic
    _until_heard(people, ears)
    heard = {payload for client in ears for _, payload, _ in client.got}
    assert {topic for topic, payload in sent.items() if payload in heard} == {
        topic for topic in sent if may_write(name, topic)
    }


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.parametrize(
    "filters",
    [("#",), ("+/+/+/+", "+/+/+/+/+"), ("siperlu/v1/+/+", "siperlu/v1/+/+/+"), ("$share/g/siperlu/v1/#",)],
    ids=lambda filters: filters[0],
)
def test_whatever_is_subscribed_to_only_what_is_ones_own_arrives(
    people: dict[str, Client], broker: Secured, name: str, filters: tuple[str, ...]
) -> None:
    client = people[name].subscribe(*filters)
    for topic in topics():
        _author(people, topic).publish(topic, topic.encode())
    _until_own_arrived(people, name, client)
    assert {topic for topic, _, _ in client.got} == {topic for topic in topics() if may_read(name, topic)}


@pytest.mark.parametrize("name", [*CLIENTS, "centre.all"])
def test_nobody_hears_of_the_brokers_own_state(people: dict[str, Client], name: str) -> None:
    """`$SYS` tells who is connected, how many, which version: retained, so it would be there at once."""
    client = people[name].subscribe("$SYS/#", "$SYS/broker/version", *(topic for topic in topics()))
    _author(people, f"siperlu/v1/{OWN}/receipts").publish(f"siperlu/v1/{OWN}/receipts", b"before")
    if name != "centre.jobs":
        _until_own_arrived(people, name, client)
    assert not any(topic.startswith("$") for topic, _, _ in client.got)


def test_every_topic_of_another_kiosk_asked_for_by_name_brings_nothing(people: dict[str, Client]) -> None:
    client = people[OWN].subscribe(*(topic for topic in topics() if f"/{OTHER}/" in topic))
    for topic in topics():
        _author(people, topic).publish(topic)
    _until_own_arrived(people, OWN, client.subscribe(f"siperlu/v1/{OWN}/receipts"))
    assert {topic for topic, _, _ in client.got} == {f"siperlu/v1/{OWN}/receipts"}


def test_a_will_reaches_only_where_its_owner_may_write(
    broker: Secured, people: dict[str, Client], version: str
) -> None:
    ears = _listening(people)
    for topic in (f"siperlu/v1/{OTHER}/records", f"siperlu/v1/{OTHER}/commands", f"siperlu/v1/{OTHER}/status"):
        thief = broker.kiosk("kiosk-3", version, will=(topic, b"forged"))
        assert thief.settle()
        thief.vanish()
    honest = broker.kiosk("kiosk-4", version, will=("siperlu/v1/kiosk-4/status", b"gone"))
    assert honest.settle()
    honest.vanish()
    all_ = people["centre.all"]
    wait_for("the honest will", lambda: any(payload == b"gone" for _, payload, _ in all_.got))
    assert not any(payload == b"forged" for client in ears for _, payload, _ in client.got)


def test_nothing_that_is_retained_can_be_forged_or_cleared(
    broker: Secured, people: dict[str, Client], version: str
) -> None:
    roster = f"siperlu/v1/{OTHER}/roster"
    people["centre.jobs"].publish(roster, b"genuine", retain=True)
    for topic in (roster, f"{roster}/p-1", f"siperlu/v1/{OTHER}/status", f"siperlu/v1/{OWN}/roster"):
        people[OWN].publish(topic, b"forged", retain=True)
        people[OWN].publish(topic, b"", retain=True)
    late = broker.kiosk(OTHER, version)
    assert late.settle()
    late.subscribe(roster, f"{roster}/+")
    wait_for("the retained roster", lambda: late.got)
    people["centre.jobs"].publish(f"siperlu/v1/{OTHER}/commands", b"end")
    late.subscribe(f"siperlu/v1/{OTHER}/commands")
    people["centre.jobs"].publish(f"siperlu/v1/{OTHER}/commands", b"end")
    wait_for("the end", lambda: any(payload == b"end" for _, payload, _ in late.got))
    assert [(payload, kept) for topic, payload, kept in late.got if topic == roster] == [(b"genuine", True)]
    people["centre.jobs"].publish(roster, b"", retain=True)
    late.close()


def test_a_client_id_gives_nothing_away_and_takes_nothing(
    broker: Secured, people: dict[str, Client], version: str
) -> None:
    """A kiosk that calls itself another, or the centre, is itself all the same, and throws nobody out."""
    for stolen in (OTHER, "centre.ingest", "centre.all", ""):
        thief = broker.kiosk("kiosk-9", version, client_id=stolen)
        assert thief.settle(), thief.why
        thief.subscribe("#")
        people["centre.jobs"].publish(f"siperlu/v1/{OTHER}/commands", b"secret")
        people["centre.jobs"].publish("siperlu/v1/kiosk-9/commands", b"mine")
        wait_for("its own command", lambda thief=thief: thief.got)
        assert [payload for _, payload, _ in thief.got] == [b"mine"]
        thief.close()
    assert not any(client.ended.is_set() for client in people.values())


def test_another_certificate_gets_nobody_in(broker: Secured, version: str) -> None:
    now = datetime.now(UTC)
    key = new_key()
    stranger_root = _self_signed("Siperlu root", now)
    for what, client in {
        "none": Client(broker.port, broker_ca(broker), version),
        "self-signed": _client(broker, pem(_self_signed(OWN, now).certificate), _SELF, version),
        "another authority's": _client(
            broker,
            pem(issue(key.public_key(), Subject(OWN, Role.KIOSK), stranger_root, now, timedelta(9))),
            key,
            version,
        ),
        "a server's": _issued(broker, OWN, version, role=Role.SERVER),
        "one that ended": _issued(broker, OWN, version, at=now - timedelta(days=500)),
        "one of tomorrow": _issued(broker, OWN, version, at=now + timedelta(days=2)),
    }.items():
        assert not client.settle(), what


def test_a_kiosks_certificate_signs_nothing(broker: Secured, version: str) -> None:
    issued, key = broker.issue(OWN)
    below = new_key()
    forged = issue(
        below.public_key(), Subject(OTHER, Role.KIOSK), Signer(issued.certificate, key), datetime.now(UTC), timedelta(9)
    )
    assert not _client(broker, pem(forged) + issued.chain, below, version).settle()


def test_a_revoked_certificate_gets_nobody_in_and_the_next_one_does(broker: Secured, version: str) -> None:
    issued, key = broker.issue("kiosk-7")
    list_with(broker, issued)
    wait_for("the broker has read the list", lambda: not _let_in(_client(broker, issued.chain, key, version)))
    assert _let_in(broker.kiosk("kiosk-7", version))
    list_with(broker)


def test_tls_below_1_2_is_refused(broker: Secured) -> None:
    issued, key = broker.issue(OWN)
    context = broker.context(issued.chain, key)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", broker.port)) as plain,
        pytest.raises(ssl.SSLError, match=r"(?i)version|eof|alert"),
    ):
        context.wrap_socket(plain, server_hostname="127.0.0.1").close()


def broker_ca(broker: Secured) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(broker.served / "ca.crt"))


_SELF = new_key()


def _self_signed(name: str, now: datetime) -> Signer:
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(who, who, _SELF.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(_SELF, hashes.SHA256())
    )
    return Signer(made, _SELF)


def _issued(broker: Secured, name: str, version: str, role: Role = Role.KIOSK, at: datetime | None = None) -> Client:
    issued, key = broker.issue(name, role, at)
    return _client(broker, issued.chain, key, version)


def _client(broker: Secured, chain: str, key: PrivateKey, version: str) -> Client:
    return Client(broker.port, broker.context(chain, key), version)


def _let_in(client: Client) -> bool:
    try:
        return client.settle()
    finally:
        client.close()


def _listening(people: dict[str, Client]) -> list[Client]:
    """Everybody hears all that they may; together that is everything."""
    people["centre.all"].subscribe("#")
    for kiosk in (OWN, OTHER):
        people[kiosk].subscribe(f"siperlu/v1/{kiosk}/#")
    return [people[name] for name in ("centre.all", OWN, OTHER)]


def _author(people: dict[str, Client], topic: str) -> Client:
    address = parse(topic)
    return people["centre.all"] if address.channel in TO_KIOSK else people[address.kiosk]


def _until_heard(people: dict[str, Client], ears: list[Client]) -> None:
    """What is sent last arrives last: then all before it has arrived or never will."""
    people[OWN].publish(f"siperlu/v1/{OWN}/status", b"last")
    people[OTHER].publish(f"siperlu/v1/{OTHER}/status", b"last")
    for kiosk in (OWN, OTHER):
        people["centre.all"].publish(f"siperlu/v1/{kiosk}/commands", b"last")
    for client in ears:
        wanted = 2 if client is people["centre.all"] else 1
        wait_for(
            "the last message",
            lambda client=client, wanted=wanted: sum(payload == b"last" for _, payload, _ in client.got) >= wanted,
        )


def _until_own_arrived(people: dict[str, Client], name: str, client: Client) -> None:
    """As above, for one client: it may read at least one of these."""
    if name == "centre.jobs":  # reads nothing at all: the others must have been served meanwhile
        ear = people["centre.ingest"].subscribe(f"siperlu/v1/{OTHER}/records")
        people[OTHER].publish(f"siperlu/v1/{OTHER}/records", b"last")
        wait_for("the last message", lambda: any(payload == b"last" for _, payload, _ in ear.got))
        return
    wanted = [topic for topic in topics() if may_read(name, topic)]
    last = f"siperlu/v1/{OTHER}/replies" if name in CENTRE else f"siperlu/v1/{OWN}/receipts"
    _author(people, last).publish(last, b"last")
    assert last in wanted
    wait_for("the last message", lambda: any(payload == b"last" for _, payload, _ in client.got))
