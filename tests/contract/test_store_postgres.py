"""The store on PostgreSQL: the same contract, and what is PostgreSQL's alone: many units at once, and a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, make_url, select, text

from consent.model.words import ConsentState
from hub.errors import HubError, Refused, Unavailable, Unexpected
from hub.model import locks
from hub.model.envelope import MessageState, Sealed
from hub.model.rows import Handover, Outbound
from hub.store import postgres, tables
from hub.store.migrate import migrate
from hub.store.postgres import PostgresDatabase, database_name, server_time
from hub.store.unit import SqlStore, SqlUnit
from tests.contract.store import AT, StoreContract, consent_of, happened, waiting
from tests.fakes import SeededIds, StandingClock
from tests.services.postgres import Postgres, PostgresAt

WAIT_S = 5.0  # for a thread that must come; none is expected to take so long


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def store(hub_url: str, clock: StandingClock) -> Iterator[SqlStore]:
    made = SqlStore(PostgresDatabase(hub_url), clock, SeededIds())
    yield made
    made.close()


@pytest.fixture
def other(hub_url: str, clock: StandingClock) -> Iterator[SqlStore]:
    """Another process's, as far as the server can tell."""
    made = SqlStore(PostgresDatabase(hub_url), clock, SeededIds(2))
    yield made
    made.close()


class TestPostgresStore(StoreContract):
    pass


# -- the race of a gate with a withdrawal


def file(unit: SqlUnit, ref: str, version: int, state: ConsentState) -> None:
    consent = consent_of(ref, f"c-{ref}", version, state)
    unit.consents.put(consent, happened(state), system="harbour-cms", key=f"consent:{ref}", read_as=str(version))


def person(store: SqlStore) -> str:
    """Somebody with a consent in force."""
    with store.unit() as unit:
        ref = unit.subjects.mint()
        file(unit, ref, 1, ConsentState.ACTIVE)
    return ref


def withdraw(store: SqlStore, ref: str) -> None:
    with store.unit(own=[locks.subject(ref)]) as unit:
        file(unit, ref, 2, ConsentState.WITHDRAWN)


def state_of(unit: SqlUnit, ref: str) -> ConsentState:
    (consent,) = unit.subjects.facts([ref])[ref].consents
    return consent.state


def decides_while_another_withdraws(store: SqlStore, other: SqlStore) -> tuple[ConsentState, bool]:
    """What a gate has read of a consent, and whether its withdrawal had returned before the gate's unit was over."""
    ref = person(store)
    thread = threading.Thread(target=withdraw, args=(other, ref))
    with store.unit(share=[locks.subject(ref)]) as unit:
        seen = state_of(unit, ref)
        thread.start()
        thread.join(0.3)
        returned = not thread.is_alive()
    thread.join(WAIT_S)
    return seen, returned


def waits_for_a_withdrawal(store: SqlStore, other: SqlStore) -> ConsentState:
    """What a gate reads of a consent whose withdrawal was under way when the gate asked for its locks."""
    ref = person(store)
    seen: list[ConsentState] = []

    def gate() -> None:
        with other.unit(share=[locks.subject(ref)]) as unit:
            seen.append(state_of(unit, ref))

    thread = threading.Thread(target=gate)
    with store.unit(own=[locks.subject(ref)]) as unit:
        file(unit, ref, 2, ConsentState.WITHDRAWN)
        thread.start()
        thread.join(0.3)
    thread.join(WAIT_S)
    return seen[0]


