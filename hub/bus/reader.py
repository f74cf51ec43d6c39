"""A group's place in its topics, and what comes next there.

- A record is held here until it is committed: a poll that is repeated gives the same records again.
- Where a topic ends is asked once a round, for all topics in one question; a round is over when a topic is polled a
  second time. So an empty answer is true when it is given, and an idle hub asks one question a step.
- What another worker of the group has committed meanwhile is not given any more.
- An error ends the client. The next round makes a new one, which begins where the group has committed.
- An offset whose bytes cannot be read (a codec we lack, a damaged batch) becomes an empty record without headers: it
  is set aside with an alarm, and the reader goes on behind it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka import errors as theirs

from hub.bus.clients import FETCH_MAX, REQUEST_MS, Clients, let_go, ours
from hub.bus.topics import fault
from hub.errors import BusUnavailable, HubError
from hub.ports import BusRecord

PARTITION = 0  # the only one
FETCH_MS = 1_000  # [policy] one wait for records that the broker says are there
FETCHES_MAX = 5  # [policy] such waits in a row without any
HELD_MAX = 16 * 2**20  # bytes; [policy] records held for one poll; the first comes whatever its size
UNREADABLE = (
    theirs.CorruptRecordError,
    theirs.UnsupportedCodecError,
    ValueError,
    LookupError,
    EOFError,
    RuntimeError,
    zlib.error,
    struct.error,
)
Describe = Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]]


@dataclass(slots=True)
class _Place:
    """One topic. ``next`` is the first offset that is not known to be committed, ``end`` the first that is free."""

    at: TopicPartition
    next: int
    end: int
    held: list[BusRecord] = field(default_factory=list)

    def reached(self) -> int:
        """The first offset that nobody has given out yet, as far as is known."""
        return self.held[-1].offset + 1 if self.held else self.next

    def octets(self) -> int:
        """How much is held."""
        return sum(len(record.body) for record in self.held)

    def drop_before(self, offset: int) -> None:
        """These are committed, or gone."""
        self.held = [record for record in self.held if record.offset >= offset]


class Reader:
    """The places of one group, for one worker.

    Args:
        describe: what the broker says about topics.
        known: topics that will be asked for.
    """

    def __init__(self, clients: Clients, group: str, describe: Describe, known: Callable[[], Sequence[str]]) -> None:
        self._clients, self._group, self._describe, self._known = clients, group, describe, known
        self._together = True
        self._consumer: KafkaConsumer | None = None
        self._places: dict[str, _Place] = {}
        self._polled: set[str] = set()  # topics of this round
        self._looked = False  # whether this round knows where they end
        self._away: HubError | None = None  # why this round cannot know

    def poll(self, topic: str, limit: int) -> list[BusRecord]:
        """See :meth:`hub.bus.kafka.KafkaBus.poll`."""
        if topic in self._polled:
            self.look_again()
        self._polled.add(topic)
        if self._away is not None:
            raise type(self._away)(*_parts(self._away))
        with self._asking() as consumer:
            self._look(consumer)
            place = self._places.get(topic) or self._begin(consumer, topic)
            if place.next < place.end:
                self._refresh(consumer, place)
                self._fill(consumer, place, limit)
            return place.held[:limit]

    def commit(self, topic: str, offset: int) -> None:
        """See :meth:`hub.bus.kafka.KafkaBus.commit`."""
        with self._asking() as consumer:
            place = self._places.get(topic) or self._begin(consumer, topic)
            after = offset + 1
            if after > place.end:
                place.end = _offsets(consumer.end_offsets, [place.at])[place.at]
            after = min(after, place.end)
            if after > place.next:
                consumer.commit({place.at: OffsetAndMetadata(after, "", -1)}, timeout_ms=REQUEST_MS)
                self._pass(consumer, place, after)

    def look_again(self) -> None:
        """Begin a round: something may be there that was not when the last one looked."""
        self._polled.clear()
        self._looked, self._away = False, None

    def give_up(self, why: HubError) -> None:
        """This round cannot know what is there; the next one tries again."""
        self._away = why

    def close(self) -> None:
        """Let go; the next poll begins where the group has committed."""
        consumer, self._consumer = self._consumer, None
        self._places.clear()
        self._looked = False
        if consumer is not None:
            let_go(consumer)

    @contextmanager
    def _asking(self) -> Iterator[KafkaConsumer]:
        """The client, made where there is none; ended by whatever goes wrong with it."""
        try:
            if self._consumer is None:
                self._consumer = self._clients.consumer(self._group)
        except HubError as error:
            self._away = error
            raise
        try:
            yield self._consumer
        except theirs.KafkaError as error:
            self.close()
            found = ours(error)
            self._away = found if isinstance(found, BusUnavailable) else self._away
            raise found from error
        except HubError as error:
            if isinstance(error, BusUnavailable):
                self._away = error
            raise  # else it is about one topic
        except BaseException:
            self.close()  # after an error the driver may loop for ever on what it has fetched
            raise

    def _look(self, consumer: KafkaConsumer) -> None:
        """Where every known topic ends, once a round."""
        if self._looked:
            return
        places = list(self._places.values())
        ends = _offsets(consumer.end_offsets, [place.at for place in places])
        for place in places:
            place.end = ends[place.at]
            if place.end < place.reached():  # made anew meanwhile
                del self._places[place.at.topic]
        self._looked = True

    def _begin(self, consumer: KafkaConsumer, topic: str) -> _Place:
        """A place in a topic. A new client begins in all that will be asked for at once: each alone takes 100 ms."""
        together = self._together and not self._places
        self._together = False  # where one of them cannot be reached, the next try is alone
        names = {topic, *self._known()} if together else {topic}
        described = self._describe(sorted(names))
        wrong = fault(topic, described.get(topic), "READ")
        if wrong is not None:
            raise wrong
        well = [name for name in names if fault(name, described.get(name), "READ") is None]
        self._begin_in(consumer, [TopicPartition(name, PARTITION) for name in well])
        self._together = True
        return self._places[topic]

    def _begin_in(self, consumer: KafkaConsumer, new: Sequence[TopicPartition]) -> None:
        """Where the group has committed; at the beginning, where that says nothing that can be true."""
        first, end = _offsets(consumer.beginning_offsets, new), _offsets(consumer.end_offsets, new)
        committed = {at: consumer.committed(at, timeout_ms=REQUEST_MS) for at in new}
        consumer.assign([*(place.at for place in self._places.values()), *new])
        for at in new:
            told = committed[at]
            start = told if told is not None and first[at] <= told <= end[at] else first[at]
            consumer.seek(at, start)
            consumer.pause(at)
            self._places[at.topic] = _Place(at, start, end[at])

    def _refresh(self, consumer: KafkaConsumer, place: _Place) -> None:
        """Skip what another worker has committed since, or the broker removed."""
        committed = consumer.committed(place.at, timeout_ms=REQUEST_MS) or 0
        if place.next < committed <= place.end:
            self._pass(consumer, place, committed)
        if place.held:
            place.drop_before(_offsets(consumer.beginning_offsets, [place.at])[place.at])

    def _pass(self, consumer: KafkaConsumer, place: _Place, offset: int) -> None:
        place.next = offset
        place.drop_before(offset)
        if _position(consumer, place) < offset:
            consumer.seek(place.at, offset)

    def _fill(self, consumer: KafkaConsumer, place: _Place, limit: int) -> None:
        """Fetch until there are enough, or the topic ends."""
        waits = 0
        _make_way(consumer, place)
        consumer.resume(place.at)
        try:
            while len(place.held) < limit and (before := _position(consumer, place)) < place.end:
                whole = self._fetch(consumer, place, limit)
                waits = waits + 1 if _position(consumer, place) == before else 0
                if waits == FETCHES_MAX:
                    raise theirs.KafkaTimeoutError("records that are there do not come")
                if whole and place.octets() >= HELD_MAX:
                    break
        finally:
            with suppress(theirs.KafkaError):
                consumer.pause(place.at)

    def _fetch(self, consumer: KafkaConsumer, place: _Place, limit: int) -> bool:
        """Fetch once; whether it brought all that was asked for, so that the driver holds no error back."""
        count = 1 if place.octets() > FETCH_MAX else limit - len(place.held)
        try:
            found = consumer.poll(timeout_ms=FETCH_MS, max_records=count)
        except UNREADABLE:
            bad = _position(consumer, place)
            place.held.append(BusRecord(bad, "", {}, b""))
            consumer.seek(place.at, bad + 1)  # also makes the driver forget what it cannot read: it would loop on it
            return count == 1
        records = found.get(place.at, [])
        place.held += [_record(each) for each in records]
        return len(records) == count


def _make_way(consumer: KafkaConsumer, place: _Place) -> None:
    """What was fetched of this topic and not asked for yet comes first.

    The driver (kafka-python 3.0.12, ``Fetcher.fetched_records``) puts aside what is left of a topic that was paused. It
    takes it up again only where nothing of another one stands in its place, be that used up: the topic would be silent.
    ``tests/contract/bus.py`` says whether another version of the driver needs this still, and has what it touches.
    """
    fetcher = consumer._fetcher  # no way round: neither seek nor assign lets it go
    other = fetcher._next_partition_records
    if other is not None and other.topic_partition != place.at:
        if other:
            fetcher._paused_partition_records[other.topic_partition] = other
        fetcher._next_partition_records = None


def _offsets(question: Callable[..., Any], at: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """The answer to a question about the beginnings or the ends of topics."""
    try:
        return dict(question(list(at), timeout_ms=REQUEST_MS)) if at else {}
    except LookupError:  # what the driver makes of a topic that has gone
        raise theirs.UnknownTopicOrPartitionError("one of the topics") from None


def _position(consumer: KafkaConsumer, place: _Place) -> int:
    found = consumer.position(place.at, timeout_ms=REQUEST_MS)
    if found is None:
        raise theirs.KafkaTimeoutError("no position")
    return int(found)


def _record(found: Any) -> BusRecord:
    """A record as the hub knows it. Of one that somebody else put there: without headers, so that it is set aside."""
    key = found.key.decode("utf-8", "replace") if found.key is not None else ""
    return BusRecord(found.offset, key, _headers(found.headers), found.value if found.value is not None else b"")


def _headers(found: Sequence[tuple[str, bytes | None]]) -> dict[str, str]:
    try:
        headers = {name: value.decode() for name, value in found if value is not None}
    except UnicodeDecodeError:
        return {}
    return headers if len(headers) == len(found) else {}  # a name twice, or without a value


def _parts(error: HubError) -> tuple[str, str, str, str]:
    return error.where, error.got, error.expected, error.next_step
