"""Bad input gets a clear answer and nothing is lost (issue item "Bad input"; INV-1, INV-5, INV-10).

Each fault is met by a whole hub: it names place, record, field, what was got (a code, or the shape of a value), what
was expected and what to do; good records go on in the same run; a second try works; the log verifies at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import event

from adapters.cms.views import VIEWS
from hub.audit.log import AuditLog
from hub.desk.consents import retry
from hub.desk.who import Who
from hub.doctor import examine
from hub.errors import HubError, IntegrityBroken, Unavailable
from hub.exchange import Exchange
from hub.model.advice import advice
from tests import cms_builder as cms
from tests.cms_builder import MANDATORY
from tests.network import NOON, Network, refer
from tests.shapes import ON_SQLITE
from tests.unit.commands.conftest import Desk

pytestmark = ON_SQLITE

BACKOFF = timedelta(minutes=30)  # longer than any wait between two tries
WORKER = Who("harbour-worker", "tester")
OTHERS = ("Bora Demir 1980-02-03", "Chidi Eze 1985-10-30", "Daria Koval 1979-12-01", "Esi Mensah 1999-04-17")
PERSONAL = ("Okonkwo", "Tremblay", "Amara", "1991-07-22", "Elm Street", "M5V", "1100000001", "1100000002")


def refer_other(network: Network, which: int) -> tuple[int, int]:
    """A client whom nobody takes for the builder's own."""
    first, last, born = OTHERS[which].split()
    return refer(network, first_name=first, last_name=last, birth_date=born)


def reported(network: Network) -> list[tuple[str, str]]:
    """From now on, what the hub's operator is told: place and text."""
    told: list[tuple[str, str]] = []
    heard = Exchange(network.hub.house, lambda place, error: told.append((place, str(error))))
    network.hub = replace(network.hub, exchange=heard)
    return told


def impatient(network: Network) -> None:
    """No system is waited for: a lock is met at once."""
    for system in network.directory().systems.values():
        network.put(replace(system, settings={**system.settings, "busy_timeout_ms": 0}))


def alarms(log: AuditLog) -> list[str]:
    """Problems of sources that stand in the log."""
    while log.step():
        pass
    bodies = [orjson.loads(entry.body) for entry in log.stored()]
    return [body["problem"] for body in bodies if body.get("reason_code") == "SOURCE_PROBLEM"]


def recreate(db: sqlite3.Connection, view: str, select: str) -> Callable[[], object]:
    """Put another view in the place of one; what it selects from it finds as ``was``. Returns what mends it."""
    sql = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (view,)).fetchone()[0]
    db.executescript(f"{sql.replace(view, 'was', 1)}; DROP VIEW {view}; {select and f'CREATE VIEW {view} AS {select}'}")
    return lambda: db.executescript(f"DROP VIEW IF EXISTS {view}; DROP VIEW was; {sql}")


def save(db: sqlite3.Connection, **fields: Any) -> Callable[[], object]:
    """Put values into the first referral; what mends it puts the old ones back."""
    old = db.execute(f"SELECT {', '.join(fields)} FROM referral WHERE referral_id = 1").fetchone()
    cms.update(db, "referral", 1, **fields)
    return lambda: cms.update(db, "referral", 1, **dict(zip(fields, old, strict=True)))


def save_client(db: sqlite3.Connection, **fields: Any) -> Callable[[], object]:
    old = db.execute(f"SELECT {', '.join(fields)} FROM client WHERE client_id = 1").fetchone()
    cms.update(db, "client", 1, **fields)
    return lambda: cms.update(db, "client", 1, **dict(zip(fields, old, strict=True)))


def save_number(db: sqlite3.Connection, value: str) -> Callable[[], object]:
    cms.update(db, "client_identifier", 1, value=value)
    return lambda: cms.update(db, "client_identifier", 1, value="1100000001")


