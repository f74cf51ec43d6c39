"""What everything that touches key bytes promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from cryptography.exceptions import InvalidSignature

from hub.audit.verify.notes import parse_key
from hub.errors import IntegrityBroken, KeyGone
from hub.model.envelope import Envelope
from hub.ports import Keys

TOPIC = "delivery.q7n2"
DAY = datetime(2030, 3, 10, 12, tzinfo=UTC)
MIDNIGHT_AFTER = datetime(2030, 3, 11, tzinfo=UTC)
ENVELOPE = Envelope(
    envelope_id="0b6f6f0e-5a52-4c2e-9a43-5b8f0e3a7c11",
    message_id="m1",
    lane="L7QK2M4NXA3T",
    lane_seq=3,
    sender="north",
    recipient="south",
    event="new-referral",
    purpose="REFERRAL",
    decision_id="d1",
    consents=("c1/2", "c9/1"),
    salt="ab" * 32,
    created_at=DAY,
    bundle={"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "name": "Zoë Invented"}}]},
)


def of_length(count: int) -> Envelope:
    """The envelope with a text of so many characters inside."""
    return replace(ENVELOPE, bundle={"text": "x" * count})


class KeysContract:
    """A subclass names its keys (fixture ``keys``) and adds no test."""

    def test_what_was_sealed_is_opened_as_it_was(self, keys: Keys):
        sealed, wrapped = keys.seal(ENVELOPE, topic=TOPIC, at=DAY)

        assert keys.open(sealed, wrapped, topic=TOPIC) == ENVELOPE

    def test_the_sealed_message_names_its_envelope_and_its_epoch_and_nothing_else(self, keys: Keys):
        sealed, wrapped = keys.seal(ENVELOPE, topic=TOPIC, at=DAY)

        assert (sealed.envelope_id, sealed.key_id) == (ENVELOPE.envelope_id, "e-2030-03-10")
        for word in (b"Invented", b"north", b"REFERRAL", b"new-referral", b"c1/2"):
            assert word not in sealed.body
            assert word not in wrapped

    def test_the_epoch_is_the_day_in_utc(self, keys: Keys):
        evening_in_toronto = datetime(2030, 3, 10, 23, tzinfo=timezone(timedelta(hours=-4)))

        sealed, _ = keys.seal(ENVELOPE, topic=TOPIC, at=evening_in_toronto)

        assert sealed.key_id == "e-2030-03-11"

    def test_the_same_message_sealed_twice_shares_no_bytes(self, keys: Keys):
        (first, one), (second, two) = (keys.seal(ENVELOPE, topic=TOPIC, at=DAY) for _ in range(2))

        assert first.body[1:49] != second.body[1:49]
        assert one != two
        with pytest.raises(IntegrityBroken):
            keys.open(second, one, topic=TOPIC)

    def test_another_topic_does_not_open_it(self, keys: Keys):
        sealed, wrapped = keys.seal(ENVELOPE, topic=TOPIC, at=DAY)

        with pytest.raises(IntegrityBroken):
            keys.open(sealed, wrapped, topic="delivery.x4kd")

    def test_another_envelope_id_does_not_open_it(self, keys: Keys):
        sealed, wrapped = keys.seal(ENVELOPE, topic=TOPIC, at=DAY)

        with pytest.raises(IntegrityBroken):
            keys.open(replace(sealed, envelope_id="7f0c5c1e-0000-4000-8000-000000000000"), wrapped, topic=TOPIC)

    def test_another_epoch_does_not_open_it(self, keys: Keys):
        sealed, wrapped = keys.seal(ENVELOPE, topic=TOPIC, at=DAY)
        keys.seal(ENVELOPE, topic=TOPIC, at=DAY + timedelta(days=1))

        with pytest.raises(IntegrityBroken):
            keys.open(replace(sealed, key_id="e-2030-03-11"), wrapped, topic=TOPIC)

    @pytest.mark.parametrize("key_id", ["", "e-", "e-2030-13-45", "e-../../hub", "2030-03-10", "e-2030-03-10.key"])
    def test_a_key_id_that_names_no_epoch_opens_nothing(self, keys: Keys, key_id: str):
        sealed, wrapped = keys.seal(ENVELOPE, topic=TOPIC, at=DAY)

        with pytest.raises(IntegrityBroken):
            keys.open(replace(sealed, key_id=key_id), wrapped, topic=TOPIC)

    def test_every_flipped_byte_is_refused(self, keys: Keys):
        sealed, wrapped = keys.seal(ENVELOPE, topic=TOPIC, at=DAY)

        for at in range(len(sealed.body)):
            with pytest.raises(IntegrityBroken):
                keys.open(replace(sealed, body=_flip(sealed.body, at)), wrapped, topic=TOPIC)
        for at in range(len(wrapped)):
            with pytest.raises(IntegrityBroken):
                keys.open(sealed, _flip(wrapped, at), topic=TOPIC)

    def test_every_cut_or_longer_body_or_key_is_refused(self, keys: Keys):
        sealed, wrapped = keys.seal(ENVELOPE, topic=TOPIC, at=DAY)

        for body in (b"", sealed.body[:1], sealed.body[:-1], sealed.body[:-1024], sealed.body + b"\0"):
            with pytest.raises(IntegrityBroken):
                keys.open(replace(sealed, body=body), wrapped, topic=TOPIC)
        for key in (b"", wrapped[:-1], wrapped + b"\0"):
            with pytest.raises(IntegrityBroken):
                keys.open(sealed, key, topic=TOPIC)

    def test_the_length_tells_whole_kib_and_nothing_finer(self, keys: Keys):
        lengths = [len(keys.seal(of_length(count), topic=TOPIC, at=DAY)[0].body) for count in range(0, 4096, 64)]

        steps = sorted(set(lengths))
        assert {b - a for a, b in pairwise(steps)} == {1024}
        assert len(steps) in {4, 5}

    def test_an_epoch_is_destroyed_96_hours_after_its_day_and_not_before(self, keys: Keys):
        sealed, wrapped = keys.seal(ENVELOPE, topic=TOPIC, at=DAY)
        over = MIDNIGHT_AFTER + timedelta(hours=96)

        assert list(keys.destroy_epochs(over - timedelta(microseconds=1))) == []
        assert keys.open(sealed, wrapped, topic=TOPIC) == ENVELOPE

        assert list(keys.destroy_epochs(over)) == [date(2030, 3, 10)]
        with pytest.raises(KeyGone):
            keys.open(sealed, wrapped, topic=TOPIC)
        assert list(keys.destroy_epochs(over)) == []

    def test_destroying_one_epoch_leaves_the_later_ones(self, keys: Keys):
        keys.seal(ENVELOPE, topic=TOPIC, at=DAY)
        later, wrapped = keys.seal(ENVELOPE, topic=TOPIC, at=DAY + timedelta(days=1))

        keys.destroy_epochs(MIDNIGHT_AFTER + timedelta(hours=96))

        assert keys.open(later, wrapped, topic=TOPIC) == ENVELOPE

    def test_a_digest_is_the_same_for_the_same_and_different_in_each_domain(self, keys: Keys):
        digest = keys.digest("uci", "00001234")

        assert digest == keys.digest("uci", "00001234")
        assert len(digest) == 64
        assert set(digest) <= set("0123456789abcdef")
        others = [("uci", "00001235"), ("harts", "00001234"), ("uc", "i00001234"), ("uci0", "0001234"), ("uci", "")]
        assert digest not in {keys.digest(*other) for other in others}

    def test_a_signature_verifies_with_the_verifier_line(self, keys: Keys):
        key = parse_key(keys.verifier)

        key.public.verify(keys.sign(b"a note\n"), b"a note\n")

        assert key.name == keys.log_name
        with pytest.raises(InvalidSignature):
            key.public.verify(keys.sign(b"a note\n"), b"another\n")


def _flip(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)
