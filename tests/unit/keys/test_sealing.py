"""Sealing (design §5) for any content: it opens as it was, bound to id and topic; its length tells whole KiB."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import IntegrityBroken
from hub.keys import sealing
from tests.contract.keys import ENVELOPE, TOPIC

KEY, NONCE = b"k" * 32, b"n" * 12
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
ENVELOPES = st.builds(
    lambda envelope_id, consents, created_at, seq, bundle: replace(
        ENVELOPE, envelope_id=envelope_id, consents=consents, created_at=created_at, lane_seq=seq, bundle=bundle
    ),
    TEXT,
    st.lists(TEXT, max_size=3).map(tuple),
    st.datetimes(timezones=st.just(UTC)),
    st.integers(0, 2**40),
    st.dictionaries(TEXT, JSON, max_size=5),
)


def seal(envelope, topic=TOPIC):
    return sealing.seal_body(envelope, topic=topic, key=KEY, nonce=NONCE)


def unseal(body, envelope_id=ENVELOPE.envelope_id, topic=TOPIC, key=KEY):
    return sealing.open_body(body, envelope_id=envelope_id, topic=topic, key=key)


@given(ENVELOPES, TEXT)
def test_any_envelope_opens_as_it_was(envelope, topic):
    body = seal(envelope, topic)

    assert unseal(body, envelope.envelope_id, topic) == envelope
    assert len(body) % sealing.BLOCK_BYTES == sealing.OVERHEAD_BYTES


@given(st.data())
def test_any_flipped_bit_is_refused(data):
    body = bytearray(seal(ENVELOPE))
    body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises(IntegrityBroken):
        unseal(bytes(body))


@given(st.tuples(TEXT, TEXT), st.tuples(TEXT, TEXT))
def test_id_and_topic_are_bound_each_for_itself(sealed_for, opened_as):
    envelope = replace(ENVELOPE, envelope_id=sealed_for[0])
    body = seal(envelope, sealed_for[1])

    if sealed_for == opened_as:
        assert unseal(body, *opened_as) == envelope
    else:
        with pytest.raises(IntegrityBroken):
            unseal(body, *opened_as)


def test_a_boundary_between_id_and_topic_cannot_be_moved():
    body = seal(replace(ENVELOPE, envelope_id="ab"), "cd")

    for moved in (("a", "bcd"), ("abc", "d"), ("abcd", ""), ("", "abcd")):
        with pytest.raises(IntegrityBroken):
            unseal(body, *moved)


@settings(max_examples=50)
@given(st.integers(0, 3_000))
def test_contents_within_one_kib_have_one_length(count):
    one = seal(replace(ENVELOPE, bundle={"t": "x" * count}))
    longer = seal(replace(ENVELOPE, bundle={"t": "x" * (count + 1)}))

    assert len(longer) - len(one) in {0, sealing.BLOCK_BYTES}


def test_a_content_that_fills_its_block_gets_no_empty_one():
    base = len(sealing.canonical(sealing._document(replace(ENVELOPE, bundle={"t": ""})))) + 4
    fits = sealing.BLOCK_BYTES * 2 - base

    assert len(seal(replace(ENVELOPE, bundle={"t": "x" * fits}))) == 2 * 1024 + sealing.OVERHEAD_BYTES
    assert len(seal(replace(ENVELOPE, bundle={"t": "x" * (fits + 1)}))) == 3 * 1024 + sealing.OVERHEAD_BYTES


def test_another_key_does_not_open_it_and_the_error_holds_neither_key_nor_content():
    with pytest.raises(IntegrityBroken) as caught:
        unseal(seal(ENVELOPE), key=b"z" * 32)

    for secret in ("Invented", "kkkk", "zzzz", (b"k" * 32).hex(), (b"z" * 32).hex()):
        assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_wrapped_key_is_bound_to_its_envelope_and_its_epoch():
    epoch = AESGCM(b"e" * 32)
    wrapped = sealing.wrap(epoch, KEY, nonce=NONCE, envelope_id="id", key_id="e-2030-03-10")

    assert sealing.unwrap(epoch, wrapped, envelope_id="id", key_id="e-2030-03-10") == KEY
    for name, key_id in (("ie", "e-2030-03-10"), ("id", "e-2030-03-11"), ("ide", "-2030-03-10")):
        with pytest.raises(IntegrityBroken):
            sealing.unwrap(epoch, wrapped, envelope_id=name, key_id=key_id)
    with pytest.raises(IntegrityBroken):
        sealing.unwrap(AESGCM(b"f" * 32), wrapped, envelope_id="id", key_id="e-2030-03-10")


def test_an_instant_keeps_its_microseconds():
    envelope = replace(ENVELOPE, created_at=ENVELOPE.created_at + timedelta(microseconds=7))

    assert unseal(seal(envelope)).created_at == envelope.created_at
