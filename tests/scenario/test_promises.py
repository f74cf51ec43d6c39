"""The promises of design §2 on the whole hub, each by name: what holds when somebody tries the other way.

INV-1 is in ``test_marked_values.py``; INV-3 and INV-5 also in ``tests/race``; all of them at once, with faults at every
port, in ``tests/simulation``. That there is one gate in the code itself (INV-4), and that content has no other place
(INV-6), is in ``tests/tidy``. INV-9: all of it holds on SQLite alone and on PostgreSQL + Kafka, from this one text.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consent.model import Agreement
from hub.audit.verify import verify_export
from hub.compose import compose
from hub.desk.consents import retry
from hub.desk.who import Who
from hub.errors import IntegrityBroken, Unavailable
from hub.exchange import handover, intake, relay
from hub.exchange.withdraw import withdraw_consent
from hub.model.audit import Actor
from hub.model.directory import Agency
from hub.ports import Outgoing
from tests import cms_builder as cms
from tests.fakes import SeededIds
from tests.kafka_network import make_deployed, records, set_back
from tests.network import Network, agreement, refer
from tests.shapes import Shape, ask
from tests.tidy.house import modules, tree

ACTOR = Actor("harbour-worker", "worker", "harbour", os_user="tester")
LAKESIDE = "lakeside-cms"


@pytest.fixture
def network(tmp_path: Path, deployed: Shape) -> Iterator[Network]:
    found = make_deployed(tmp_path, deployed)
    found.broker = deployed.broker
    yield found
    found.hub.close()


def withdraw(network: Network) -> None:
    """The client takes the first consent back."""
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
    assert filed is not None
    withdraw_consent(network.hub.house, filed[0].consent_id, ACTOR, said_at=network.clock.now(), how="TELEPHONE")


def query(network: Network, sql: str) -> list[Sequence[Any]]:
    """Rows of the hub's database, read by somebody else."""
    return ask(network.hub.settings, sql)


def change(network: Network, sql: str, **values: object) -> None:
    """Somebody who may changes the hub's database."""
    ask(network.hub.settings, sql, **values)


def bodies(network: Network) -> list[bytes]:
    """Of the audit entries, by their place."""
    return [bytes(body) for (body,) in query(network, "SELECT body FROM audit_entry ORDER BY entry_index")]


def on_the_bus(network: Network) -> str:
    """One message that has arrived and is not handed over; its envelope id."""
    house = network.hub.house
    refer(network)
    with house.store.peek() as rows:
        directory = rows.directory.all()
    intake.step(house, directory.systems["harbour-cms"])
    relay.publish(house)
    relay.arrive(house, directory.agencies["lakeside"].topic)
    ((envelope_id,),) = query(network, "SELECT envelope_id FROM handover WHERE state = 'arrived'")
    return str(envelope_id)


# -- INV-2


class WithdrawsWhenReached:
    """A recipient. Between preparing and opening, when it is reached, the client takes the consent back."""

    def __init__(self, network: Network, real: Any) -> None:
        self._network, self._real = network, real

    def source(self, system: Any) -> Any:
        return self

    def reach(self) -> None:
        withdraw(self._network)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_what_was_decided_before_the_unit_releases_nothing_inv_2(network: Network) -> None:
    on_the_bus(network)
    house = network.hub.house
    with house.store.peek() as rows:
        system = rows.directory.all().systems[LAKESIDE]
    real = house.connections.source(system)

    handover.step(replace(house, connections=WithdrawsWhenReached(network, real)), system)

    assert network.codes(gate=2) == {"DN_WITHDRAWN": 1}
    assert network.inbox("lakeside") == []
    assert not any(b'"ACK"' in body for body in bodies(network))


# -- INV-3, INV-4: there is no second road


def try_later(network: Network, _envelope_id: str) -> None:
    """The recipient was away; the retry comes with time."""
    network.clock.advance(timedelta(minutes=20))


def try_by_hand(network: Network, envelope_id: str) -> None:
    """Somebody re-drives the message that is stuck."""
    retry(network.hub.house, envelope_id, Who("steward", "tester"))


def bus_from_the_beginning(network: Network, _envelope_id: str) -> None:
    """The reader of the bus has lost its place and reads everything again."""
    if network.broker is not None:
        set_back(network, network.broker, "lakeside", 0)
        network.reopen()  # a worker that runs keeps its place by itself
    else:
        change(network, "UPDATE bus_group SET next_offset = 0")


