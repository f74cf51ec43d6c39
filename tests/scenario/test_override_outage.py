"""The store is away, or cannot be written: what must not wait goes by the sealed journal, and is written down later.

Consent rules C-142, C-181, C-182, C-189, C-190; INV-7; settled S24.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.contract import SentState
from hub.__main__ import command_line, real_tools
from hub.compose import compose, cut_off
from hub.desk import overrides as desk
from hub.desk.who import Who
from hub.errors import Unavailable
from hub.model.directory import Service
from hub.settings import read_settings
from tests import cms_builder as cms
from tests.danger import answers, client, declared, in_danger, limbs
from tests.network import Network, refer

CHILD = {"child_name": "Tremblay, Noé", "child_birth_date": "2018-05-04"}
SPEEDING = {"imminent": 1, "attempts": "Rang the supervisor and the on-call manager twice."}


@pytest.fixture
def network(tmp_path) -> Iterator[Network]:
    made = in_danger(tmp_path)
    made.put(Service("lakeside-employment", "lakeside", "employment", "employment", "lakeside-cms"))
    made.run()
    yield made
    made.hub.close()


@contextmanager
def store_away(network: Network) -> Iterator[None]:
    """The store's file cannot be opened: reads and writes fail."""
    network.hub.store.database.close()
    files = sorted(network.hub.settings.dir.glob("hub.sqlite*"))
    for file in files:
        file.rename(file.with_name(f"away-{file.name}"))
    (network.hub.settings.dir / "hub.sqlite").mkdir()
    yield
    network.hub.store.database.close()
    (network.hub.settings.dir / "hub.sqlite").rmdir()
    for file in files:
        file.with_name(f"away-{file.name}").rename(file)


