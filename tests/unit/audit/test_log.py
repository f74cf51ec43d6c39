"""The writer: INV-7's log takes every entry once, in order, and notices when it is not its own continuation."""

import base64
import json
import shutil

import pytest
from sqlalchemy import delete, insert, select, update

from hub.audit import late
from hub.audit import log as log_module
from hub.audit import stored as stored_module
from hub.audit.log import AuditLog
from hub.audit.tree import EMPTY_ROOT, extends, includes, leaf_hash, root_of
from hub.errors import IntegrityBroken, Refused, Unavailable
from hub.keys.ring import KeyRing, create_keys
from hub.model.canonical import canonical
from hub.store.tables import audit_entry, audit_head, audit_leaf, audit_pending, checkpoint
from tests.fakes import SeededIds, StandingClock
from tests.unit.audit.conftest import add, body, new_database


def read_back(log):
    return [entry.body for entry in log.stored()]


def change(database, statement):
    with database.writing() as connection:
        connection.execute(statement)


class TestIntegrating:
    def test_an_idle_log_has_nothing_to_do(self, log):
        assert log.step() is False
        assert (log.head().size, log.head().root) == (0, EMPTY_ROOT)

    def test_pending_entries_get_their_place_in_the_order_of_their_ids(self, log, write):
        write(3, 1, 2)

        assert log.step() is True

        assert read_back(log) == [body(1), body(2), body(3)]
        assert log.head().root == root_of(map(leaf_hash, [body(1), body(2), body(3)]))
        assert log.step() is False

    def test_an_entry_that_commits_late_with_a_smaller_id_is_not_jumped_over(self, log, write):
        write(10, 11)
        log.step()
        write(5)

        log.step()

        assert read_back(log) == [body(10), body(11), body(5)]

    def test_a_step_takes_a_bounded_batch_and_batches_make_the_same_tree_as_one(self, log, write, monkeypatch):
        monkeypatch.setattr(stored_module, "BATCH", 3)
        write(*range(8))

        steps = [log.step() for _ in range(4)]

        assert steps == [True, True, True, False]
        assert log.head().root == root_of(leaf_hash(body(n)) for n in range(8))

    def test_a_batch_that_fails_leaves_head_entries_and_pending_rows_as_they_were(self, log, database, write):
        write(1)
        log.step()
        write(2)
        before = log.head()
        change(database, insert(audit_leaf).values(level=0, offset=1, hash=b"in the way"))

        with pytest.raises(IntegrityBroken):
            log.step()

        change(database, delete(audit_leaf).where(audit_leaf.c.offset == 1))
        assert log.head() == before
        log.step()
        assert read_back(log) == [body(1), body(2)]

    def test_a_pending_row_without_its_entry_stops_the_log(self, log, database, write):
        write(1)
        change(database, delete(audit_entry))

        with pytest.raises(IntegrityBroken, match="it is missing"):
            log.step()

    def test_an_entry_that_has_a_place_does_not_get_a_second_one(self, log, database, write):
        write(1)
        log.step()
        change(database, insert(audit_pending).values(id="e000001"))

        with pytest.raises(IntegrityBroken, match="it has one"):
            log.step()


class TestPromises:
    """Design §5: an entry of a message that was released has its place a second after it was written."""

    @pytest.fixture
    def release(self, database):
        def released(at, event="DELIVERY", number=1, **said):
            entry = f"{at:%Y%m%dT%H%M%S%f}-{number:05d}-AAAAAAAAAAAA"
            own = said or {"payload_digest": "0" * 64}
            body = canonical({"id": entry, "event_type": event, **own})
            with database.writing() as connection:
                connection.execute(insert(audit_entry).values(id=entry, body=body, entry_index=None))
                connection.execute(insert(audit_pending).values(id=entry))

        return released

    def alarms(self, log):
        while log.step():
            pass
        return [said for said in map(json.loads, read_back(log)) if said["event_type"] == "ALARM"]

    def test_kept_to_the_instant_it_is_no_alarm(self, log, clock, release):
        release(clock.now())
        clock.advance(late.PROMISED)

        assert self.alarms(log) == []

    def test_not_kept_it_is_one_in_the_log_itself(self, log, clock, release):
        for number in (1, 2):
            release(clock.now(), number=number)
        clock.advance(late.PROMISED + log_module.timedelta(milliseconds=1))
        release(clock.now(), number=3)

        (alarm,) = self.alarms(log)

        told = {name: alarm[name] for name in ("reason_code", "count", "longest_ms", "actor")}
        assert told == {
            "reason_code": "PROMISE_LATE",
            "count": 2,
            "longest_ms": 1001,
            "actor": {"ref": "system:hub", "role": "system"},
        }
        assert alarm["id"].startswith(f"{clock.now():%Y%m%dT%H%M%S%f}-")

    def test_each_late_batch_has_an_alarm_of_its_own_name(self, log, clock, release, monkeypatch):
        monkeypatch.setattr(stored_module, "BATCH", 1)
        for number in (1, 2):
            release(clock.now(), number=number)
        clock.advance(2 * late.PROMISED)

        assert len({alarm["id"] for alarm in self.alarms(log)}) == 2

    def test_where_nothing_was_promised_nothing_is_late(self, log, clock, release, write):
        release(clock.now(), "DECISION")
        release(clock.now(), number=2, outcome="DENY")
        write(1)
        clock.advance(10 * late.PROMISED)

        assert self.alarms(log) == []

    def test_an_entry_ahead_of_the_clock_is_not_late(self, log, clock, release):
        release(clock.now() + 5 * late.PROMISED)

        assert self.alarms(log) == []


