"""What every source promises (adapters/README.md). A subclass brings its agency's system and adds no test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

import pytest

from adapters.contract import Adapter, Answering, Gone, Page, Parcel, Raw, SentState, Source
from hub.errors import LeaseOver, RecordUnreadable, Unavailable
from hub.model.canonical import sha256

PAGES_MAX = 20
MARKED = "Zyxwvut"  # the family name of everybody whom `Agency.add` makes


class Agency(Protocol):
    """An agency's own system, as its workers use it."""

    def add(self) -> str:
        """A worker saves a record for the hub, about a person named MARKED; its key."""
        ...

    def change(self, key: str) -> None:
        """A worker changes it."""
        ...

    def remove(self, key: str) -> None:
        """It is deleted."""
        ...

    def received(self) -> list[tuple[str, bytes]]:
        """Envelope id and body of what arrived from the hub, as another reader sees it."""
        ...

    def parcel(self, envelope_id: str) -> Parcel:
        """A message in the system's own form."""
        ...

    def vanish(self) -> None:
        """The system cannot be reached any more."""
        ...

    def come_back(self) -> None:
        """It can be reached again, and holds what it held."""
        ...


class InAFolder:
    """An agency whose system is a folder."""

    folder: Path

    def vanish(self) -> None:
        self.folder.rename(self.folder.with_name("away"))

    def come_back(self) -> None:
        self.folder.with_name("away").rename(self.folder)


class Memory(dict[str, str]):
    """A memory in memory."""

    def put(self, key: str, value: str | None) -> None:
        if value is None:
            self.pop(key, None)
        else:
            self[key] = value

    def digest(self, text: str) -> str:
        return sha256(f"a key of ours\n{text}".encode())


class NoMemory:
    """A memory that nobody may touch."""

    def get(self, key: str) -> str | None:
        raise AssertionError("a message is sent without the store")

    def put(self, key: str, value: str | None) -> None:
        raise AssertionError("a message is sent without the store")

    def digest(self, text: str) -> str:
        return Memory().digest(text)


Connect = Callable[..., Source]


def drain(source: Source, since: str = "") -> tuple[list[Raw | Gone], str]:
    """Every page until there are no more."""
    found: list[Raw | Gone] = []
    for _ in range(PAGES_MAX):
        page = source.fetch(since)
        found.extend(page.raws)
        if page.cursor == since and not page.raws:
            return found, since
        since = page.cursor
    raise AssertionError("a fetch that never ends")


def page_by_page(connect: Connect) -> list[Raw | Gone]:
    """As ``drain``, each page read by a process of its own."""
    memory, found, since = Memory(), list[Raw | Gone](), ""
    for _ in range(PAGES_MAX):
        page = connect(memory).fetch(since)
        found.extend(page.raws)
        if page.cursor == since:
            return found
        since = page.cursor
    raise AssertionError("a fetch that never ends")


def answering(source: Source) -> Answering:
    return cast(Answering, source)


def keys(found: Sequence[Raw | Gone]) -> list[str]:
    return [one.key for one in found]


def nothing() -> None:
    """A commit that is in time."""


class ReadingSource:
    """What a source promises that only reads. Fixtures: ``agency`` (an Agency, who receives nothing),
    ``connect(memory=None)`` (a new Source on it), ``card`` (the Adapter).
    """

    # -- fetch

    def test_a_first_fetch_brings_every_record_once(self, agency: Agency, connect: Connect):
        saved = [agency.add() for _ in range(3)]

        found, _ = drain(connect())

        assert sorted(keys(found)) == sorted(saved)

    def test_what_was_settled_does_not_come_again(self, agency: Agency, connect: Connect):
        agency.add()
        source = connect()
        _, cursor = drain(source)

        assert drain(source, cursor)[0] == []

    def test_the_same_cursor_brings_the_same_page_again(self, agency: Agency, connect: Connect):
        agency.add()
        memory = Memory()
        first: Page = connect(memory).fetch("")

        assert connect(memory).fetch("").raws == first.raws, "a page that was not settled is lost"

    def test_what_is_fetched_can_be_parsed(self, agency: Agency, connect: Connect, card: Adapter):
        agency.add()

        for raw in drain(connect())[0]:
            assert isinstance(raw, Raw)
            assert card.parse(raw.key, raw.data).kind in {kind.name for kind in card.records}

    def test_a_cursor_of_somebody_else_is_refused_without_being_shown(self, connect: Connect):
        with pytest.raises(RecordUnreadable) as refused:
            connect().fetch(f"{MARKED} is no cursor")

        assert MARKED not in str(refused.value)

    def test_no_key_cursor_problem_or_memory_holds_a_name(self, agency: Agency, connect: Connect):
        agency.add()
        memory = Memory()
        source = connect(memory)
        found, cursor = drain(source)
        source.fetch(cursor)

        assert MARKED in str([raw.data for raw in found if isinstance(raw, Raw)]), "the mark is not where it should be"
        assert MARKED not in str((keys(found), cursor, dict(memory), source.fetch(cursor).problems))

    # -- refetch

    def test_a_refetch_answers_in_the_order_asked(self, agency: Agency, connect: Connect):
        first, second = agency.add(), agency.add()

        assert keys(connect().refetch([second, first, second])) == [second, first, second]

    def test_a_refetch_equals_the_fetch(self, agency: Agency, connect: Connect):
        key = agency.add()
        source = connect()
        found, _ = drain(source)

        assert keys(found) == [key]
        assert source.refetch([key]) == found

    def test_a_refetch_of_what_was_deleted_or_never_was_is_gone(self, agency: Agency, connect: Connect):
        key, kept = agency.add(), agency.add()
        source = connect()
        drain(source)
        agency.remove(key)

        found = source.refetch([key, kept, "never:was"])

        assert found[0] == Gone(key)
        assert isinstance(found[1], Raw)
        assert found[2] == Gone("never:was")

    # -- when it cannot be reached

    def test_a_system_out_of_reach_is_unavailable_and_a_second_try_works(self, agency: Agency, connect: Connect):
        key = agency.add()
        source = connect()
        agency.vanish()
        for attempt in (lambda: source.fetch(""), lambda: source.refetch([key]), source.reach):
            with pytest.raises(Unavailable):
                attempt()

        agency.come_back()

        assert keys(drain(source)[0]) == [key]

    def test_check_finds_nothing_wrong_with_a_healthy_system_and_changes_nothing(
        self, agency: Agency, connect: Connect
    ):
        findings = connect().check()

        assert findings
        assert all(finding.ok for finding in findings)
        assert agency.received() == []

    def test_check_says_what_to_do_about_a_system_out_of_reach(self, agency: Agency, connect: Connect):
        agency.vanish()

        wrong = [finding for finding in connect().check() if not finding.ok]

        assert wrong
        assert all(finding.next_step for finding in wrong)

    def test_a_closed_source_lets_go_and_may_be_closed_again(self, agency: Agency, connect: Connect):
        agency.add()
        source = connect()
        drain(source)

        source.close()
        source.close()


