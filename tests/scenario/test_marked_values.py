"""INV-1: a value of a person is found nowhere but in the agencies' own systems."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.compose import compose
from hub.errors import KeyGone
from hub.exchange.withdraw import withdraw_consent
from hub.model.audit import Actor
from tests import cms_builder as cms
from tests.fakes import SeededIds
from tests.network import Network, make
from tests.services.postgres import Postgres
from tests.shapes import Shape, ask, migrated

# every text column of a client and what hangs on it; ids, codes and dates are no marks
FREE = {
    "client": ["last_name", "first_name", "preferred_name", "address_line", "city", "email", "phone", "middle_name"],
    "referral": ["reason_text", "documents_needed"],
    "consent": ["verbal_note", "condition_reason", "evidence_ref", "form_id"],
}


def mark(table: str, column: str) -> str:
    return f"Zq{table[:3]}{column.replace('_', '')}xj"


def marked(table: str) -> dict[str, Any]:
    values: dict[str, Any] = {column: mark(table, column) for column in FREE[table]}
    if table == "client":
        values |= {
            "email": f"{mark(table, 'email')}@example.org",
            "email_safe": 1,
            "phone": "416-555-0142",
            "phone_safe": 1,
        }
    return values


def everything_happens(network: Network) -> None:
    """Delivered, answered, refused, unreadable, withdrawn, waiting, returned, restarted."""
    db = network.db("harbour")
    for number in range(6):
        client = cms.add_client(db, **marked("client"), birth_date=f"198{number}-07-22")
        cms.add_identifier(db, client, value=f"771234560{number}")
        cms.add_language(db, client)
        if number:
            cms.add_consent(db, client, **marked("consent"))
        bad = {"reason_code": "Zqrefbadxj"} if number == 3 else {}
        cms.add_referral(db, client, **marked("referral"), **bad)
    network.run()
    for row in network.inbox("lakeside", "referral")[:2]:
        cms.answer(network.db("lakeside"), row["hub_referral_no"], "ACCEPTED")
    network.run()
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
    assert filed is not None
    actor = Actor("harbour-worker", "worker", "harbour")
    withdraw_consent(network.hub.house, filed[0].consent_id, actor, said_at=network.clock.now(), how="TELEPHONE").step()
    cms.update(db, "client", 2, last_name="Zqclichangedxj")
    cms.update(db, "consent", 2, recipient_org="Zqconorgxj Society")
    (network.dir / "lakeside.sqlite").rename(network.dir / "away")
    cms.add_referral(db, 5, **marked("referral"))
    network.run()
    network.clock.advance(timedelta(hours=73))
    network.run()
    (network.dir / "away").rename(network.dir / "lakeside.sqlite")
    while network.hub.log.step():
        pass
    network.hub.log.checkpoint()
    network.hub.log.export(network.hub.settings.dir / "export")


def test_no_marked_value_is_in_any_file_of_the_hub_inv_1(network: Network) -> None:
    everything_happens(network)

    words = re.compile(rb"Zq[A-Za-z]+xj|771234560\d|416-?555-?0142|4165550142|198\d-07-22")
    found = {
        (path.relative_to(network.hub.settings.dir).as_posix(), match.group().decode())
        for path in network.hub.settings.dir.rglob("*")
        if path.is_file()
        for match in words.finditer(path.read_bytes())
    }

    assert found == set()


def test_no_marked_value_is_in_any_file_of_the_hub_or_its_server_inv_1(tmp_path: Path, own_postgres: Postgres) -> None:
    """Tables, write-ahead log, pages that are free again, and the server's own log."""
    url = own_postgres.database()
    migrated(url)
    network = make(tmp_path, shape=Shape("postgresql", url, own_postgres))
    everything_happens(network)
    network.hub.close()
    own_postgres.stop()

    words = re.compile(rb"Zq[A-Za-z]+xj|771234560\d|416-?555-?0142|4165550142|198\d-07-22")
    folders = (network.hub.settings.dir, own_postgres._folder.path)
    data = [path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()]

    assert any(b"delivery.LAKESI" in each for each in data), "the server's pages were read"
    assert [word for each in data for word in words.findall(each)] == []


def test_the_marks_do_arrive_where_they_are_meant_to(network: Network) -> None:
    """Or the test above could not fail."""
    everything_happens(network)

    rows = network.inbox("lakeside", "referral")

    assert rows
    assert any(mark("client", "last_name") in str(row["payload"]) for row in rows)


def test_no_marked_value_is_in_a_waiting_row_or_a_notice(network: Network) -> None:
    everything_happens(network)

    with network.hub.store.peek() as rows:
        waiting = [row.place for row in rows.waiting.every(100)]
    told = [str(row["payload"]) for row in network.inbox("harbour")]

    assert any("reason_code" in place for place in waiting), "the unreadable record says where it is wrong"
    assert not any("Zq" in text for text in (*waiting, *told))


def test_after_the_epochs_end_nothing_that_the_hub_stored_can_be_opened(network: Network) -> None:
    """Design §5: the WAL, the free pages and the bus may keep sealed bytes; the key that opens them is gone."""
    db = network.db("harbour")
    client = cms.add_client(db, **marked("client"))
    cms.add_consent(db, client)
    cms.add_referral(db, client)
    from hub.exchange import intake

    system = network.directory().systems["harbour-cms"]
    intake.step(network.hub.house, system)
    with network.hub.store.peek() as rows:
        (out,) = rows.outbox.unpublished(1)
        topic, sealed, wrapped = rows.outbox.sealed([out.envelope_id])[out.envelope_id]
    epochs = list((network.hub.settings.keys / "epochs").glob("*.key"))
    key_bytes = [path.read_bytes()[:32] for path in epochs]
    opened = network.hub.house.keys.open(sealed, wrapped, topic=topic)
    network.run()

    network.clock.advance(timedelta(hours=121))
    network.hub.keep_house()

    assert opened.bundle["type"] == "message"
    with pytest.raises(KeyGone):
        network.hub.house.keys.open(sealed, wrapped, topic=topic)
    stored = b"".join(path.read_bytes() for path in network.hub.settings.dir.rglob("*") if path.is_file())
    assert not any(key in stored for key in key_bytes)


def test_on_the_bus_there_are_sealed_bodies_and_nothing_that_tells_inv_1(network: Network) -> None:
    everything_happens(network)

    rows = ask(network.hub.settings, "SELECT topic, key, headers, length(body) FROM bus_record")

    assert rows
    for topic, key, headers, size in rows:
        assert re.fullmatch(r"delivery\.[A-Z2-7]{12}", topic)
        assert re.fullmatch(r"[A-Z2-7]{12}", key)
        assert not any(word in headers for word in ("harbour", "lakeside", "REFERRAL", "referral", "add-service"))
        assert size % 1024 == 29, "padded to whole KiB: version byte, nonce and tag beside it"


def test_a_lost_key_folder_returns_every_open_message(network: Network) -> None:
    """The drill of docs/operator.md: what cannot be opened any more goes back to its sender, and is sent anew."""
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_consent(db, client)
    cms.add_referral(db, client)
    from hub.exchange import intake

    system = network.directory().systems["harbour-cms"]
    intake.step(network.hub.house, system)
    for path in (network.hub.settings.keys / "epochs").glob("*.key"):
        path.unlink()
    network.hub.close()
    network.hub = compose(network.hub.settings, clock=network.clock, ids=SeededIds(3))

    network.run()

    assert network.states() == {"returned": 1, "delivered": 1}