class TestCheckpoints:
    def test_a_checkpoint_is_a_signed_note_of_origin_size_and_root_kept_inside_and_outside(
        self, log, database, write, tmp_path
    ):
        write(1, 2, 3)
        log.step()

        note = log.checkpoint()

        text, _, signature = note.decode().rpartition("\n\n")
        root = base64.b64encode(log.head().root).decode()
        assert text.split("\n") == ["hub.example.org/log", "3", root]
        assert signature.startswith("— hub.example.org/log ")
        assert (tmp_path / "checkpoints" / "3.txt").read_bytes() == note
        assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["3.txt"]
        with database.reading() as connection:
            assert connection.execute(select(checkpoint.c.note)).scalar_one() == note

    def test_only_what_is_committed_and_integrated_is_signed(self, log, write):
        write(1)
        log.step()
        write(2)

        assert log.checkpoint().split(b"\n")[1] == b"1"

    def test_one_head_has_one_checkpoint_however_often_it_is_signed(self, log, write):
        write(1)
        log.step()

        assert log.checkpoint() == log.checkpoint()

    def test_an_empty_log_is_not_signed(self, log, tmp_path):
        with pytest.raises(Refused):
            log.checkpoint()

        assert not (tmp_path / "checkpoints").exists()

    def test_an_hour_makes_a_checkpoint_due_if_the_log_has_grown(self, log, clock, write):
        hour, second = log_module.CHECKPOINT_EVERY, log_module.timedelta(seconds=1)
        assert log.checkpoint_step() is False  # nothing to sign
        write(1)
        log.step()
        assert log.checkpoint_step() is True  # the first at once
        write(2)
        log.step()
        clock.advance(hour - second)
        assert log.checkpoint_step() is False
        clock.advance(second)
        assert log.checkpoint_step() is True
        clock.advance(hour)
        assert log.checkpoint_step() is False  # not grown

    @pytest.mark.parametrize(
        ("said", "at_once"),
        [
            ({"event_type": "CONSENT_WITHDRAWN"}, True),
            ({"event_type": "DIRECTIVE_ADDED"}, True),
            ({"event_type": "CONSENT_RECORDED", "consent_id": "c-1/1", "state": "DECLINED"}, True),
            ({"event_type": "CONSENT_RECORDED", "consent_id": "c-1/2", "state": "ACTIVE"}, True),
            ({"event_type": "CONSENT_RECORDED", "consent_id": "c-1/11", "state": "ACTIVE"}, True),
            ({"event_type": "CONSENT_RECORDED", "consent_id": "c-1/1", "state": "ACTIVE"}, False),
            ({"event_type": "DECISION", "basis": ["consent:c-1/2"]}, False),
        ],
    )
    def test_a_clients_no_is_under_a_checkpoint_at_once(self, log, database, write, said, at_once):
        write(1)
        log.step()
        log.checkpoint_step()
        body = canonical({"id": "e000002", **said})
        with database.writing() as connection:
            connection.execute(insert(audit_entry).values(id="e000002", body=body, entry_index=None))
            connection.execute(insert(audit_pending).values(id="e000002"))
        log.step()

        assert log.checkpoint_step() is at_once
        write(3)
        log.step()
        assert log.checkpoint_step() is False  # an hour again

    def test_what_a_killed_process_left_under_no_checkpoint_the_next_one_signs(
        self, log, database, keys, clock, write, tmp_path
    ):
        write(1)
        log.step()
        log.checkpoint_step()
        write(2)
        log.step()

        again = AuditLog(database, keys, clock, tmp_path / "checkpoints")
        assert again.checkpoint_step() is True
        assert again.checkpoint_step() is False

    def test_a_clock_set_back_does_not_stop_checkpoints(self, log, clock, write):
        write(1)
        log.step()
        log.checkpoint_step()
        write(2)
        log.step()

        clock.set(clock.now() - 24 * log_module.CHECKPOINT_EVERY)

        assert log.checkpoint_step() is True

    def test_a_checkpoint_that_contradicts_an_earlier_one_is_not_signed(self, log, database, keys, write, tmp_path):
        write(1, 2)
        log.step()
        log.checkpoint()
        other = new_database(tmp_path / "other.sqlite")
        add(other, 7, 8, 9)
        fork = AuditLog(other, keys, StandingClock(), tmp_path / "checkpoints")
        fork.step()

        with pytest.raises(IntegrityBroken, match="another history"):
            fork.checkpoint()

        assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["2.txt"]
        other.close()

    def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_half_written(self, log, database, write, tmp_path):
        write(1)
        log.step()
        (tmp_path / "checkpoints").write_bytes(b"a file in the way")

        with pytest.raises(Unavailable, match="checkpoints"):
            log.checkpoint()

        with database.reading() as connection:
            assert connection.execute(select(checkpoint)).all() == []