class SourceContract(ReadingSource):
    """What a source promises that reads and writes. Fixtures as above, and an agency who receives."""

    # -- send

    def test_messages_arrive_and_each_has_its_answer_in_order(self, agency: Agency, connect: Connect):
        parcels = [agency.parcel("e-2"), agency.parcel("e-1")]

        sent = connect().send(parcels, nothing)

        assert [(one.envelope_id, one.state) for one in sent] == [
            ("e-2", SentState.ACKNOWLEDGED),
            ("e-1", SentState.ACKNOWLEDGED),
        ]
        assert sorted(agency.received()) == sorted((parcel.envelope_id, parcel.body) for parcel in parcels)

    def test_a_message_sent_twice_is_there_once_and_both_times_acknowledged(self, agency: Agency, connect: Connect):
        parcel = agency.parcel("e-1")
        connect().send([parcel], nothing)

        (again,) = connect().send([parcel], nothing)

        assert again.state is SentState.ACKNOWLEDGED
        assert agency.received() == [("e-1", parcel.body)]

    def test_commit_is_called_once_and_before_anybody_can_see_the_message(self, agency: Agency, connect: Connect):
        seen: list[int] = []

        connect().send([agency.parcel("e-1"), agency.parcel("e-2")], lambda: seen.append(len(agency.received())))

        assert seen == [0]
        assert len(agency.received()) == 2

    def test_a_lease_that_is_over_leaves_nothing_and_a_later_send_works(self, agency: Agency, connect: Connect):
        def too_late() -> None:
            raise LeaseOver("lease of e-1")

        source = connect()
        with pytest.raises(LeaseOver):
            source.send([agency.parcel("e-1")], too_late)
        assert agency.received() == []

        source.send([agency.parcel("e-1")], nothing)

        assert len(agency.received()) == 1

    def test_nothing_to_send_is_nothing_to_commit(self, agency: Agency, connect: Connect):
        def commit() -> None:
            raise AssertionError("there is nothing to commit")

        assert connect().send([], commit) == []

    def test_a_message_is_sent_without_the_store(self, agency: Agency, connect: Connect):
        connect(NoMemory()).send([agency.parcel("e-1")], nothing)

        assert len(agency.received()) == 1

    def test_nothing_is_sent_to_a_system_out_of_reach_and_a_second_try_works(self, agency: Agency, connect: Connect):
        source = connect()
        agency.vanish()
        with pytest.raises(Unavailable):
            source.send([agency.parcel("e-1")], nothing)

        agency.come_back()

        assert agency.received() == []
        assert [one.state for one in source.send([agency.parcel("e-1")], nothing)] == [SentState.ACKNOWLEDGED]


class LivingSource(SourceContract):
    """A source whose records change and go, as rows do; a line of a file does neither."""

    def test_a_changed_record_comes_again_under_its_key(self, agency: Agency, connect: Connect):
        key, other = agency.add(), agency.add()
        source = connect()
        before, cursor = drain(source)
        agency.change(key)

        after, _ = drain(source, cursor)

        assert keys(after) == [key]
        assert other not in keys(after)
        assert after[0] not in before

    def test_a_record_that_is_gone_is_said_to_be_gone(self, agency: Agency, connect: Connect):
        key = agency.add()
        source = connect()
        _, cursor = drain(source)
        agency.remove(key)

        assert drain(source, cursor)[0] == [Gone(key)]

    def test_a_page_names_a_record_once(self, agency: Agency, connect: Connect):
        key = agency.add()
        agency.change(key)
        agency.change(key)

        assert keys(connect().fetch("").raws) == [key]