# -- one bad record among good ones


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(
            lambda db: save(db, reason_code="B2"),
            ("RF_REQUEST reason_code", "got `B2`", "a word or code with a row", "add it to mappings/cms/need.csv"),
            id="an unknown code is shown and its table named",
        ),
        pytest.param(
            lambda db: save(db, reason_code="Amara Okonkwo"),
            ("RF_REQUEST reason_code", "got a code of shape length 13", "mappings/cms/need.csv"),
            id="a name in the place of a code is not shown",
        ),
        pytest.param(
            lambda db: save(db, status_at="22/07/1991 10:00"),
            ("referral_out:1: RF_REQUEST.status_at", "got length 16", "expected a Toronto time", "correct it and save"),
            id="a time in another form",
        ),
        pytest.param(
            lambda db: save_client(db, birth_date="22/07/1991"),
            ("client.birth_date", "got 99/99/9999", "expected a day as YYYY-MM-DD", "correct it and save"),
            id="a birth date in another form shows its shape alone",
        ),
        pytest.param(
            lambda db: save_number(db, "046 454 286"),
            ("identifier.value", "got a number that passes as a SIN", "expected the number on the document", "correct"),
            id="what passes as a SIN",
        ),
        pytest.param(
            lambda db: recreate(db, "v_hub_client", "SELECT * FROM was WHERE client_id <> 1"),
            ("referral_out:1: client", "got 0 rows", "expected exactly one", "look at the view"),
            id="a record with no client",
        ),
        pytest.param(
            lambda db: recreate(db, "v_hub_client", "SELECT * FROM was UNION ALL SELECT * FROM was WHERE client_id=1"),
            ("referral_out:1: client", "got 2 rows", "expected exactly one", "look at the view"),
            id="a record with two clients",
        ),
    ],
)
def test_a_bad_record_is_answered_with_place_and_next_step_and_its_neighbour_goes_on(
    network: Network, spoil: Callable[[sqlite3.Connection], Callable[[], object]], words: tuple[str, ...]
) -> None:
    db = network.db("harbour")
    bad, good = refer(network), refer_other(network, 0)
    mend = spoil(db)

    network.run()

    place = network.waits()["referral_out:1"].place
    assert all(word in place for word in words), place
    assert not any(value in place for value in PERSONAL)
    assert ("referral_id", bad[1], "DN_SCHEMA") in network.told("harbour")
    assert network.states() == {"delivered": 1}  # what cannot be read is no message (design §1)
    (row,) = network.inbox("lakeside")
    assert row["payload"]["client"][0]["file_no"] == f"2026-{good[0]:06d}"

    mend()
    cms.update(db, "consent", 1, row_version=100)  # both records are saved once more
    cms.update(db, "referral", 1, row_version=100)
    network.clock.advance(BACKOFF)
    network.run()

    assert network.states() == {"delivered": 2}
    assert len(network.inbox("lakeside")) == 2
    assert network.waits() == {}
    assert network.verifies()


def test_what_is_read_again_as_bad_as_before_is_not_told_twice_inv_5(network: Network) -> None:
    refer(network)
    db = network.db("harbour")
    save(db, reason_code="B2")
    network.run()

    for version in (50, 51):
        cms.update(db, "referral", 1, row_version=version)
        network.run()

    assert network.told("harbour") == [("referral_id", 1, "DN_SCHEMA")]
    assert network.states() == {}


def test_the_operator_sees_the_same_words_in_the_list_of_what_waits(network: Network) -> None:
    refer(network)
    save(network.db("harbour"), reason_code="B2")
    network.run()

    result = Desk(network.dir / "hub", network.clock, []).ok("deliveries", "waiting", "--json")

    assert "got `B2`" in result
    assert not any(value in result for value in PERSONAL)


# -- a whole source that cannot be read


def locked(network: Network) -> Callable[[], object]:
    """Somebody keeps the whole file to himself; in WAL a writer alone would hold up no reader."""
    db = network.db("harbour")
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("UPDATE client SET updated_by = updated_by WHERE 1 = 0")
    return db.close


def replaced_by_a_text(network: Network) -> Callable[[], object]:
    path = network.dir / "harbour.sqlite"
    path.rename(network.dir / "kept")
    path.write_text("not a database, whatever its name says " * 100)
    return lambda: (network.dir / "kept").replace(path)


def taken_away(network: Network) -> Callable[[], object]:
    path = network.dir / "harbour.sqlite"
    path.rename(network.dir / "kept")
    return lambda: (network.dir / "kept").rename(path)


def viewed(view: str, select: str) -> Callable[[Network], Callable[[], object]]:
    return lambda network: recreate(network.db("harbour"), view, select)