class TestAtStart:
    @pytest.fixture
    def signed(self, log, write):
        write(*range(5))
        log.step()
        log.checkpoint()
        write(5, 6)
        log.step()
        return log

    def test_a_log_that_continues_its_checkpoint_starts(self, signed, write):
        write(7)  # pending entries are no fault

        signed.verify_at_start()

    def test_an_empty_log_of_a_new_hub_starts(self, log):
        log.verify_at_start()

    def test_a_restored_backup_is_a_fork_and_halts_the_hub(self, log, database, keys, write, tmp_path):
        write(1, 2)
        log.step()
        database.close()
        shutil.copy(database.path, tmp_path / "backup.sqlite")
        write(3)
        log.step()
        log.checkpoint()
        restored = new_database(tmp_path / "backup.sqlite")
        again = AuditLog(restored, keys, StandingClock(), tmp_path / "checkpoints")

        with pytest.raises(IntegrityBroken, match="2 entries, expected at least 3"):
            again.verify_at_start()

        add(restored, 4)  # grown again to the same size: another history all the same
        again.step()
        with pytest.raises(IntegrityBroken, match="another history than the checkpoint over 3 entries"):
            again.verify_at_start()
        restored.close()

    @pytest.mark.parametrize(
        ("statement", "found"),
        [
            pytest.param(update(audit_head).values(size=6), "not the root", id="a head of another size"),
            pytest.param(update(audit_head).values(root=bytes(32)), "not the root", id="a head of another root"),
            pytest.param(
                update(audit_leaf).where(audit_leaf.c.level == 2).values(hash=bytes(32)),
                "not the root",
                id="a changed node on the right edge",
            ),
            pytest.param(
                delete(audit_leaf).where(audit_leaf.c.level == 2), "no node at level 2, offset 0", id="a lost node"
            ),
            pytest.param(
                delete(audit_entry).where(audit_entry.c.entry_index == 6),
                "6 entries, expected 7",
                id="a lost last entry",
            ),
            pytest.param(delete(audit_head), "not the root|7 entries, expected 0", id="a lost head"),
        ],
    )
    def test_a_log_that_does_not_fit_itself_halts_the_hub(self, signed, database, statement, found):
        change(database, statement)

        with pytest.raises(IntegrityBroken, match=found):
            signed.verify_at_start()

    def test_an_entry_dropped_before_it_had_a_place_halts_the_hub(self, signed, database, write):
        write(7)
        change(database, delete(audit_pending))

        with pytest.raises(IntegrityBroken, match="neither in the tree nor waiting"):
            signed.verify_at_start()

    def test_a_log_whose_outside_checkpoints_are_gone_halts_the_hub(self, signed, tmp_path):
        shutil.rmtree(tmp_path / "checkpoints")

        with pytest.raises(IntegrityBroken, match="lodged"):
            signed.verify_at_start()

    def test_a_replaced_key_halts_the_hub(self, signed, database, tmp_path):
        create_keys(tmp_path / "new", SeededIds(99), name="hub.example.org/log")
        log = AuditLog(database, KeyRing(tmp_path / "new", SeededIds()), StandingClock(), tmp_path / "checkpoints")

        with pytest.raises(IntegrityBroken, match="has not signed"):
            log.verify_at_start()

    @pytest.mark.parametrize("note", [b"", b"\xff\xfe", b"hub.example.org/log\n5\nAAAA\n\n", b"a\nb\nc\n"])
    def test_a_damaged_outside_checkpoint_halts_the_hub(self, signed, tmp_path, note):
        (tmp_path / "checkpoints" / "5.txt").write_bytes(note)

        with pytest.raises(IntegrityBroken, match="has not signed"):
            signed.verify_at_start()

    def test_a_cosigned_checkpoint_is_still_ours(self, signed, tmp_path):
        with (tmp_path / "checkpoints" / "5.txt").open("a") as handle:
            handle.write("— officer.example.org AAAAAAAAAA==\n")

        signed.verify_at_start()


