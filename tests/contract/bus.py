"""What every bus promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from hub.ports import Bus, Outgoing

TOPIC, OTHER = "delivery.q7n2", "delivery.x4kd"
HEADERS = {"ce_specversion": "1.0", "ce_lane": "lane-1"}


class Expire(Protocol):
    """The first records of ``TOPIC`` are too old, and are removed by whoever does that."""

    def __call__(self, count: int) -> None: ...


def outgoing(body: bytes, *, topic: str = TOPIC, key: str = "lane-1") -> Outgoing:
    return Outgoing(topic, key, HEADERS, body)


def bodies(bus: Bus, topic: str = TOPIC, group: str = "a7", limit: int = 1_000) -> list[bytes]:
    return [record.body for record in bus.poll(topic, group, limit)]


class BusContract:
    """A subclass names its bus (fixtures ``bus`` and ``expire``) and adds no test."""

    def test_a_topic_that_nobody_wrote_to_is_empty(self, bus: Bus):
        assert bus.poll("delivery.nobody", "a7", 10) == []

    def test_what_is_read_is_what_was_published(self, bus: Bus):
        sealed = bytes(range(256))

        bus.publish([Outgoing(TOPIC, "lane-1", HEADERS, sealed)])

        (record,) = bus.poll(TOPIC, "a7", 10)
        assert (record.key, dict(record.headers), record.body) == ("lane-1", HEADERS, sealed)

    def test_records_of_one_key_keep_their_order(self, bus: Bus):
        bus.publish([outgoing(b"1"), outgoing(b"other", key="lane-2"), outgoing(b"2")])
        bus.publish([outgoing(b"3")])

        read = [record.body for record in bus.poll(TOPIC, "a7", 10) if record.key == "lane-1"]

        assert read == [b"1", b"2", b"3"]

    def test_a_topic_holds_only_what_was_published_to_it(self, bus: Bus):
        bus.publish([outgoing(b"here"), outgoing(b"there", topic=OTHER)])

        assert bodies(bus) == [b"here"]
        assert bodies(bus, OTHER) == [b"there"]

    def test_a_group_reads_again_what_it_did_not_commit(self, bus: Bus):
        bus.publish([outgoing(b"1"), outgoing(b"2")])
        first = bus.poll(TOPIC, "a7", 10)

        assert bus.poll(TOPIC, "a7", 10) == first

    def test_a_group_goes_on_after_what_it_committed(self, bus: Bus):
        bus.publish([outgoing(b"1"), outgoing(b"2"), outgoing(b"3")])
        second = bus.poll(TOPIC, "a7", 10)[1]

        bus.commit(TOPIC, "a7", second.offset)

        assert bodies(bus) == [b"3"]

    def test_groups_do_not_see_each_others_commits(self, bus: Bus):
        bus.publish([outgoing(b"1")])

        bus.commit(TOPIC, "a7", bus.poll(TOPIC, "a7", 10)[0].offset)

        assert bodies(bus, group="a7") == []
        assert bodies(bus, group="b3") == [b"1"]

    def test_a_commit_never_goes_back(self, bus: Bus):
        bus.publish([outgoing(b"1"), outgoing(b"2")])
        first, second = bus.poll(TOPIC, "a7", 10)
        bus.commit(TOPIC, "a7", second.offset)

        bus.commit(TOPIC, "a7", first.offset)

        assert bodies(bus) == []

    def test_a_commit_past_the_end_does_not_hide_what_comes_later(self, bus: Bus):
        bus.publish([outgoing(b"1")])
        bus.commit(TOPIC, "a7", bus.poll(TOPIC, "a7", 10)[0].offset + 1_000)

        bus.publish([outgoing(b"2")])

        assert bodies(bus) == [b"2"]

    def test_a_commit_on_an_unknown_topic_hides_nothing(self, bus: Bus):
        bus.commit(TOPIC, "a7", 5)

        bus.publish([outgoing(b"1")])

        assert bodies(bus) == [b"1"]

    def test_the_same_record_published_twice_is_there_twice(self, bus: Bus):
        bus.publish([outgoing(b"again")])
        bus.publish([outgoing(b"again")])

        first, second = bus.poll(TOPIC, "a7", 10)
        assert first.body == second.body == b"again"
        assert first.offset < second.offset

    def test_publishing_nothing_is_nothing(self, bus: Bus):
        bus.publish([])

        assert bodies(bus) == []

    def test_a_poll_gives_at_most_its_limit_and_skips_none(self, bus: Bus):
        bus.publish([outgoing(b"%d" % n) for n in range(5)])
        page = bus.poll(TOPIC, "a7", 2)
        bus.commit(TOPIC, "a7", page[-1].offset)

        assert [record.body for record in page] == [b"0", b"1"]
        assert bodies(bus) == [b"2", b"3", b"4"]

    def test_topics_that_are_read_in_turn_one_in_parts_and_one_at_once_are_read_to_their_ends(self, bus: Bus):
        sent = [b"%d" % number for number in range(9)]
        read: dict[str, list[bytes]] = {TOPIC: [], OTHER: []}

        for turn in range(3):  # the first one is how a group begins
            bus.publish([outgoing(body, topic=topic) for topic in read for body in sent[3 * turn : 3 * turn + 3]])
            for topic, limit in ((TOPIC, 2), (OTHER, 10), (TOPIC, 2)):
                for record in bus.poll(topic, "a7", limit):
                    read[topic].append(record.body)
                    bus.commit(topic, "a7", record.offset)

        assert read == {TOPIC: sent, OTHER: sent}

    def test_expiry_removes_what_is_older_and_leaves_the_offsets_of_the_rest(self, bus: Bus, expire: Expire):
        bus.publish([outgoing(b"old")])
        bus.publish([outgoing(b"new")])
        kept = bus.poll(TOPIC, "a7", 10)[1]

        expire(1)

        assert bus.poll(TOPIC, "a7", 10) == [kept]

    def test_an_offset_is_never_used_again_even_when_everything_has_expired(self, bus: Bus, expire: Expire):
        bus.publish([outgoing(b"old")])
        old = bus.poll(TOPIC, "a7", 10)[0]
        bus.commit(TOPIC, "a7", old.offset)
        expire(1)

        bus.publish([outgoing(b"new")])

        (new,) = bus.poll(TOPIC, "a7", 10)
        assert new.offset > old.offset

    def test_two_publishers_at_once_lose_nothing_and_keep_each_lane_in_order(self, bus: Bus):
        def write(lane: str) -> None:
            for n in range(25):
                bus.publish([outgoing(b"%s %d" % (lane.encode(), n), key=lane)])

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(write, ["lane-1", "lane-2"]))

        read = bus.poll(TOPIC, "a7", 100)
        assert len({record.offset for record in read}) == 50
        for lane in ("lane-1", "lane-2"):
            mine = [record.body for record in read if record.key == lane]
            assert mine == [b"%s %d" % (lane.encode(), n) for n in range(25)]