@contextmanager
def log_unwritable(network: Network) -> Iterator[None]:
    """Somebody holds the store: it can be read, and nothing can be written, an entry of the log least of all."""
    database = sqlite3.connect(network.hub.settings.database, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    yield
    database.rollback()
    database.close()


def told(network: Network, code: str, to: str, **fields: Any) -> int:
    """A worker declares; nobody has approved, and the hub does not work yet."""
    db = network.db("harbour")
    number = cms.add_override(db, client(network), code, to, limbs(code), **fields)
    db.close()
    return number


def work(network: Network) -> None:
    """One step of the worker, whatever stands in its way."""
    try:
        network.hub.step()
    except Unavailable:
        return


OUTAGES = [pytest.param(store_away, id="registry down"), pytest.param(log_unwritable, id="log unwritable")]


@pytest.mark.parametrize("outage", OUTAGES)
def test_c_142_c_190_a_mandatory_report_goes_by_the_journal_end_to_end(network, outage):
    number = told(network, "ST-CHILD-PROTECT", "society", **CHILD)

    with outage(network):
        work(network)
        work(network)
        (came,) = network.inbox("society", "override")

    network.run()
    assert len(network.inbox("society", "override")) == 1, "once"
    assert came["payload"]["client"][0]["last_name"] == "Tremblay"
    found = declared(network, number)
    assert (found.used_by, found.journaled) == (came["message_id"], True)
    assert answers(network, number) == [("PERMIT", ("OV_STATUTORY",)), ("PERMIT", ("OV_STATUTORY",))]
    entries = [entry for entry in network.entries() if entry.get("journal")]
    assert [entry["event_type"] for entry in entries] == ["DECISION", "DELIVERY"]
    assert all(entry["registry_unreachable"] and entry["sent"] == "sent" for entry in entries)
    assert network.hub.house.journal.entries() == []
    assert network.verifies()


@pytest.mark.parametrize("outage", OUTAGES)
def test_c_182_imminent_danger_goes_by_the_journal_and_is_reviewed_in_24_hours_end_to_end(network, outage):
    number = told(network, "DOC-SELF", "hospital", **SPEEDING)

    with outage(network):
        work(network)
        assert len(network.inbox("hospital", "override")) == 1
    back_at = network.clock.now()
    network.run()

    assert answers(network, number)[-1] == ("PERMIT_REDACTED", ("OV_SELF_HARM", "RD_PURPOSE_MIN"))
    with network.hub.store.peek() as rows:
        reviews = rows.reviews.of(declared(network, number).override_id)
        words = rows.overrides.words(declared(network, number).override_id)
    assert reviews["officer"].due_at == back_at + timedelta(hours=24)
    assert "narrative" in words, "read again when the store was back, and kept for the review"


@pytest.mark.parametrize("outage", OUTAGES)
def test_c_181_c_189_an_ordinary_message_and_a_calm_override_wait_end_to_end(network, outage):
    refer(network, last_name="Moreau", first_name="Éloi", birth_date="1958-03-04")
    number = told(network, "DOC-SELF", "hospital")

    with outage(network):
        work(network)
        assert not network.inbox("hospital")
        assert not network.inbox("lakeside")
    network.run()

    assert len(network.inbox("lakeside", "referral")) == 1
    assert answers(network, number)[-1][1][0] == "OX_SECOND_PERSON"


def test_a_worker_that_is_started_while_the_store_is_away_sends_what_must_not_wait_and_starts_later(network, tmp_path):
    told(network, "ST-CHILD-PROTECT", "society", **CHILD)
    refer(network, last_name="Moreau", first_name="Éloi", birth_date="1958-03-04")
    network.hub.close()
    folder, slept = network.hub.settings.dir, 0

    with ExitStack() as outage:
        outage.enter_context(store_away(network))

        def sleep(_seconds: float) -> None:
            nonlocal slept
            slept += 1
            if slept == 3:
                assert len(network.inbox("society", "override")) == 1, "once, and by the journal"
                outage.close()
            elif slept > 60:
                os.kill(os.getpid(), signal.SIGTERM)

        tools = replace(
            real_tools(),
            open=lambda where, report: compose(read_settings(where), report=report, clock=network.clock),
            cut_off=lambda where: cut_off(read_settings(where), clock=network.clock),
            sleep=sleep,
        )
        result = CliRunner().invoke(command_line(tools), ["work", "--dir", str(folder)])

    assert result.exit_code == 0, result.output
    assert "UNREACHABLE" in result.stderr
    assert len(network.inbox("society", "override")) == 1
    assert len(network.inbox("lakeside", "referral")) == 1, "the rest waited for the store"


def test_what_the_store_knows_already_is_not_sent_again_by_the_journal(network):
    told(network, "ST-CHILD-PROTECT", "society", **CHILD)
    network.run()
    assert len(network.inbox("society", "override")) == 1

    with store_away(network):
        work(network)
        work(network)

    assert len(network.inbox("society", "override")) == 1
    assert network.hub.house.journal.entries() == []


def test_an_incomplete_one_does_not_go_by_the_journal_either(network):
    db = network.db("harbour")
    cms.add_override(db, client(network), "ST-CHILD-PROTECT", "society", {"ground": "x"}, **CHILD)
    cms.add_override(db, client(network), "ST-CHILD-PROTECT", "landlord", limbs("ST-CHILD-PROTECT"), **CHILD)

    with store_away(network):
        work(network)

    assert not network.inbox("society")
    assert not network.inbox("landlord")
    assert network.hub.house.journal.entries() == []


def test_where_the_recipient_cannot_be_reached_nothing_is_written_and_it_goes_when_it_can(network, tmp_path):
    told(network, "ST-CHILD-PROTECT", "society", **CHILD)
    (tmp_path / "society.sqlite").rename(tmp_path / "away")

    with store_away(network):
        work(network)
        assert network.hub.house.journal.entries() == []
        (tmp_path / "away").rename(tmp_path / "society.sqlite")
        work(network)
        assert len(network.inbox("society", "override")) == 1
    network.run()

    assert len(network.inbox("society", "override")) == 1


def test_a_process_that_dies_between_journal_and_sending_sends_again_when_the_store_is_back(network, monkeypatch):
    number = told(network, "ST-CHILD-PROTECT", "society", **CHILD)

    with store_away(network):
        monkeypatch.setattr("hub.exchange.outage._sent", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            network.hub.step()
    monkeypatch.undo()
    network.reopen()
    network.settle()

    assert len(network.inbox("society", "override")) == 1
    assert [outcome for outcome, _ in answers(network, number)].count("PERMIT") >= 2
    with network.hub.store.peek() as rows:
        assert rows.inbox.count_by_state() == {"returned": 1, "delivered": 1}


def correct(network: Network, number: int, **fields: Any) -> None:
    db = network.db("harbour")
    cms.update(db, "override_declaration", number, **fields)
    db.close()


def test_what_was_refused_and_is_corrected_meanwhile_stands_under_its_own_number(network):
    db = network.db("harbour")
    lacking = {**limbs("DOC-SELF"), "serious": ""}
    number = cms.add_override(db, client(network), "DOC-SELF", "hospital", lacking, **SPEEDING)
    db.close()
    network.run()
    before = declared(network, number)

    with store_away(network):
        db = network.db("harbour")
        db.execute("UPDATE override_limb SET attested = 1, fact = 'She said so.' WHERE limb = 'serious'")
        db.close()
        work(network)
        assert len(network.inbox("hospital", "override")) == 1
    network.run()

    after = declared(network, number)
    assert (after.override_id, after.version, after.journaled) == (before.override_id, before.version + 1, True)
    assert len(network.inbox("hospital", "override")) == 1
    assert network.verifies()


def test_what_was_used_or_ended_sends_nothing_more_by_the_journal_whatever_it_says(network):
    used = told(network, "DOC-SELF", "hospital", **SPEEDING)
    network.run()
    ended = told(network, "DOC-OTHER", "landlord", **SPEEDING)
    network.run()
    desk.end(network.hub.house, declared(network, ended).override_id, "revoked", Who("w-301"))

    with store_away(network):
        correct(network, used, told="Another sentence.", recipient_org="police")
        correct(network, ended, recipient_org="police")
        work(network)

    assert not network.inbox("police")
    assert len(network.inbox("hospital", "override")) == 1


def test_of_what_may_have_arrived_no_second_message_goes_and_its_worker_is_told(network, monkeypatch):
    number = told(network, "DOC-SELF", "hospital", **SPEEDING)
    append, kept = network.hub.house.journal.append, []

    def dies(entry: bytes) -> None:
        if kept:
            raise KeyboardInterrupt  # it is sent, and the machine dies before that is written down
        kept.append(entry)
        append(entry)

    with store_away(network):
        monkeypatch.setattr(network.hub.house.journal, "append", dies)
        with pytest.raises(KeyboardInterrupt):
            network.hub.step()
        monkeypatch.undo()
        work(network)
    network.run()

    assert len(network.inbox("hospital", "override")) == 1
    assert declared(network, number).used_by is not None
    assert "TELEPHONE_NOW" in {row[2] for row in network.told("harbour", "override-status")}
    with network.hub.store.peek() as rows:
        assert "officer" in rows.reviews.of(declared(network, number).override_id)


def test_a_report_that_may_not_have_arrived_is_sent_again_after_five_minutes(network, monkeypatch):
    told(network, "ST-CHILD-PROTECT", "society", **CHILD)

    with store_away(network):
        with monkeypatch.context() as away:
            away.setattr("hub.exchange.outage._sent", lambda *_: SentState.UNKNOWN)
            work(network)
        work(network)
        assert not network.inbox("society")
        network.clock.advance(timedelta(minutes=6))
        work(network)
        assert len(network.inbox("society", "override")) == 1
        network.clock.advance(timedelta(minutes=6))
        work(network)
    network.run()

    assert network.verifies()
    assert network.hub.house.journal.entries() == []


def test_what_went_by_the_journal_has_arrived_also_for_the_client(network):
    told(network, "ST-CHILD-PROTECT", "society", **CHILD)
    with store_away(network):
        work(network)
    network.run()

    kinds = [entry["event_type"] for entry in network.entries()]
    assert {"ACK", "REVIEW_DUE"} <= set(kinds)


def test_another_process_of_the_machine_sends_nothing_again(network):
    told(network, "DOC-SELF", "hospital", **SPEEDING)
    with ExitStack() as opened:
        opened.enter_context(store_away(network))
        step = opened.enter_context(cut_off(network.hub.settings, clock=network.clock))
        assert network.hub.house.journal.entries() == []
        assert step()
        work(network)
        assert len(network.inbox("hospital", "override")) == 1
    network.run()

    assert len(network.inbox("hospital", "override")) == 1


@pytest.mark.parametrize("damaged", [None, b"\xff\n"], ids=["gone", "no such list"])
def test_a_machine_that_does_not_know_what_the_store_knows_sends_nothing_until_it_does(network, damaged):
    told(network, "DOC-SELF", "hospital", **SPEEDING)
    network.run()
    known = network.hub.settings.dir / "journal" / "known"
    with store_away(network):
        known.unlink() if damaged is None else known.write_bytes(damaged)
        work(network)
    assert len(network.inbox("hospital", "override")) == 1

    network.run()
    assert known.read_text("ascii"), "written anew from the store"
    with store_away(network):
        work(network)
    assert len(network.inbox("hospital", "override")) == 1


def test_the_journal_holds_no_personal_value_and_no_half_written_entry(network):
    told(network, "ST-CHILD-PROTECT", "society", **CHILD)
    folder: Path = network.hub.settings.dir / "journal"
    size = (folder / "entries").stat().st_size

    with store_away(network):
        work(network)
        everything = b"".join(file.read_bytes() for file in folder.iterdir())
        assert (folder / "entries").stat().st_size == size, "it was filled before: a full disk stops nothing"
        assert b"Tremblay" not in everything
        assert b"Okonkwo" not in everything
        entries = network.hub.house.journal.entries()
        assert "Tremblay" not in json.dumps([entry.decode() for entry in entries])
        data = bytearray((folder / "entries").read_bytes())
        end = len(data.rstrip(b"\0"))
        data[end - 40 : end] = bytes(40)  # the machine died while the last one was written
        (folder / "entries").write_bytes(data)
        assert len(network.hub.house.journal.entries()) == len(entries) - 1