LESS = "SELECT referral_id, row_version, client_id, case_id, to_org, service_wanted, urgency, reason_text, consent_id"
REST = "sent_at, status, status_at, worker"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(
            viewed("v_hub_consent", ""),
            ("cms v_hub_consent", "no such view", "schemas/records/cms.sql", "restore it"),
            id="a missing view",
        ),
        pytest.param(
            viewed("v_hub_referral_out", f"{LESS}, {REST} FROM was"),
            ("cms v_hub_referral_out", "no column reason_code", "schemas/records/cms.sql"),
            id="a column that was dropped",
        ),
        pytest.param(
            viewed("v_hub_referral_out", f"{LESS}, reason_code AS reason, {REST} FROM was"),
            ("cms v_hub_referral_out", "no column reason_code", "schemas/records/cms.sql"),
            id="a column that was renamed",
        ),
        pytest.param(locked, ("cms change_log", "SQLITE_BUSY", "it is tried again"), id="a locked database"),
        pytest.param(replaced_by_a_text, ("cms change_log", "SQLITE_NOTADB", "restore the file"), id="no database"),
        pytest.param(taken_away, ("cms database", "no readable file", "check the path"), id="no file"),
    ],
)
def test_a_source_that_cannot_be_read_is_named_and_the_other_agency_goes_on(
    network: Network, spoil: Callable[[Network], Callable[[], object]], words: tuple[str, ...]
) -> None:
    impatient(network)
    told = reported(network)
    refer(network)
    lakeside = network.db("lakeside")
    theirs = cms.add_client(lakeside, first_name="Chidi")
    cms.add_identifier(lakeside, theirs, value="2200000001")
    cms.add_consent(lakeside, theirs, "harbour")
    cms.add_referral(lakeside, theirs, "harbour", "settlement", from_org="lakeside")
    mend = spoil(network)

    network.run()

    texts = {text for place, text in told if place == "harbour-cms"}
    assert any(all(word in text for word in words) for text in texts), texts
    assert not any(value in text for text in texts for value in PERSONAL)
    assert network.inbox("lakeside") == []
    assert sum(network.states().values()) == 1  # the other agency's record has its decision in the same run
    assert network.codes() == {"OK_CONSENT": 1}
    findings = [one for one in network.hub.connections.source(_system(network, "harbour-cms")).check() if not one.ok]
    assert any(words[0] in one.place or "cms database" in one.place for one in findings)  # `hub systems check`

    mend()
    network.clock.advance(BACKOFF)
    network.run()

    assert network.states() == {"delivered": 2}
    assert [row["kind"] for row in network.inbox("lakeside")] == ["referral"]
    assert [row["kind"] for row in network.inbox("harbour")] == ["referral"]
    assert network.verifies()


def _system(network: Network, name: str) -> Any:
    return network.directory().systems[name]


# -- a view of the agency's that fails over one row