def bus_twice(network: Network, _envelope_id: str) -> None:
    """A second copy of the record arrives."""
    topic = network.directory().agencies["lakeside"].topic
    ((key, headers, body),) = published(network)
    network.hub.house.bus.publish([Outgoing(topic, key, headers, body)])


def published(network: Network) -> list[tuple[str, dict[str, str], bytes]]:
    """What stands on Lakeside's topic: key, headers, body."""
    if network.broker is not None:
        found = records(network, network.broker, "lakeside")
        return [(each.key, dict(each.headers), each.body) for each in found]
    rows = query(network, "SELECT key, headers, body FROM bus_record")
    return [(key, json.loads(headers), bytes(body)) for key, headers, body in rows]


def source_from_the_beginning(network: Network, _envelope_id: str) -> None:
    """The source is read again from its first row."""
    with network.hub.store.unit() as unit:
        unit.cursors.put("harbour-cms", "")


def restart(network: Network, _envelope_id: str) -> None:
    network.reopen()


@pytest.mark.parametrize(
    "road", [try_later, try_by_hand, bus_from_the_beginning, bus_twice, source_from_the_beginning, restart]
)
@pytest.mark.parametrize("first_tried", [False, True], ids=["never tried", "tried once in vain"])
def test_every_road_after_a_withdrawal_ends_at_the_gate_inv_4(
    network: Network, road: Callable[[Network, str], None], first_tried: bool
) -> None:
    envelope_id = on_the_bus(network)
    if first_tried:
        (network.dir / "lakeside.sqlite").rename(network.dir / "away")
        network.run()
        (network.dir / "away").rename(network.dir / "lakeside.sqlite")
    withdraw(network)

    road(network, envelope_id)
    network.run()
    network.clock.advance(timedelta(hours=1))
    network.run()

    assert network.inbox("lakeside") == []
    assert network.codes(gate=2) == {"DN_WITHDRAWN": 1}
    assert set(network.states()) == {"refused"}


@pytest.mark.parametrize("road", [bus_from_the_beginning, bus_twice, source_from_the_beginning, restart])
def test_what_was_delivered_is_delivered_once_by_whatever_road_it_comes_again_inv_5(
    network: Network, road: Callable[[Network, str], None]
) -> None:
    envelope_id = on_the_bus(network)
    network.run()

    road(network, envelope_id)
    network.run()

    assert [row["message_id"] for row in network.inbox("lakeside")] == [envelope_id]
    assert network.states() == {"delivered": 1}


@pytest.mark.parametrize(
    ("table", "column"),
    [("message_key", "wrapped"), ("outbox", "sealed")],
)
def test_one_damaged_body_or_key_stops_neither_its_neighbours_nor_its_record_inv_5(
    network: Network, table: str, column: str
) -> None:
    broken = on_the_bus(network)
    ((sealed,),) = query(network, f"SELECT {column} FROM {table}")
    change(network, f"UPDATE {table} SET {column} = :zeros", zeros=bytes(len(sealed)))
    refer(network, last_name="Neighbour", birth_date="1984-02-03")

    network.run()

    assert network.states() == {"returned": 1, "delivered": 2}
    assert broken not in [row["message_id"] for row in network.inbox("lakeside")]
    assert len(network.inbox("lakeside", "referral")) == 2
    entries = [json.loads(body) for body in bodies(network)]
    alarms = [(each["reason_code"], each["envelope_id"]) for each in entries if each["event_type"] == "ALARM"]
    assert alarms == [("SEAL_BROKEN", broken)]


# -- INV-6