class TestProofs:
    def test_every_entry_is_proven_against_the_head(self, log, write):
        write(*range(11))
        log.step()

        for index in range(11):
            found = log.inclusion(index)
            assert found.leaf == leaf_hash(body(index))
            assert includes(log.head().root, found.size, found.leaf, index, found.proof)

    def test_the_log_is_proven_to_continue_every_earlier_one(self, log, write):
        write(*range(11))
        log.step()

        for size in range(12):
            root, proof = log.consistency(size)
            assert root == root_of(leaf_hash(body(n)) for n in range(size))
            assert extends(root, size, log.head().root, 11, proof)

    @pytest.mark.parametrize("index", [-1, 3])
    def test_what_is_not_in_the_log_has_no_proof(self, log, write, index):
        write(0, 1, 2)
        log.step()

        with pytest.raises(Refused):
            log.inclusion(index)

    def test_a_log_does_not_continue_a_larger_one(self, log, write):
        write(0)
        log.step()

        with pytest.raises(Refused):
            log.consistency(2)


class TestExport:
    def test_an_export_integrates_what_is_pending_and_holds_exact_bytes(self, log, write, tmp_path, monkeypatch):
        monkeypatch.setattr(stored_module, "BATCH", 4)
        write(*range(9))

        note = log.export(tmp_path / "out")

        lines = [json.loads(line) for line in (tmp_path / "out" / "entries.jsonl").read_text().splitlines()]
        assert [line["index"] for line in lines] == list(range(9))
        assert [base64.b64decode(line["body"]) for line in lines] == [body(n) for n in range(9)]
        assert all(set(line) == {"index", "body"} for line in lines)
        assert (tmp_path / "out" / "checkpoint.txt").read_bytes() == note
        assert (tmp_path / "out" / "entries.jsonl").stat().st_mode & 0o077 == 0
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
            "checkpoint.txt",
            "entries.jsonl",
            "hashes.jsonl",
        ]

    def test_an_export_of_hashes_holds_no_body(self, log, write, tmp_path):
        write(0, 1)

        log.export(tmp_path / "out", hashes_only=True)

        assert not (tmp_path / "out" / "entries.jsonl").exists()
        lines = [json.loads(line) for line in (tmp_path / "out" / "hashes.jsonl").read_text().splitlines()]
        assert lines == [{"index": n, "leaf": base64.b64encode(leaf_hash(body(n))).decode()} for n in range(2)]

    def test_an_export_is_never_written_over_another(self, log, write, tmp_path):
        write(0)
        log.export(tmp_path / "out")
        before = (tmp_path / "out" / "entries.jsonl").read_bytes()
        write(1)

        with pytest.raises(Refused, match="name another"):
            log.export(tmp_path / "out")

        assert (tmp_path / "out" / "entries.jsonl").read_bytes() == before

    def test_twenty_lines_of_anybody_recompute_the_root_from_the_export_alone(self, log, write, tmp_path):
        write(*range(13))
        log.export(tmp_path / "out")

        import hashlib

        def mth(entries):  # RFC 6962 §2.1, as it stands there
            if len(entries) == 1:
                return hashlib.sha256(b"\x00" + entries[0]).digest()
            k = 1
            while 2 * k < len(entries):
                k *= 2
            return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()

        lines = (tmp_path / "out" / "entries.jsonl").read_text().splitlines()
        root = mth([base64.b64decode(json.loads(line)["body"]) for line in lines])

        assert base64.b64encode(root).decode() == (tmp_path / "out" / "checkpoint.txt").read_text().split("\n")[2]