def test_a_view_that_fails_for_one_client_keeps_back_no_other_and_no_withdrawal(network: Network) -> None:
    refer(network)
    refer(network, birth_date="1981-02-03")
    network.run()
    db = network.db("harbour")
    (view,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'v_hub_client'").fetchone()
    db.execute("DROP VIEW v_hub_client")
    db.execute(view.replace("v_hub_client", "v_whole", 1))
    columns = ", ".join(f"{name}" for name in (*VIEWS["v_hub_client"], "row_version") if name != "city")
    fails = "CASE WHEN client_id = 3 THEN abs(-9223372036854775807 - 1) ELSE city END AS city"
    db.execute(f"CREATE VIEW v_hub_client AS SELECT {columns}, {fails} FROM v_whole")
    refer(network, birth_date="1982-02-03")
    refer(network, birth_date="1983-02-03")
    cms.update(db, "consent", 1, withdrawn_at="2026-06-01", withdrawn_how="PHONE")

    network.run()

    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
    assert filed is not None
    assert filed[0].state == "WITHDRAWN"
    assert born(network) == ["1981", "1983", "1991"]
    both = {"consent:3": "DN_SCHEMA", "referral_out:3": "DN_SCHEMA"}
    assert {key: wait.code for key, wait in network.waits().items()} == both
    assert "v_hub_client" in network.waits()["referral_out:3"].place

    db.execute("DROP VIEW v_hub_client")
    db.execute(view)
    network.clock.advance(timedelta(days=1))
    network.run()

    assert born(network) == ["1981", "1982", "1983", "1991"]


def born(network: Network) -> list[str]:
    """The years in which those were born whom Lakeside was told of."""
    return sorted(row["payload"]["client"][0]["birth_date"][:4] for row in network.inbox("lakeside", "referral"))


# -- a full disk, on either side


def pages(path: Path) -> int:
    db = sqlite3.connect(path)
    count = int(db.execute("PRAGMA page_count").fetchone()[0])
    db.close()
    return count


def test_a_full_database_of_the_recipient_holds_the_message_and_gets_it_when_there_is_room(network: Network) -> None:
    refer(network)
    connection = network.hub.connections.source(_system(network, "lakeside-cms")).source._database._engine
    connection._open().execute(f"PRAGMA max_page_count = {pages(network.dir / 'lakeside.sqlite')}")
    fill(network.dir / "lakeside.sqlite")
    network.run()

    with network.hub.store.peek() as rows:
        (row,) = rows.handovers.every(10, ended=False)
    assert "a full disk or a full database (SQLITE_FULL)" in str(row.problem)
    assert "make room" in str(row.problem)
    assert network.inbox("lakeside", "referral") == []
    assert "delivered" not in network.states()

    connection._open().execute("PRAGMA max_page_count = 100000")
    network.clock.advance(BACKOFF)
    network.run()

    assert network.states() == {"delivered": 1}
    assert len(network.inbox("lakeside", "referral")) == 1
    assert network.verifies()


def fill(path: Path) -> None:
    """Leave no room in the pages of ``hub_inbox``."""
    db = sqlite3.connect(path, isolation_level=None)
    limit = int(db.execute("PRAGMA page_count").fetchone()[0])
    db.execute(f"PRAGMA max_page_count = {limit}")
    row = "INSERT INTO hub_inbox VALUES (?, 'filler', NULL, NULL, NULL, ?, 0, '2026-01-01 00:00:00', NULL)"
    for size in (2000, 200, 20, 1):
        number = 0
        while True:
            try:
                db.execute(row, (f"filler-{size}-{number}", f'"{"x" * size}"'))
            except sqlite3.OperationalError:
                break
            number += 1
    db.close()


@contextmanager
def disk_of(network: Network, count: int) -> Iterator[None]:
    """The hub's own store may not grow beyond a number of pages more than it has."""
    database = network.hub.store.database
    limit = pages(database.path) + count

    def limited(connection: Any, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit}")

    database.close()
    event.listen(database._writer, "connect", limited)
    try:
        yield
    finally:
        event.remove(database._writer, "connect", limited)
        database.close()


@pytest.mark.parametrize("room", [0, 1, 2, 4, 8, 16])
def test_a_full_disk_of_the_hub_itself_loses_nothing_and_writes_nothing_by_halves_inv_5_inv_7(
    network: Network, room: int
) -> None:
    told = reported(network)
    for which in range(4):
        refer_other(network, which)
    with disk_of(network, room):
        for _ in range(12):
            try:
                network.hub.step()
            except Unavailable as error:  # what `hub work` logs, and tries again
                told.append(("store", str(error)))
        released, opened = len(network.inbox("lakeside")), sum(network.codes(gate=2).values())
    full = [text for _, text in told if "database or disk is full" in text]

    network.clock.advance(BACKOFF)
    network.run()

    assert full
    assert all("store hub.sqlite" in text and "hub doctor" in text for text in full)
    assert released <= opened  # nothing is there that gate 2 has not decided and logged (INV-7)
    assert network.states() == {"delivered": 4}
    assert len({row["message_id"] for row in network.inbox("lakeside")}) == len(network.inbox("lakeside")) == 4
    assert network.verifies()


# -- a change log that jumps


def test_a_change_log_that_jumps_ahead_is_waited_for_then_passed_and_told_and_nothing_is_lost(network: Network) -> None:
    db = network.db("harbour")
    refer(network)
    network.run()
    db.execute("UPDATE sqlite_sequence SET seq = 5000 WHERE name = 'change_log'")
    refer_other(network, 0)

    network.run()
    before = len(network.inbox("lakeside"))
    network.clock.advance(timedelta(seconds=61))
    network.run()

    assert before == 1  # somebody's open transaction may still come
    assert network.states() == {"delivered": 2}
    assert [problem for problem in alarms(network.hub.log) if "missing, passed after 60 s" in problem]
    assert network.verifies()


def test_a_change_log_that_jumps_back_is_told_and_read_again_and_nothing_is_said_twice(network: Network) -> None:
    db = network.db("harbour")
    for which in range(3):
        refer_other(network, which)
    network.run()
    db.execute("DELETE FROM change_log WHERE seq > 2")
    db.execute("UPDATE sqlite_sequence SET seq = 2 WHERE name = 'change_log'")
    network.run()
    refer(network)

    network.run()

    assert [problem for problem in alarms(network.hub.log) if "restored or cut; all rows are read again" in problem]
    assert network.states() == {"delivered": 4}
    assert len(network.inbox("lakeside")) == 4
    assert network.verifies()


# -- a clock that jumps


def test_a_clock_that_jumps_ahead_returns_what_was_under_way_and_nothing_is_lost_or_sent_twice(
    network: Network,
) -> None:
    refer(network)
    (network.dir / "lakeside.sqlite").rename(network.dir / "away")
    network.run()

    network.clock.set(NOON + timedelta(days=30))
    network.run()
    network.hub.keep_house()  # destroys the epoch key of what was under way
    (network.dir / "away").rename(network.dir / "lakeside.sqlite")
    network.clock.advance(BACKOFF)
    network.run()

    assert network.states() == {"returned": 1, "delivered": 1}
    assert len(network.inbox("lakeside")) == 1
    assert network.verifies()


def test_a_clock_that_went_ahead_and_comes_back_is_named_and_a_try_by_hand_delivers(network: Network) -> None:
    (network.dir / "lakeside.sqlite").rename(network.dir / "away")
    network.clock.set(NOON + timedelta(days=30))
    refer(network)
    network.run()  # accepted in the future; its next try lies there too
    network.clock.set(NOON)
    (network.dir / "away").rename(network.dir / "lakeside.sqlite")
    refer_other(network, 0)
    network.run()
    (row,) = _under_way(network)
    clock = next(one for one in examine(network.dir / "hub", network.clock) if one.place == "clock")

    retry(network.hub.house, row.envelope_id, WORKER)
    network.run()

    assert not clock.ok
    assert "behind the newest audit entry: it was set back" in clock.text
    assert "NTP" in clock.next_step
    assert network.states() == {"delivered": 2}
    assert len(network.inbox("lakeside")) == 2
    assert network.verifies()


def test_a_clock_that_jumps_ahead_never_opens_what_has_expired_by_it_and_back_it_is_judged_again(
    network: Network,
) -> None:
    network.clock.set(NOON + timedelta(days=300))  # behind the consent's last day
    refer(network)
    network.run()
    ahead = (network.inbox("lakeside"), network.codes())

    network.clock.set(NOON)
    cms.update(network.db("harbour"), "consent", 1, row_version=9)  # saved again: whoever waits on it is woken
    network.run()

    assert ahead == ([], {"DN_EXPIRED": 1})
    assert len(network.inbox("lakeside")) == 1
    assert network.verifies()


def _under_way(network: Network) -> list[Any]:
    with network.hub.store.peek() as rows:
        return rows.handovers.every(10, ended=False)


# -- key files at start


def opened_to_all(path: Path) -> Callable[[], object]:
    path.chmod(0o644)
    return lambda: path.chmod(0o600)


def folder_opened(path: Path) -> Callable[[], object]:
    path.parent.chmod(0o755)
    return lambda: path.parent.chmod(0o700)


def gone(path: Path) -> Callable[[], object]:
    kept = path.rename(path.with_suffix(".kept"))
    return lambda: kept.rename(path)


def unreadable(path: Path) -> Callable[[], object]:
    """A folder in its place: what nobody can read as a file, not even the root of a test machine."""
    back = gone(path)
    path.mkdir(mode=0o700)
    return lambda: (path.rmdir(), back())


def damaged(path: Path) -> Callable[[], object]:
    whole = path.read_bytes()
    path.write_bytes(whole[:-5] + bytes(5))
    return lambda: path.write_bytes(whole)


@pytest.mark.parametrize(
    ("name", "spoil", "words"),
    [
        pytest.param("hub.key", opened_to_all, ("keys/hub.key", "0644", "0600", "chmod"), id="the log's key is open"),
        pytest.param("index.key", opened_to_all, ("keys/index.key", "0644", "chmod"), id="the digests' key is open"),
        pytest.param("index.key", folder_opened, ("keys", "0755", "0700", "chmod"), id="the folder is open"),
        pytest.param("hub.key", gone, ("keys/hub.key", "no such file", "bring it back"), id="the log's key is gone"),
        pytest.param("index.key", gone, ("keys/index.key", "no such file", "bring it back"), id="a key is gone"),
        pytest.param("index.key", damaged, ("keys/index.key", "no key with its check", "bring it back"), id="damaged"),
        pytest.param("index.key", unreadable, ("keys/index.key",), id="the digests' key cannot be read"),
        pytest.param("hub.key", unreadable, ("keys/hub.key",), id="the log's key cannot be read"),
    ],
)
def test_a_key_file_that_is_open_or_cannot_be_read_stops_the_start_and_mended_all_goes_on(
    network: Network, name: str, spoil: Callable[[Path], Callable[[], object]], words: tuple[str, ...]
) -> None:
    refer(network)
    network.hub.step()  # something is under way
    mend = spoil(network.hub.settings.keys / name)

    with pytest.raises(HubError) as refused:
        network.reopen()
    looked = [one for one in examine(network.dir / "hub", network.clock) if "key" in one.place and not one.ok]
    mend()
    network.reopen()
    network.run()

    assert isinstance(refused.value, (IntegrityBroken, Unavailable))
    assert all(word in str(refused.value) for word in words), str(refused.value)
    assert refused.value.next_step
    assert looked
    assert all(one.next_step for one in looked)
    assert network.states() == {"delivered": 1}
    assert len(network.inbox("lakeside")) == 1
    assert network.verifies()


def test_an_epoch_key_that_is_lost_returns_what_it_sealed_and_the_hub_sends_it_again_inv_5(network: Network) -> None:
    refer(network)
    (network.dir / "lakeside.sqlite").rename(network.dir / "away")
    network.run()
    for path in (network.hub.settings.keys / "epochs").iterdir():
        path.unlink()
    (network.dir / "away").rename(network.dir / "lakeside.sqlite")
    network.clock.advance(BACKOFF)

    network.run()

    assert network.states() == {"returned": 1, "delivered": 1}
    assert len(network.inbox("lakeside")) == 1
    assert network.verifies()


# -- a consent row with a missing field


@pytest.mark.parametrize("column", MANDATORY)
def test_a_consent_row_with_a_missing_field_is_a_draft_says_which_and_completed_it_wakes_what_waits(
    network: Network, column: str
) -> None:
    db = network.db("harbour")
    whole = cms.add_client(db, first_name="Lin", birth_date="1980-02-03")
    cms.add_consent(db, whole)
    cms.add_referral(db, whole)
    lacking = cms.add_client(db)
    consent = cms.add_consent(db, lacking)
    (value,) = db.execute(f"SELECT {column} FROM consent WHERE consent_id = ?", (consent,)).fetchone()
    cms.update(db, "consent", consent, **{column: None})
    referral = cms.add_referral(db, lacking)

    network.run()

    desk = Desk(network.dir / "hub", network.clock, [])
    by = ("--agency", "harbour", "--as", "harbour-worker")
    shown = desk.json("consent", "show", f"harbour-cms/consent:{consent}", *by)["consents"][0]
    assert (shown["state"], shown["incomplete"]) == ("DRAFT", [column])
    assert network.told("harbour") == [("referral_id", referral, "DN_PENDING")]
    [word] = network.inbox("harbour", "refusal")
    assert word["payload"]["place"] == f"consent: got nothing in {column}; fill it in and save the consent"
    assert network.states() == {"delivered": 1, "refused": 1}

    cms.update(db, "consent", consent, **{column: value})
    network.run()

    assert network.states() == {"delivered": 2, "refused": 1}
    assert network.verifies()


def test_an_inbox_in_french_says_what_to_do_in_french_and_what_was_got_beside_it(network: Network) -> None:
    system = network.directory().systems["harbour-cms"]
    network.put(replace(system, settings={**system.settings, "language": "fr"}))
    refer(network, birth_date="9999-99-99")

    network.run()

    places = [word["payload"]["place"] for word in network.inbox("harbour", "refusal")]
    assert any(
        place.startswith(f"{advice('DN_SCHEMA').fr} (cms referral_out:1: client.birth_date: got 9999")
        for place in places
    )
    assert [value for value in PERSONAL if value in str(places)] == []