def test_what_was_refused_is_not_kept_and_is_fetched_again_inv_6(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_referral(db, client)
    network.run()

    assert query(network, "SELECT COUNT(*) FROM outbox UNION ALL SELECT COUNT(*) FROM message_key") == [(0,), (0,)]
    assert query(network, "SELECT COUNT(*) FROM handover") == [(0,)]
    assert published(network) == []
    (waiting,) = query(network, "SELECT system, record_key, code, length(digest) FROM waiting")
    assert waiting == ("harbour-cms", "referral_out:1", "DN_NO_CONSENT", 64)

    cms.add_consent(db, client)
    network.run()
    assert len(network.inbox("lakeside")) == 1


def test_body_and_key_go_with_the_refusal_at_gate_2_inv_6(network: Network) -> None:
    on_the_bus(network)
    assert query(network, "SELECT COUNT(*) FROM outbox UNION ALL SELECT COUNT(*) FROM message_key") == [(1,), (1,)]
    withdraw(network)

    network.run()

    assert query(network, "SELECT COUNT(*) FROM outbox UNION ALL SELECT COUNT(*) FROM message_key") == [(0,), (0,)]


# -- INV-7: no log, no release


@contextmanager
def no_log(network: Network) -> Iterator[None]:
    """The table of the log's entries is not there."""
    change(network, "ALTER TABLE audit_entry RENAME TO away")
    try:
        yield
    finally:
        change(network, "ALTER TABLE away RENAME TO audit_entry")


def test_without_the_log_nothing_is_accepted_and_nothing_half_written_inv_7(network: Network) -> None:
    refer(network)

    with no_log(network):
        network.run()

        assert network.states() == {}
        for table in ("outbox", "message_key", "handover", "decision", "consent", "referral", "waiting", "notice"):
            assert query(network, f"SELECT COUNT(*) FROM {table}") == [(0,)], table

    network.run()
    assert network.states() == {"delivered": 1}


def test_without_the_log_nothing_is_handed_over_inv_7(network: Network) -> None:
    on_the_bus(network)

    with no_log(network):
        for _ in range(5):
            with suppress(Unavailable):  # the log says so itself
                network.hub.step()
            network.clock.advance(timedelta(minutes=20))

        assert network.inbox("lakeside") == []
        assert network.states() == {"released": 1}
        assert query(network, "SELECT state, opened_at FROM handover") == [("arrived", None)]
        assert network.codes(gate=2) == {}

    network.run()
    assert network.states() == {"delivered": 1}


REFUSING = {  # by shape: how a table comes to refuse every row, and how it stops
    "sqlite": (
        "CREATE TRIGGER no_more BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'no more entries'); END",
        "DROP TRIGGER no_more",
    ),
    "postgresql": (
        "ALTER TABLE audit_entry ADD CONSTRAINT no_more CHECK (id = '') NOT VALID",
        "ALTER TABLE audit_entry DROP CONSTRAINT no_more",
    ),
}


def test_a_log_that_refuses_an_entry_halts_the_hub_and_releases_nothing_inv_7(
    network: Network, deployed: Shape
) -> None:
    on_the_bus(network)
    refuse, allow = REFUSING[deployed.name]
    change(network, refuse)

    with pytest.raises(IntegrityBroken):
        network.run()

    assert network.inbox("lakeside") == []
    assert query(network, "SELECT state, opened_at FROM handover") == [("arrived", None)]
    change(network, allow)
    network.reopen()
    network.run()
    assert network.states() == {"delivered": 1}


# -- INV-8: the log


def logged(network: Network) -> bytes:
    """A log with entries and a checkpoint outside the database; the checkpoint."""
    for number in range(3):
        refer(network, first_name=f"Ana{'bdf'[number]}o", birth_date=f"198{number}-03-04")
    network.run()
    while network.hub.log.step():
        pass
    return network.hub.log.checkpoint()


LAST = "(SELECT MAX(entry_index) FROM audit_entry)"


@pytest.mark.parametrize(
    "tampering",
    [
        pytest.param([f"DELETE FROM audit_entry WHERE entry_index = {LAST}"], id="the last entry is cut off"),
        pytest.param(["UPDATE audit_head SET size = size - 1"], id="the head forgets one"),
        pytest.param(["UPDATE audit_head SET root = :zeros"], id="another root"),
        pytest.param(["DELETE FROM audit_leaf", "DELETE FROM audit_head", "DELETE FROM audit_entry"], id="all of it"),
        pytest.param(["UPDATE audit_leaf SET hash = :zeros"], id="the tree"),
        pytest.param(
            ["INSERT INTO audit_entry (id, body, entry_index) VALUES ('x', :zeros, NULL)"], id="one beside the tree"
        ),
    ],
)
def test_a_log_that_is_not_its_own_continuation_halts_the_hub_inv_8(network: Network, tampering: list[str]) -> None:
    logged(network)
    network.hub.close()
    for sql in tampering:
        change(network, sql, zeros=bytes(32))

    with pytest.raises(IntegrityBroken):
        compose(network.hub.settings, clock=network.clock, ids=SeededIds(5))


def test_a_restored_backup_halts_the_hub_inv_8(network: Network, deployed: Shape) -> None:
    logged(network)
    network.hub.close()
    restore = deployed.backup(network.hub.settings)
    network.hub = compose(network.hub.settings, clock=network.clock, ids=SeededIds(5))
    logged(network)
    network.hub.close()
    restore()

    with pytest.raises(IntegrityBroken, match="checkpoint"):
        compose(network.hub.settings, clock=network.clock, ids=SeededIds(6))


BODY_OF = "(SELECT body FROM audit_entry WHERE entry_index = {})"


@pytest.mark.parametrize(
    ("tampering", "first_wrong"),
    [
        pytest.param("UPDATE audit_entry SET body = :reworded WHERE entry_index = :permit", None, id="a word"),
        pytest.param(
            f"UPDATE audit_entry SET body = CASE entry_index WHEN 1 THEN {BODY_OF.format(2)} ELSE {BODY_OF.format(1)}"
            " END WHERE entry_index IN (1, 2)",
            1,
            id="two change places",
        ),
        pytest.param(f"UPDATE audit_entry SET body = {BODY_OF.format(0)} WHERE entry_index = 3", 3, id="one twice"),
    ],
)
def test_a_changed_entry_is_found_with_a_checkpoint_from_outside_inv_8(
    network: Network, tampering: str, first_wrong: int | None
) -> None:
    outside = logged(network)
    place, body = next((place, body) for place, body in enumerate(bodies(network)) if b'"PERMIT' in body)
    change(network, tampering, permit=place, reworded=body.replace(b'"PERMIT', b'"PERM1T'))

    network.hub.log.export(network.dir / "export")
    key = (network.hub.settings.keys / "hub.pub").read_text()
    report = verify_export(network.dir / "export", key=key, checkpoint=outside)

    assert not report.ok
    assert report.first_wrong is not None
    assert first_wrong in (None, report.first_wrong)


# -- INV-10: whatever is not a yes is a no, and the sender is told


def consent(**fields: Any) -> Callable[[Network], None]:
    """A referral that rests on a consent with these columns."""

    def happens(network: Network) -> None:
        db = network.db("harbour")
        client = cms.add_client(db)
        cms.add_consent(db, client, **fields)
        cms.add_referral(db, client)

    return happens


def referral(**fields: Any) -> Callable[[Network], None]:
    """A referral with these columns, on a good consent."""

    def happens(network: Network) -> None:
        db = network.db("harbour")
        client = cms.add_client(db)
        cms.add_consent(db, client)
        cms.add_referral(db, client, **fields)

    return happens


def directory(*rows: Agency | Agreement) -> Callable[[Network], None]:
    """A good referral in a directory where these rows stand."""

    def happens(network: Network) -> None:
        network.put(*rows)
        refer(network)

    return happens


def silent_registry(network: Network) -> None:
    db = network.db("harbour")
    cms.add_referral(db, cms.add_client(db))


def elsewhere(pack: str) -> Agency:
    return Agency("harbour", "Harbour Newcomer Centre", "general", pack, "delivery.HARBOUAAAAAA")


@pytest.mark.parametrize(
    ("happens", "codes"),
    [
        pytest.param(silent_registry, "DN_NO_CONSENT", id="silent: no consent at all"),
        pytest.param(consent(expires_on="2026-05-31"), "DN_EXPIRED", id="expired yesterday"),
        pytest.param(consent(valid_from="2026-06-02"), "DN_NOT_YET_VALID", id="begins tomorrow"),
        pytest.param(consent(receipt_channel=None), "DN_PENDING", id="empty: a mandatory field"),
        pytest.param(consent(purposes="REFERRAL EVERYTHING"), "DN_OVERBROAD", id="unknown purpose"),
        pytest.param(consent(categories="IDENT NEEDS ALL"), "DN_OVERBROAD", id="unknown category"),
        pytest.param(consent(recipient_org="anybody"), "DN_OVERBROAD", id="unknown recipient in the consent"),
        pytest.param(consent(given_by="NEIGHBOUR"), "DN_PENDING", id="unreadable: who gave it"),
        pytest.param(consent(valid_from="soon"), "DN_NO_CONSENT DN_SCHEMA", id="unreadable: from when"),
        pytest.param(consent(declined="perhaps"), "DN_NO_CONSENT DN_SCHEMA", id="unreadable: whether declined"),
        pytest.param(consent(withdrawn_at="some day"), "DN_WITHDRAWN", id="unreadable: when it was withdrawn"),
        pytest.param(referral(to_org="nowhere"), "DN_RECIPIENT", id="unknown recipient"),
        pytest.param(referral(service_wanted="settlement"), "DN_RECIPIENT", id="a service that nobody offers there"),
        pytest.param(referral(reason_code="no-such"), "DN_SCHEMA", id="unknown code"),
        pytest.param(referral(status_at="yesterday"), "DN_SCHEMA", id="unreadable: a time"),
        pytest.param(directory(elsewhere("ca-xx")), "DN_PACK", id="unknown pack"),
    ],
)
def test_what_is_not_a_yes_is_a_no_and_the_sender_is_told_inv_10(
    network: Network, happens: Callable[[Network], None], codes: str
) -> None:
    """The code of the referral, and that of a consent row which cannot be read at all."""
    happens(network)

    network.run()

    assert network.inbox("lakeside") == []
    told = [row["payload"]["code"] for row in network.inbox("harbour") if row["kind"] == "refusal"]
    assert sorted(told) == codes.split()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"status": "ended"}, "DN_NO_AGREEMENT", id="ended"),
        pytest.param({"events": ()}, "DN_NO_AGREEMENT", id="an empty list covers nothing"),
        pytest.param({"purposes": ()}, "DN_NO_AGREEMENT", id="no purpose"),
        pytest.param({"parties": ("harbour", "pinewood")}, "DN_NO_AGREEMENT", id="with somebody else"),
        pytest.param({"categories": ()}, "DN_REQUIRED_BLOCKED", id="no category"),
    ],
)
def test_an_agreement_says_what_it_says_and_no_more_inv_10(
    network: Network, changes: dict[str, Any], code: str
) -> None:
    since = network.clock.now() - timedelta(days=400)
    directory(agreement(since, version=2, **changes))(network)

    network.run()

    assert network.inbox("lakeside") == []
    assert network.codes() == {code: 1}


