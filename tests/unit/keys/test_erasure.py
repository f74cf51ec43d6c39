"""INV-1 and design §5: after the epoch's end nothing that is left on the disk opens anything.

Every 32 bytes in a row of every remaining file (database with its free pages, WAL, key folder) are tried as the epoch
key and as the message key. The same search finds the key before the epoch's end, so it would find one afterwards.
"""

from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, insert

from hub.errors import KeyGone
from hub.ids import RandomIds
from hub.keys import sealing
from hub.keys.ring import KeyRing, create_keys
from hub.store.sqlite import SqliteDatabase
from hub.store.tables import bus_record, message_key, metadata, outbox
from tests.contract.keys import DAY, ENVELOPE, MIDNIGHT_AFTER, TOPIC

CONTENT = b"Zo\xc3\xab Invented"  # what the envelope says about its person


@pytest.fixture
def stored(tmp_path):
    """A sealed message in outbox, key table and bus, as the unit and the relay would store it."""
    create_keys(tmp_path / "keys", RandomIds(), name="hub.example.org/log")
    ring = KeyRing(tmp_path / "keys", RandomIds())
    sealed, wrapped = ring.seal(ENVELOPE, topic=TOPIC, at=DAY)
    database = SqliteDatabase(tmp_path / "hub.sqlite")
    at, name = DAY.isoformat(), sealed.envelope_id
    with database.writing() as connection:
        metadata.create_all(connection, tables=[outbox, message_key, bus_record])
    with database.writing() as connection:
        row = {"envelope_id": name, "seq": 1, "topic": TOPIC, "lane": "L", "key_id": sealed.key_id, "created_at": at}
        connection.execute(insert(outbox).values(sealed=sealed.body, **row))
        connection.execute(insert(message_key).values(envelope_id=name, epoch=sealed.key_id, wrapped=wrapped))
        connection.execute(
            insert(bus_record).values(topic=TOPIC, offset=0, key="L", headers="{}", body=sealed.body, at=at)
        )
    yield database, ring, sealed, wrapped
    database.close()


def remains(tmp_path):
    return {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def opens(files, sealed, wrapped):
    """The names of files that hold 32 bytes which open the wrapped key or the body."""
    return {name for name, data in files.items() if any(_fits(key, sealed, wrapped) for key in _windows(data))}


def _windows(data):
    return {data[at : at + 32] for at in range(len(data) - 31)}


def _fits(key, sealed, wrapped):
    cipher = AESGCM(key)
    ids = {"envelope_id": sealed.envelope_id}
    for nonce, text, bound in (
        (wrapped[:12], wrapped[12 : sealing.WRAPPED_BYTES], sealing._bound(ids["envelope_id"], sealed.key_id)),
        (sealed.body[1:13], sealed.body[13:], sealing._bound(ids["envelope_id"], TOPIC, sealing.SCHEMA_VERSION)),
    ):
        try:
            cipher.decrypt(nonce, text, bound)
        except InvalidTag:
            continue
        return True
    return False


def test_nothing_left_in_database_free_pages_wal_or_key_folder_opens_anything_after_the_epochs_end(stored, tmp_path):
    _, ring, sealed, wrapped = stored
    assert opens(remains(tmp_path), sealed, wrapped) == {"2030-03-10.key"}  # only the key folder could

    ring.destroy_epochs(MIDNIGHT_AFTER + timedelta(hours=96))

    files = remains(tmp_path)
    assert any(sealed.body in data for data in files.values())  # the sealed bytes are still there, everywhere
    assert opens(files, sealed, wrapped) == set()
    assert not any(CONTENT in data for data in files.values())
    with pytest.raises(KeyGone):
        ring.open(sealed, wrapped, topic=TOPIC)


def test_deleted_rows_alone_erase_nothing_while_the_epoch_lives(stored, tmp_path):
    """Why the epoch's end is the certain erasure: the WAL still holds what ``secure_delete`` cleared in the table."""
    database, _, sealed, wrapped = stored

    with database.writing() as connection:
        for table in (outbox, message_key, bus_record):
            connection.execute(delete(table))

    files = remains(tmp_path)
    assert any(wrapped in data for data in files.values())
    assert opens(files, sealed, wrapped) == {"2030-03-10.key"}


def test_content_is_nowhere_in_the_clear_at_any_time(stored, tmp_path):
    assert not any(CONTENT in data or b"REFERRAL" in data for data in remains(tmp_path).values())
