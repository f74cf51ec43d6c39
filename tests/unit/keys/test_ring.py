"""The key folder: owner-only, complete, made once, destroyed for everybody (design §5)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from hub.errors import IntegrityBroken, KeyGone, Refused, Unavailable
from hub.ids import RandomIds
from hub.keys.files import create_key, read_key
from hub.keys.ring import KeyRing, create_keys
from tests.contract.keys import DAY, ENVELOPE, MIDNIGHT_AFTER, TOPIC

NAME = "hub.example.org/log"
OVER = MIDNIGHT_AFTER + timedelta(hours=96)


@pytest.fixture
def folder(tmp_path):
    create_keys(tmp_path / "keys", RandomIds(), name=NAME)
    return tmp_path / "keys"


@pytest.fixture
def ring(folder):
    return KeyRing(folder, RandomIds())


def epoch_file(folder, day="2030-03-10"):
    return folder / "epochs" / f"{day}.key"


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestMaking:
    def test_a_new_folder_is_for_its_owner_alone(self, folder, ring):
        ring.seal(ENVELOPE, topic=TOPIC, at=DAY)

        assert set(contents(folder)) == {"hub.key", "hub.pub", "index.key", "epochs/2030-03-10.key"}
        for path in folder.rglob("*"):
            assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path.name
        assert folder.stat().st_mode & 0o777 == 0o700

    def test_the_public_line_is_in_hub_pub(self, folder, ring):
        assert (folder / "hub.pub").read_text() == ring.verifier + "\n"
        assert ring.verifier.startswith(NAME + "+")
        assert ring.log_name == NAME

    def test_a_complete_folder_is_left_as_it_is(self, folder):
        before = contents(folder)

        create_keys(folder, RandomIds(), name=NAME)

        assert contents(folder) == before

    @pytest.mark.parametrize("lost", ["hub.key", "index.key"])
    def test_a_lost_key_is_never_made_anew_beside_the_others(self, folder, lost):
        (folder / lost).unlink()
        before = contents(folder)

        with pytest.raises(Refused, match=f"{lost}.*bring it back"):
            create_keys(folder, RandomIds(), name=NAME)

        assert contents(folder) == before

    def test_a_lost_public_line_is_written_again(self, folder):
        line = (folder / "hub.pub").read_bytes()
        (folder / "hub.pub").unlink()

        create_keys(folder, RandomIds(), name=NAME)

        assert (folder / "hub.pub").read_bytes() == line

    def test_a_key_from_the_environment_is_not_written_down(self, folder, tmp_path):
        line = (folder / "hub.key").read_text().strip()

        create_keys(tmp_path / "second", RandomIds(), name=NAME, hub_key=line)

        ring = KeyRing(tmp_path / "second", RandomIds(), hub_key=line)
        assert set(contents(tmp_path / "second")) == {"hub.pub", "index.key"}
        assert ring.verifier == KeyRing(folder, RandomIds()).verifier

    def test_a_folder_that_cannot_be_made_is_said(self, tmp_path):
        (tmp_path / "file").write_bytes(b"")

        with pytest.raises(Unavailable):
            create_keys(tmp_path / "file" / "keys", RandomIds(), name=NAME)


class TestStarting:
    @pytest.mark.parametrize("name", [".", "epochs", "hub.key", "index.key"])
    @pytest.mark.parametrize("mode", [0o040, 0o004, 0o002])
    def test_open_permissions_stop_the_hub(self, folder, name, mode):
        path = folder / name
        path.chmod(path.stat().st_mode | mode)

        with pytest.raises(IntegrityBroken, match=r"mode 0\d+, expected 0[67]00.*chmod"):
            KeyRing(folder, RandomIds())

    @pytest.mark.parametrize("name", ["hub.key", "hub.pub", "index.key"])
    def test_a_missing_file_stops_the_hub_and_says_what_to_do(self, folder, name):
        (folder / name).unlink()

        with pytest.raises(IntegrityBroken, match=rf"{name}: got no such file; bring it back"):
            KeyRing(folder, RandomIds())

    def test_a_missing_folder_says_what_to_do(self, tmp_path):
        with pytest.raises(IntegrityBroken, match="hub init"):
            KeyRing(tmp_path / "nowhere", RandomIds())

    @pytest.mark.parametrize("name", ["hub.key", "hub.pub", "index.key"])
    def test_an_unreadable_file_stops_the_hub_and_says_what_to_do(self, folder, name):
        (folder / name).unlink()
        (folder / name).mkdir(mode=0o700)  # what even the superuser cannot read as a file

        with pytest.raises(Unavailable, match=f"{name}.*hub doctor"):
            KeyRing(folder, RandomIds())

    @pytest.mark.parametrize("name", ["hub.key", "index.key"])
    def test_a_damaged_file_stops_the_hub_and_shows_no_byte_of_it(self, folder, name):
        secret = (folder / name).read_bytes()
        damaged = bytearray(secret)
        damaged[-3] ^= 1
        (folder / name).write_bytes(damaged)

        with pytest.raises(IntegrityBroken, match=r"bring (it|the file)") as caught:
            KeyRing(folder, RandomIds())

        assert secret.hex()[:32] not in str(caught.value)
        assert secret[-20:].decode("latin-1") not in str(caught.value)

    def test_a_replaced_public_line_stops_the_hub(self, folder, tmp_path):
        create_keys(tmp_path / "other", RandomIds(), name=NAME)
        (folder / "hub.pub").write_bytes((tmp_path / "other" / "hub.pub").read_bytes())

        with pytest.raises(IntegrityBroken, match="another key than"):
            KeyRing(folder, RandomIds())


class TestEpochs:
    def test_several_processes_share_one_key_of_a_day(self, folder):
        rings = [KeyRing(folder, RandomIds()) for _ in range(8)]

        with ThreadPoolExecutor(8) as threads:
            sealed = list(threads.map(lambda ring: ring.seal(ENVELOPE, topic=TOPIC, at=DAY), rings))

        assert [path.name for path in (folder / "epochs").iterdir()] == ["2030-03-10.key"]
        for message, wrapped in sealed:
            for ring in rings:
                assert ring.open(message, wrapped, topic=TOPIC) == ENVELOPE

    def test_a_key_that_stands_there_is_not_made_again(self, tmp_path):
        create_key(tmp_path / "day.key", b"1" * 32, "a")

        create_key(tmp_path / "day.key", b"2" * 32, "b")

        assert read_key(tmp_path / "day.key") == b"1" * 32
        assert [path.name for path in tmp_path.iterdir()] == ["day.key"]

    def test_a_key_that_another_process_destroyed_is_dropped_from_memory(self, folder, ring):
        sealed, wrapped = ring.seal(ENVELOPE, topic=TOPIC, at=DAY)
        assert ring.open(sealed, wrapped, topic=TOPIC) == ENVELOPE  # in memory now

        KeyRing(folder, RandomIds()).destroy_epochs(OVER)

        with pytest.raises(KeyGone, match="2030-03-10"):
            ring.open(sealed, wrapped, topic=TOPIC)
        assert ring._cache == {}

    def test_a_key_put_back_in_another_form_is_not_taken_from_memory(self, folder, ring):
        sealed, wrapped = ring.seal(ENVELOPE, topic=TOPIC, at=DAY)
        epoch_file(folder).unlink()
        create_key(epoch_file(folder), b"2" * 32, "a")

        with pytest.raises(KeyGone, match="made anew"):
            ring.open(sealed, wrapped, topic=TOPIC)

    @pytest.mark.parametrize("damage", [b"", b"short", bytes(40), b"\xff" * 41])
    def test_a_damaged_epoch_opens_nothing_and_its_messages_go_back(self, folder, ring, damage):
        sealed, wrapped = ring.seal(ENVELOPE, topic=TOPIC, at=DAY)
        epoch_file(folder).write_bytes(damage)

        with pytest.raises(KeyGone, match="sent again"):
            KeyRing(folder, RandomIds()).open(sealed, wrapped, topic=TOPIC)

    def test_a_damaged_epoch_of_today_seals_nothing_and_is_not_replaced_in_silence(self, folder, ring):
        ring.seal(ENVELOPE, topic=TOPIC, at=DAY)
        epoch_file(folder).write_bytes(b"short")

        with pytest.raises(IntegrityBroken, match="remove the file"):
            KeyRing(folder, RandomIds()).seal(ENVELOPE, topic=TOPIC, at=DAY)

        assert epoch_file(folder).read_bytes() == b"short"

    def test_an_epoch_open_to_others_opens_nothing(self, folder, ring):
        sealed, wrapped = ring.seal(ENVELOPE, topic=TOPIC, at=DAY)
        epoch_file(folder).chmod(0o644)

        with pytest.raises(IntegrityBroken, match="mode 0644"):
            KeyRing(folder, RandomIds()).open(sealed, wrapped, topic=TOPIC)

    def test_a_folder_that_cannot_be_written_releases_nothing_and_leaves_nothing_half_written(self, folder, ring):
        (folder / "epochs").rmdir()

        with pytest.raises(Unavailable):
            ring.seal(ENVELOPE, topic=TOPIC, at=DAY)

        assert "epochs" not in {path.name for path in folder.iterdir()}

    def test_what_a_crash_left_of_making_a_key_is_destroyed_with_its_day(self, folder, ring):
        part = epoch_file(folder).with_name("2030-03-10.key.ABC.part")
        part.write_bytes(b"key bytes")

        assert list(ring.destroy_epochs(OVER - timedelta(seconds=1))) == []
        assert part.exists()
        assert list(ring.destroy_epochs(OVER)) == [date(2030, 3, 10)]
        assert not part.exists()

    def test_a_file_that_is_no_epoch_is_not_touched(self, folder, ring):
        for name in ("README", "2030-13-45.key", "x2030-03-10.key"):
            (folder / "epochs" / name).write_bytes(b"not ours")

        assert list(ring.destroy_epochs(datetime(2040, 1, 1, tzinfo=UTC))) == []
        assert len(list((folder / "epochs").iterdir())) == 3

    def test_the_bytes_of_a_destroyed_key_are_overwritten_before_its_name_goes(self, folder, ring, tmp_path):
        ring.seal(ENVELOPE, topic=TOPIC, at=DAY)
        (tmp_path / "second-name").hardlink_to(epoch_file(folder))  # lets us see the bytes after the name has gone

        ring.destroy_epochs(OVER)

        assert (tmp_path / "second-name").read_bytes() == bytes(40)

    def test_a_clock_that_jumped_back_seals_under_its_own_day_and_opens_again(self, ring):
        sealed, wrapped = ring.seal(ENVELOPE, topic=TOPIC, at=DAY - timedelta(days=30))

        assert sealed.key_id == "e-2030-02-08"
        assert ring.open(sealed, wrapped, topic=TOPIC) == ENVELOPE
