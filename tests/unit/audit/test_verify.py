"""INV-8: any change, deletion, swap or cut of the log is found, with a key and checkpoints from outside alone."""

import base64
import json
import shutil
from functools import partial

import pytest
from sqlalchemy import delete, update

from hub.audit.checkpoints import Head, signed
from hub.audit.log import AuditLog
from hub.audit.tree import leaf_hash, root_of
from hub.audit.verify import Fault, verify_export, verify_stored
from hub.audit.verify.faults import Wrong
from hub.audit.verify.notes import open_note, parse_key, read_checkpoint
from hub.keys.ring import KeyRing, create_keys
from hub.store.tables import audit_entry, audit_leaf
from tests.fakes import SeededIds, StandingClock
from tests.unit.audit.conftest import add, body, new_database

ENTRIES = 12
LODGED = 7  # entries when a checkpoint left the hub


class Exported:
    """An export, with the key and the older checkpoint that have left the hub; lines can be tampered with."""

    def __init__(self, folder, key, lodged):
        self.folder, self.key, self.lodged = folder, key, lodged

    def verify(self, *, lodged=False):
        return verify_export(self.folder, key=self.key, checkpoint=self.lodged if lodged else None)

    def lines(self, name="entries.jsonl"):
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def write(self, lines, name="entries.jsonl"):
        (self.folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def export(log, keys, write, tmp_path):
    write(*range(LODGED))
    log.step()
    lodged = log.checkpoint()
    write(*range(LODGED, ENTRIES))
    log.export(tmp_path / "out")
    return Exported(tmp_path / "out", keys.verifier, lodged)


def line_of(index, number):
    return {"index": index, "body": base64.b64encode(body(number)).decode()}


def renumbered(lines):
    return [{**line, "index": n} for n, line in enumerate(lines)]


def without_leaves(export):
    (export.folder / "hashes.jsonl").unlink()
    return export


def test_a_right_log_verifies_and_every_entry_is_proven(export):
    report = export.verify(lodged=True)

    assert report.ok
    assert (report.size, report.proven, report.first_wrong, report.bodies) == (ENTRIES, ENTRIES, None, True)
    assert base64.b64decode(report.root) == root_of(leaf_hash(body(n)) for n in range(ENTRIES))


def test_an_export_of_entries_alone_verifies(export):
    assert without_leaves(export).verify(lodged=True).ok


def test_an_export_of_hashes_alone_verifies_and_says_that_it_is_one(log, export, tmp_path):
    log.export(tmp_path / "hashes", hashes_only=True)

    report = verify_export(tmp_path / "hashes", key=export.key, checkpoint=export.lodged)

    assert report.ok
    assert report.bodies is False


class TestTheFirstWrongEntryIsNamed:
    @pytest.mark.parametrize("index", [0, 5, ENTRIES - 1])
    def test_a_changed_byte(self, export, index):
        lines = export.lines()
        data = bytearray(base64.b64decode(lines[index]["body"]))
        data[3] ^= 1
        lines[index]["body"] = base64.b64encode(data).decode()
        export.write(lines)

        report = export.verify()

        assert (report.fault, report.first_wrong) == (Fault.ENTRY_CHANGED, index)
        assert str(index) in report.reason

    def test_two_changed_entries_the_first_of_them(self, export):
        lines = export.lines()
        lines[8], lines[4] = line_of(8, 908), line_of(4, 904)
        export.write(lines)

        assert export.verify().first_wrong == 4

    def test_a_dropped_line(self, export):
        lines = export.lines()
        del lines[4]
        export.write(lines)

        report = export.verify()

        assert (report.fault, report.first_wrong) == (Fault.INDEX_GAP, 4)

    @pytest.mark.parametrize("gone", [1, 3])
    def test_dropped_entries_whose_gap_was_closed(self, export, gone):
        lines = export.lines()
        del lines[4 : 4 + gone]
        export.write(renumbered(lines))

        report = export.verify()

        assert (report.fault, report.first_wrong) == (Fault.ENTRY_MISSING, 4)

    def test_a_cut_tail(self, export):
        export.write(export.lines()[:9])

        report = export.verify()

        assert (report.fault, report.first_wrong) == (Fault.ENTRY_MISSING, 9)

    def test_two_swapped_lines(self, export):
        lines = export.lines()
        lines[2], lines[6] = lines[6], lines[2]
        export.write(lines)

        report = export.verify()

        assert (report.fault, report.first_wrong) == (Fault.INDEX_GAP, 2)

    def test_two_swapped_entries_with_their_indices_put_right(self, export):
        lines = export.lines()
        lines[2], lines[6] = lines[6], lines[2]
        export.write(renumbered(lines))

        report = export.verify()

        assert (report.fault, report.first_wrong) == (Fault.ENTRIES_SWAPPED, 2)
        assert "stands at 6" in report.reason

    def test_a_forged_entry_at_the_end(self, export):
        export.write([*export.lines(), line_of(ENTRIES, 999)])

        report = export.verify()

        assert (report.fault, report.first_wrong) == (Fault.ENTRY_EXTRA, ENTRIES)

    def test_a_forged_entry_in_between(self, export):
        lines = export.lines()
        lines.insert(4, line_of(4, 999))
        export.write(renumbered(lines))

        report = export.verify()

        assert (report.fault, report.first_wrong) == (Fault.ENTRY_EXTRA, 4)

    @pytest.mark.parametrize(
        "line",
        [
            pytest.param("", id="empty"),
            pytest.param("{", id="no JSON"),
            pytest.param("[5]", id="no object"),
            pytest.param('[["index", 5], ["body", "aGk="]]', id="pairs that are no object"),
            pytest.param('{"index": 5}', id="no body"),
            pytest.param('{"index": "5", "body": "aGk="}', id="an index that is text"),
            pytest.param('{"index": 5, "body": "aGk"}', id="base64 without its padding"),
            pytest.param('{"index": 5, "body": "aGl="}', id="base64 with stray bits"),
            pytest.param('{"index": 5, "body": 7}', id="a body that is a number"),
            pytest.param('{"index": 5, "body": "aGk=", "body": "aGk="}', id="a body twice"),
            pytest.param('{"index": 5, "body": "aGk=", "more": 1}', id="a field more"),
            pytest.param("[" * 100_000, id="nested without end"),
            pytest.param("x" * (1 << 21), id="a line without end"),
        ],
    )
    def test_an_unreadable_line(self, export, line):
        lines = (export.folder / "entries.jsonl").read_text().splitlines()
        lines[5] = line
        (export.folder / "entries.jsonl").write_text("\n".join(lines) + "\n")

        report = export.verify()

        assert (report.fault, report.first_wrong) == (Fault.LINE_UNREADABLE, 5)

    def test_a_change_before_an_unreadable_line_is_the_first(self, export):
        lines = export.lines()
        lines[3] = line_of(3, 903)
        lines[8] = "nothing"
        export.write(lines)

        report = export.verify()

        assert (report.fault, report.first_wrong) == (Fault.ENTRY_CHANGED, 3)

    def test_every_single_flipped_byte_of_the_entries_is_found(self, export):
        whole = (export.folder / "entries.jsonl").read_bytes()
        for at in range(0, len(whole), 7):
            changed = bytearray(whole)
            changed[at] ^= 1
            (export.folder / "entries.jsonl").write_bytes(changed)
            assert not export.verify().ok, f"byte {at}"


class TestWithoutATrueListOfLeaves:
    """The list of leaves was changed too, or is not there: the checkpoints decide, and no name is invented."""

    def forge(self, export, index):
        lines = export.lines()
        lines[index] = line_of(index, 900)
        export.write(lines)
        hashes = export.lines("hashes.jsonl")
        hashes[index]["leaf"] = base64.b64encode(leaf_hash(body(900))).decode()
        export.write(hashes, "hashes.jsonl")

    def test_a_forged_entry_with_a_forged_leaf_is_found_but_not_named(self, export):
        self.forge(export, 9)

        report = export.verify()

        assert (report.fault, report.first_wrong, report.proven) == (Fault.ROOT_DIFFERS, None, 0)

    def test_an_older_checkpoint_from_outside_says_after_what_it_lies(self, export):
        self.forge(export, 9)

        report = export.verify(lodged=True)

        assert (report.fault, report.first_wrong, report.proven) == (Fault.ROOT_DIFFERS, None, LODGED)
        assert f"the first {LODGED} are as signed" in report.reason

    def test_and_does_not_say_so_when_it_lies_before(self, export):
        self.forge(export, 3)

        report = export.verify(lodged=True)

        assert (report.fault, report.proven) == (Fault.ROOT_DIFFERS, 0)

    def test_lines_that_cannot_be_are_named_all_the_same(self, export):
        lines = without_leaves(export).lines()
        del lines[4]
        export.write(lines)

        assert export.verify().first_wrong == 4

    def test_one_entry_too_many_is_named_when_all_before_it_are_proven(self, export):
        without_leaves(export).write([*export.lines(), line_of(ENTRIES, 999)])

        report = export.verify()

        assert (report.fault, report.first_wrong, report.proven) == (Fault.ENTRY_EXTRA, ENTRIES, ENTRIES)

    def test_right_entries_beside_a_wrong_list_are_not_called_wrong_entries(self, export):
        hashes = export.lines("hashes.jsonl")
        hashes[4]["leaf"] = base64.b64encode(bytes(32)).decode()
        export.write(hashes, "hashes.jsonl")

        report = export.verify(lodged=True)

        assert (report.fault, report.first_wrong) == (Fault.LEAVES_DIFFER, 4)

    @pytest.mark.parametrize("list_", ["", "nothing\n", '{"index": 0, "leaf": "aGk="}\n'])
    def test_a_list_that_ends_early_or_is_unreadable_is_a_fault_too(self, export, list_):
        (export.folder / "hashes.jsonl").write_text(list_)

        assert export.verify().fault is Fault.LEAVES_DIFFER


class TestCutsAndForks:
    def test_a_cut_tail_with_its_own_older_checkpoint_is_seen_only_with_one_from_outside(
        self, export, log, write, tmp_path
    ):
        (newest,) = (path for path in (tmp_path / "checkpoints").iterdir() if path.name == f"{ENTRIES}.txt")
        export.write(export.lines()[:LODGED])
        export.write(export.lines("hashes.jsonl")[:LODGED], "hashes.jsonl")
        (export.folder / "checkpoint.txt").write_bytes(export.lodged)

        alone = verify_export(export.folder, key=export.key)
        with_outside = verify_export(export.folder, key=export.key, checkpoint=newest.read_bytes())

        assert alone.ok  # a perfect, shorter log: this is why checkpoints leave the hub
        assert (with_outside.fault, with_outside.first_wrong) == (Fault.LOG_CUT, LODGED)
        assert with_outside.proven == LODGED

    @pytest.mark.parametrize("count", [LODGED, ENTRIES])
    def test_a_fork_is_seen_with_a_checkpoint_of_the_other_history(self, export, keys, tmp_path, count):
        other = new_database(tmp_path / "other.sqlite")  # two histories from one prefix, one key
        add(other, *range(4), *range(500, 500 + count - 4))
        fork = AuditLog(other, keys, StandingClock(), tmp_path / "elsewhere")
        fork.step()

        report = verify_export(export.folder, key=export.key, checkpoint=fork.checkpoint())

        assert (report.fault, report.proven) == (Fault.FORK, 0)
        assert export.verify(lodged=True).ok
        other.close()

    def test_an_empty_log_is_a_fault_with_or_without_a_checkpoint_that_counts(self, export, keys):
        for name in ("entries.jsonl", "hashes.jsonl"):
            (export.folder / name).write_text("")
        assert export.verify().fault is Fault.LOG_EMPTY

        (export.folder / "checkpoint.txt").write_bytes(signed(Head(0, root_of([])), keys))
        assert (export.verify().fault, export.verify().first_wrong) == (Fault.LOG_EMPTY, 0)

    def test_an_export_without_its_files_is_a_fault(self, export):
        (export.folder / "entries.jsonl").unlink()
        (export.folder / "hashes.jsonl").unlink()

        assert export.verify().fault is Fault.EXPORT_UNREADABLE


class TestKeysAndSignatures:
    def test_a_log_signed_again_with_a_replaced_key_is_not_the_log(self, export, tmp_path):
        create_keys(tmp_path / "new", SeededIds(99), name="hub.example.org/log")
        thief = KeyRing(tmp_path / "new", SeededIds())
        note = signed(Head(ENTRIES, root_of(leaf_hash(body(n)) for n in range(ENTRIES))), thief)
        (export.folder / "checkpoint.txt").write_bytes(note)

        assert export.verify().fault is Fault.KEY_UNKNOWN

    def test_a_checkpoint_whose_text_was_changed_has_a_wrong_signature(self, export):
        note = (export.folder / "checkpoint.txt").read_bytes()
        (export.folder / "checkpoint.txt").write_bytes(note.replace(b"\n12\n", b"\n11\n"))

        assert export.verify().fault is Fault.SIGNATURE_WRONG

    def test_a_checkpoint_from_outside_is_checked_alike(self, export):
        export.lodged = export.lodged.replace(b"\n7\n", b"\n6\n")

        assert export.verify(lodged=True).fault is Fault.SIGNATURE_WRONG

    def test_every_single_flipped_byte_of_the_checkpoint_is_found(self, export):
        note = (export.folder / "checkpoint.txt").read_bytes()
        for at in range(len(note)):
            changed = bytearray(note)
            changed[at] ^= 1
            (export.folder / "checkpoint.txt").write_bytes(changed)
            assert not export.verify().ok, f"byte {at}"

    def test_a_cosignature_by_another_key_does_not_disturb(self, export):
        with (export.folder / "checkpoint.txt").open("a") as handle:
            handle.write(f"— officer.example.org {base64.b64encode(bytes(76)).decode()}\n")

        assert export.verify().ok

    @pytest.mark.parametrize(
        "note",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"hub.example.org/log\n12\n\n", id="no signature"),
            pytest.param(b"\xff\xfe\n\n", id="not UTF-8"),
            pytest.param(b"a\r\n\n\xe2\x80\x94 a AAAAAAA=\n", id="a control character"),
            pytest.param(b"a\n\n\xe2\x80\x94 a AAAAAAA=", id="no line end"),
            pytest.param(b"a\n\n- a AAAAAAA=\n", id="a hyphen for the dash"),
            pytest.param(b"x" * (2 << 20), id="without end"),
        ],
    )
    def test_what_is_no_signed_note_is_no_checkpoint(self, export, note):
        (export.folder / "checkpoint.txt").write_bytes(note)

        assert export.verify().fault is Fault.CHECKPOINT_UNREADABLE

    def test_a_missing_checkpoint_is_a_fault(self, export):
        (export.folder / "checkpoint.txt").unlink()

        assert export.verify().fault is Fault.CHECKPOINT_UNREADABLE

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("another.example.org/log\n1\n{root}\n", id="another origin"),
            pytest.param("{name}\n01\n{root}\n", id="a leading zero"),
            pytest.param("{name}\n-1\n{root}\n", id="a sign"),
            pytest.param("{name}\n1\nAAAA\n", id="a short root"),
            pytest.param("{name}\n1\n", id="no root"),
            pytest.param("{name}\n1\n{root}\n\nmore\n", id="an empty line"),
        ],
    )
    def test_a_signed_text_that_is_no_checkpoint_is_refused(self, keys, text):
        text = text.format(name=keys.log_name, root=base64.b64encode(bytes(32)).decode()).encode()
        key = parse_key(keys.verifier)
        signature = base64.b64encode(key.key_id + keys.sign(text)).decode()
        note = text + f"\n— {keys.log_name} {signature}\n".encode()

        with pytest.raises(Wrong) as caught:
            read_checkpoint(note, key)

        assert caught.value.fault is Fault.CHECKPOINT_UNREADABLE

    # The published example of golang.org/x/mod/sumdb/note (package documentation)
    PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    PUBLISHED_TEXT = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    )
    PUBLISHED_SIGNATURE = (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )

    def test_the_published_signed_note_verifies_and_a_changed_one_does_not(self):
        key = parse_key(self.PUBLISHED_KEY)
        note = f"{self.PUBLISHED_TEXT}\n{self.PUBLISHED_SIGNATURE}"

        assert open_note(note.encode(), key) == self.PUBLISHED_TEXT
        with pytest.raises(Wrong) as caught:
            open_note(note.replace("cryptography", "cryptographY").encode(), key)
        assert caught.value.fault is Fault.SIGNATURE_WRONG

    @pytest.mark.parametrize(
        "line",
        [
            "",
            "PeterNeumann",
            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # another id
            "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # capitals
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # too long
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # another algorithm
            "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ],
    )
    def test_a_key_line_that_is_none_is_said(self, export, line):
        export.key = line

        assert export.verify().fault is Fault.KEY_UNREADABLE

    def test_the_key_of_another_log_is_not_in_the_checkpoint(self, export):
        export.key = self.PUBLISHED_KEY

        assert export.verify().fault is Fault.KEY_UNKNOWN


class TestTheHubsOwnStore:
    @pytest.fixture
    def verify(self, log, keys, write, database):
        write(*range(LODGED))
        log.step()
        lodged = log.checkpoint()
        write(*range(LODGED, ENTRIES))
        log.step()

        def verify():
            stored = ((entry.index, entry.body, entry.leaf) for entry in log.stored())
            head = log.head()
            nodes = partial(log.nodes, head.size)
            return verify_stored(
                stored, nodes=nodes, size=head.size, root=head.root, key=keys.verifier, checkpoint=lodged
            )

        return verify

    def change(self, database, statement):
        with database.writing() as connection:
            connection.execute(statement)

    def test_a_right_store_verifies_and_is_proven_up_to_the_checkpoint(self, verify):
        report = verify()

        assert report.ok
        assert (report.size, report.proven) == (ENTRIES, LODGED)

    @pytest.mark.parametrize("index", [0, 6, ENTRIES - 1])
    def test_the_first_entry_that_does_not_give_its_leaf_is_named(self, verify, database, index):
        self.change(database, update(audit_entry).where(audit_entry.c.entry_index == index).values(body=b"forged"))

        report = verify()

        assert (report.fault, report.first_wrong) == (Fault.ENTRY_CHANGED, index)

    def test_a_deleted_entry_is_named(self, verify, database):
        self.change(database, delete(audit_entry).where(audit_entry.c.entry_index == 5))

        report = verify()

        assert (report.fault, report.first_wrong) == (Fault.INDEX_GAP, 5)

    def test_swapped_bodies_are_named(self, verify, database):
        for index, number in ((3, 8), (8, 3)):
            self.change(
                database, update(audit_entry).where(audit_entry.c.entry_index == index).values(body=body(number))
            )

        report = verify()

        assert (report.fault, report.first_wrong) == (Fault.ENTRIES_SWAPPED, 3)

    def test_a_body_changed_together_with_its_leaf_does_not_give_the_head(self, verify, database):
        self.change(database, update(audit_entry).where(audit_entry.c.entry_index == 9).values(body=b"forged"))
        leaf = (audit_leaf.c.level == 0) & (audit_leaf.c.offset == 9)
        self.change(database, update(audit_leaf).where(leaf).values(hash=leaf_hash(b"forged")))

        report = verify()

        assert (report.fault, report.first_wrong, report.proven) == (Fault.ROOT_DIFFERS, None, LODGED)

    def test_a_lost_leaf_is_told_from_a_wrong_entry(self, verify, database):
        self.change(database, delete(audit_leaf).where((audit_leaf.c.level == 0) & (audit_leaf.c.offset == 4)))

        report = verify()

        assert (report.fault, report.first_wrong) == (Fault.LEAVES_DIFFER, 4)

    def test_a_restored_backup_is_smaller_than_its_checkpoint(self, verify, log, keys, database, tmp_path):
        log.checkpoint()
        newest = (tmp_path / "checkpoints" / f"{ENTRIES}.txt").read_bytes()
        restored = new_database(tmp_path / "restored.sqlite")
        add(restored, *range(LODGED))
        backup = AuditLog(restored, keys, StandingClock(), tmp_path / "none")
        backup.step()
        stored = ((entry.index, entry.body, entry.leaf) for entry in backup.stored())

        head = backup.head()
        nodes = partial(backup.nodes, head.size)
        report = verify_stored(
            stored, nodes=nodes, size=head.size, root=head.root, key=keys.verifier, checkpoint=newest
        )

        assert (report.fault, report.first_wrong) == (Fault.LOG_CUT, LODGED)
        restored.close()

    def test_a_wrong_key_is_said(self, log):
        report = verify_stored([], nodes=lambda: iter(()), size=0, root=bytes(32), key="nothing", checkpoint=b"")

        assert report.fault is Fault.KEY_UNREADABLE


def test_verification_writes_nothing(export, tmp_path):
    shutil.copytree(export.folder, tmp_path / "before")

    export.verify(lodged=True)

    for path in (tmp_path / "before").iterdir():
        assert (export.folder / path.name).read_bytes() == path.read_bytes()
    assert len(list(export.folder.iterdir())) == 3