def test_without_the_locks_a_withdrawal_returns_between_decision_and_release_and_with_them_it_does_not_inv_3(
    store: SqlStore, other: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = decides_while_another_withdraws(store, other)
    begin = PostgresDatabase.writing
    monkeypatch.setattr(PostgresDatabase, "writing", lambda self, **_: begin(self))
    leaked = decides_while_another_withdraws(store, other)

    assert held == (ConsentState.ACTIVE, False)
    assert leaked == (ConsentState.ACTIVE, True), "released on a consent whose withdrawal had already returned"


def test_a_unit_with_one_snapshot_decides_on_what_was_before_its_locks_and_ours_does_not_inv_3(
    hub_url: str, store: SqlStore, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = postgres._engine

    def seen_at(isolation: str) -> ConsentState:
        monkeypatch.setattr(postgres, "_engine", lambda url, _, *, read_only: make(url, isolation, read_only=read_only))
        with closing(SqlStore(PostgresDatabase(hub_url), clock, SeededIds(3))) as gate:
            return waits_for_a_withdrawal(store, gate)

    assert seen_at("REPEATABLE READ") is ConsentState.ACTIVE, "decided on a consent that had been withdrawn"
    assert seen_at("READ COMMITTED") is ConsentState.WITHDRAWN


def test_who_shares_behind_a_waiting_owner_waits_too(store: SqlStore, other: SqlStore) -> None:
    """Or busy workers would starve a withdrawal."""
    ref = person(store)
    order: list[str] = []
    first = store.unit(share=[locks.subject(ref)])

    def late() -> None:
        with store.unit(share=[locks.subject(ref)]) as unit:
            order.append(state_of(unit, ref).value)

    with first:
        owner = threading.Thread(target=withdraw, args=(other, ref))
        owner.start()
        wait_until(lambda: waiting_for_locks(store) == 1)
        behind = threading.Thread(target=late)
        behind.start()
        wait_until(lambda: waiting_for_locks(store) == 2)
    for thread in (owner, behind):
        thread.join(WAIT_S)

    assert order == ["WITHDRAWN"]


def waiting_for_locks(store: SqlStore) -> int:
    asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with store.database.reading() as connection:
        return int(connection.execute(text(asked)).scalar_one())


def wait_until(holds: Callable[[], bool]) -> None:
    until_s = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < until_s
        time.sleep(0.005)


def test_units_that_name_the_same_locks_in_any_order_never_wait_in_a_ring(store: SqlStore) -> None:
    names = [locks.digest(str(number)) for number in range(20)]

    def many(turn: int) -> None:
        for n in range(30):
            mine = names[:: 1 if (turn + n) % 2 else -1]
            with store.unit(share=mine[:10], own=mine[10:]):
                pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(many, range(4)))


def test_what_a_unit_mints_is_its_own_also_for_the_server(store: SqlStore, other: SqlStore) -> None:
    entered = threading.Event()

    def gate(ref: str) -> None:
        with other.unit(share=[locks.subject(ref)]):
            entered.set()

    with store.unit() as unit:
        thread = threading.Thread(target=gate, args=(unit.subjects.mint(),))
        thread.start()
        assert not entered.wait(0.3)
    assert entered.wait(WAIT_S)
    thread.join(WAIT_S)


# -- units that name no lock in common


def test_registry_numbers_of_units_side_by_side_have_no_gap_and_none_comes_twice(store: SqlStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        refs = list(pool.map(lambda _: person(store), range(24)))

    with store.peek() as rows:
        found = [consent.registry_seq for facts in rows.subjects.facts(refs).values() for consent in facts.consents]
        head = rows.consents.head()
    assert (sorted(found), head) == (list(range(1, 25)), 24)


def test_two_that_mint_the_same_at_the_same_moment_are_one_and_one_that_tries_again(
    store: SqlStore, other: SqlStore
) -> None:
    ref = person(store)
    told: list[HubError] = []

    def second() -> None:
        try:
            with other.unit(share=[locks.subject(ref)]) as unit:
                unit.subjects.alias("lakeside", ref)
        except HubError as error:
            told.append(error)

    with store.unit(share=[locks.subject(ref)]) as unit:
        alias = unit.subjects.alias("lakeside", ref)
        thread = threading.Thread(target=second)
        unit.subjects.by_alias("lakeside", alias)  # written now
        thread.start()
        wait_until(lambda: not thread.is_alive() or transactions_waiting(store) == 1)
    thread.join(WAIT_S)

    assert [type(each) for each in told] == [Unavailable]
    with other.unit(share=[locks.subject(ref)]) as unit:
        assert unit.subjects.alias("lakeside", ref) == alias


def transactions_waiting(store: SqlStore) -> int:
    asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
    with store.database.reading() as connection:
        return int(connection.execute(text(asked)).scalar_one())


def outbound(number: int) -> Outbound:
    name = f"e-{number}"
    return Outbound(name, 0, "delivery.A", f"lane-{number}", Sealed(name, "2026-06-01", b"sealed"), AT)


def handover(number: int, **changes: Any) -> Handover:
    fields: dict[str, Any] = {
        "envelope_id": f"e-{number}", "message_id": f"m-{number}", "recipient": "lakeside", "system": "lakeside-cms",
        "service": None, "lane": f"lane-{number}", "lane_seq": 1, "state": MessageState.ARRIVED, "sha256": "",
        "subject_ref": None, "referral_no": None, "attempts": 0, "due_at": AT, "return_at": AT + timedelta(days=9_000),
    }  # fmt: skip
    return Handover(**{**fields, **changes})


def test_two_gates_may_release_at_the_same_moment(store: SqlStore, other: SqlStore) -> None:
    with store.unit() as one, other.unit() as two:
        one.outbox.put(outbound(1), b"key")
        two.outbox.put(outbound(2), b"key")

    with store.peek() as rows:
        assert {each.envelope_id for each in rows.outbox.unpublished(10)} == {"e-1", "e-2"}


def test_workers_share_what_is_due_and_what_one_has_let_go_is_there_for_the_other(
    store: SqlStore, other: SqlStore
) -> None:
    with store.unit() as unit:
        for number in range(10):
            unit.handovers.put(handover(number), [])

    def due(rows: Any, limit: int = 4) -> list[str]:
        return [row.envelope_id for row in rows.handovers.due("lakeside-cms", rows.now, limit)]

    with store.peek() as rows, other.peek() as theirs:
        first, second, rest = due(rows), due(theirs), due(theirs, 10)
    with other.peek() as rows:
        after = due(rows)

    assert (first, second, rest) == (
        ["e-0", "e-1", "e-2", "e-3"],
        ["e-4", "e-5", "e-6", "e-7"],
        [*second, "e-8", "e-9"],
    )
    assert after == first


def test_a_hand_over_is_opened_by_one_of_two(store: SqlStore, other: SqlStore) -> None:
    with store.unit() as unit:
        unit.handovers.put(handover(1), [])
    opened: list[str] = []

    def open_it(by: SqlStore, name: str) -> None:
        with by.unit(share=[locks.CONFIG]) as unit:
            if unit.handovers.get(["e-1"])["e-1"].state is MessageState.ARRIVED:
                time.sleep(0.05)
                unit.handovers.opened(["e-1"], unit.now + timedelta(seconds=10))
                opened.append(name)

    threads = [threading.Thread(target=open_it, args=each) for each in ((store, "one"), (other, "other"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)

    assert len(opened) == 1


def test_a_wake_up_between_look_and_snooze_is_not_lost(store: SqlStore, other: SqlStore) -> None:
    """A worker puts a row back to sleep after its fetch; the change that comes meanwhile makes it due."""
    lock = locks.digest("x")
    with store.unit(share=[lock]) as unit:
        unit.waiting.put(replace(waiting("a", lock), due_at=AT))

    def change() -> None:
        with other.unit(own=[lock]):
            pass

    thread = threading.Thread(target=change)
    with store.unit(share=[locks.CONFIG]) as unit:
        assert unit.waiting.get("w-a") is not None
        thread.start()
        thread.join(0.3)
        unit.waiting.snooze("w-a", None)
    thread.join(WAIT_S)

    with store.peek() as rows:
        assert [row.record_key for row in rows.waiting.due("harbour-cms", rows.now, 10)] == ["a"]


def test_a_lease_is_given_to_one_of_many_who_ask_at_once(store: SqlStore) -> None:
    def take(holder: str) -> bool:
        with store.unit() as unit:
            return unit.cursors.lease("relay", holder, unit.now + timedelta(seconds=10))

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(take, "abcdef"))

    assert taken.count(True) == 1


# -- time, texts, errors


def test_the_servers_clock_says_when_a_unit_is_and_it_is_read_after_the_locks(hub_url: str) -> None:
    with closing(SqlStore(PostgresDatabase(hub_url), StandingClock(), SeededIds(), now=server_time)) as store:
        seen: list[datetime] = []

        def second() -> None:
            with store.unit(share=[locks.CONFIG]) as unit:
                seen.append(unit.now)

        thread = threading.Thread(target=second)
        with store.unit(own=[locks.CONFIG]):
            thread.start()
            wait_until(lambda: waiting_for_locks(store) == 1)
            with store.peek() as rows:
                before = rows.now
        thread.join(WAIT_S)

    assert before < seen[0]
    assert (seen[0].tzinfo, abs(seen[0] - datetime.now(UTC)) < timedelta(minutes=1)) == (UTC, True)


def test_a_peek_is_one_snapshot_that_refuses_to_write(store: SqlStore) -> None:
    with store.database.reading() as connection:
        before = connection.execute(select(tables.adapter_cursor)).all()
        with store.unit() as unit:
            unit.cursors.put("harbour-cms", "7")
        assert connection.execute(select(tables.adapter_cursor)).all() == before

    with pytest.raises(Unavailable, match="ReadOnly"), store.database.reading() as connection:
        connection.execute(insert(tables.adapter_cursor).values(system="a", cursor="b"))


def test_a_value_that_the_server_refuses_is_a_fault_of_ours_and_is_not_shown(store: SqlStore) -> None:
    with pytest.raises(Unexpected) as caught, store.unit() as unit:
        unit.referrals._scope.write(insert(tables.registry_head).values(id=7, seq=2**70))
    assert str(2**70) not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_error_of_the_driver_does_not_carry_its_parameters(store: SqlStore) -> None:
    with pytest.raises(HubError) as caught, store.database.writing() as connection:
        connection.execute(text("INSERT INTO lease VALUES (:marked, NULL, NULL)"), {"marked": "Tremblay-1991-07-22"})

    assert "Tremblay" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    ["mysql://hub:Geheim@db/hub", "Geheim", "postgresql://hub:Geheim@db", "postgresql://hub:Geheim@db:port/hub"],
)
def test_a_url_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Refused) as caught:
        PostgresDatabase(url)

    assert "Geheim" not in str(caught.value)


def test_a_server_that_is_not_there_is_unavailable_and_its_url_is_not_shown() -> None:
    database = PostgresDatabase("postgresql://hub:Geheim@127.0.0.1:9/hub")

    with pytest.raises(Unavailable, match="store hub: got Connection refused") as caught, database.writing():
        pass

    assert "Geheim" not in str(caught.value)
    database.close()


def test_a_unit_that_stands_still_loses_its_locks_and_writes_nothing(
    hub_url: str, store: SqlStore, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "IDLE_UNIT_MS", 100)
    with closing(SqlStore(PostgresDatabase(hub_url), clock, SeededIds(2))) as still:
        with pytest.raises(Unavailable), still.unit(own=[locks.CONFIG]) as unit:
            unit.cursors.put("harbour-cms", "7")
            with store.unit(share=[locks.CONFIG]):  # waits until the server has ended the other's session
                pass
            unit.cursors.put("harbour-cms", "8")

        with store.peek() as rows:
            assert rows.cursors.get("harbour-cms") == ""
        with still.unit(own=[locks.CONFIG]):  # on a new connection
            pass


def test_who_waits_too_long_for_a_lock_is_told_and_may_try_again(
    hub_url: str, store: SqlStore, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_TIMEOUT_MS", 50)
    with closing(SqlStore(PostgresDatabase(hub_url), clock, SeededIds(2))) as hasty:
        with store.unit(own=[locks.CONFIG]), pytest.raises(Unavailable), hasty.unit(share=[locks.CONFIG]):
            pass
        with hasty.unit(share=[locks.CONFIG]):
            pass


def test_a_server_that_was_killed_takes_nothing_with_it_and_is_found_again(own_postgres: Postgres) -> None:
    database = PostgresDatabase(own_postgres.database())
    migrate(database)
    with closing(SqlStore(database, StandingClock(), SeededIds())) as store:
        with store.unit() as unit:
            unit.cursors.put("harbour-cms", "7")
        with pytest.raises(Unavailable), store.unit() as unit:
            unit.cursors.put("harbour-cms", "8")
            own_postgres.kill()
        with pytest.raises(Unavailable), store.unit():
            pass
        own_postgres.start_again()

        with store.peek() as rows:
            assert rows.cursors.get("harbour-cms") == "7"
        with store.unit() as unit:
            unit.cursors.put("harbour-cms", "9")


def test_the_hubs_sessions_keep_what_they_answer_also_where_the_server_is_told_not_to(
    postgres: Any, hub_url: str
) -> None:
    name = database_name(hub_url)
    postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with closing(PostgresDatabase(hub_url)) as database, database.writing() as connection:
        assert settings(connection, "synchronous_commit", "transaction_isolation") == ["on", "read committed"]
    postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = remote_apply")
    with closing(PostgresDatabase(hub_url)) as database, database.writing() as connection:
        assert settings(connection, "synchronous_commit") == ["remote_apply"], "what is stronger stays"


@pytest.mark.parametrize("parameter", ["foo=bar", "port=zz"])
def test_a_url_that_the_driver_does_not_take_is_refused_and_not_a_broken_store(parameter: str) -> None:
    def reached() -> None:
        with closing(PostgresDatabase(f"postgresql://zq-user:zq-word@127.0.0.1:1/x?{parameter}")) as database:
            database.reading().__enter__()

    with pytest.raises(Refused, match="store") as refused:
        reached()

    assert "zq" not in str(refused.value)


def test_a_right_that_the_user_lacks_is_refused_with_what_to_do(postgres: PostgresAt, hub_url: str) -> None:
    role = f"less_{database_name(hub_url)}"
    postgres.run(f"CREATE ROLE {role} LOGIN PASSWORD 'less'")
    postgres.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", hub_url)
    less = make_url(hub_url).set(username=role, password="less").render_as_string(hide_password=False)
    store = SqlStore(PostgresDatabase(less), StandingClock(), SeededIds())

    with pytest.raises(Refused, match="a right that the hub's user does not have"), store.unit() as unit:
        unit.cursors.put("x", "y")

    store.close()


def settings(connection: Any, *names: str) -> Sequence[str]:
    return [connection.execute(text(f"SHOW {name}")).scalar_one() for name in names]


def postgres_name(url: str) -> str:
    return url.rsplit("/", 1)[1]