# -- INV-11: time and chance enter through ports

_CLOCKS = {"time.time", "time.monotonic", "time.perf_counter", "time.sleep", "os.urandom", "os.getrandom"}
_CLOCKS |= {f"{kind}.{word}" for kind in ("datetime", "date") for word in ("now", "utcnow", "today")}
_CHANCE = {"random", "secrets", "uuid"}
_COMPUTED = {"uuid.UUID", "uuid.uuid5", "uuid.NAMESPACE_URL"}  # no chance in them
MAY = {
    "hub.clock": "the real clock",
    "hub.ids": "the real randomness",
    "hub.toolbox": "hands commands the machine's sleep, for between steps",
    "hub.post": "tells people in threads of their own; no step runs there",
    "hub.integrator": "gives entries of the log their place, as each step does; nothing is decided there",
    "hub.listen": "answers HTTP in a thread of its own; no step runs there",
    "hub.access.rates": "counts under a lock: requests come in threads; the clock is the port's",
    "hub.api.together": "gathers what comes in threads at the same time, under a lock; likewise",
    "hub.access.registered": "keeps what it has read under a lock, likewise",
    "hub.gateway.agent": "an agency's own program, on its own machine: no step of the hub",
    "hub.commands.sample": "dates the invented network",
    "hub.sample.cms": "seeded",
    "hub.sample.people": "seeded",
    "hub.sample.situation": "seeded",
}


def reads_the_world(module: ast.Module) -> set[str]:
    """Names by which a module reads the machine's clock or draws by itself."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            if name in _CLOCKS or (name.split(".")[0] in _CHANCE and name not in _COMPUTED):
                found.add(name)
        elif isinstance(node, ast.ImportFrom) and node.module in {*_CHANCE, "time", "threading", "asyncio"}:
            found.add(f"from {node.module}")
    return found


def test_nothing_reads_the_clock_or_draws_but_where_it_may_inv_11() -> None:
    found = {name for name, path in modules().items() if reads_the_world(tree(path))}

    assert found == set(MAY)


@pytest.mark.parametrize(
    "text",
    ["import time\ntime.sleep(1)", "from random import choice", "datetime.now(UTC)", "uuid.uuid4()", "os.urandom(8)"],
)
def test_the_test_above_can_fail_inv_11(text: str) -> None:
    assert reads_the_world(ast.parse(text))
