"""A line whose time is over keeps its place and its hash; an emptied one is found and named (INV-8, rules 4.2, 4.3)."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import insert, update

from hub.audit.verify import Checkpoint, Fault, verify_copy, verify_export, verify_stored
from hub.store.tables import audit_entry, audit_pending
from tests.unit.audit.conftest import add

ENTRIES = 9


def says(*lines, event="RETENTION_ENDED"):
    return json.dumps({"event_type": event, "lines": [list(pair) for pair in lines]}, separators=(",", ":")).encode()


@pytest.fixture
def emptied(log, keys, database, tmp_path):
    """A log, of which a few lines are emptied, and the entry that says so; verified in its store and as an export."""

    def make(*indexes, said=None):
        add(database, *range(ENTRIES))
        log.step()
        lodged = log.checkpoint()
        with database.writing() as connection:
            if said is not None:
                connection.execute(insert(audit_entry), [{"id": "z", "body": said, "entry_index": None}])
                connection.execute(insert(audit_pending), [{"id": "z"}])
            connection.execute(update(audit_entry).where(audit_entry.c.entry_index.in_(indexes)).values(body=b""))
        log.export(tmp_path / "out")
        head = log.head()
        stored = [(entry.index, entry.body, entry.leaf) for entry in log.stored()]
        ours = verify_stored(
            stored,
            nodes=lambda: log.nodes(head.size),
            size=head.size,
            root=head.root,
            key=keys.verifier,
            checkpoint=lodged,
        )
        leaves = [leaf or b"" for _, _, leaf in stored]
        claimed = Checkpoint(head.size, head.root)
        copied = verify_copy([(index, body) for index, body, _ in stored], leaves, claimed, ()).report
        theirs = verify_export(tmp_path / "out", key=keys.verifier, checkpoint=lodged)
        assert (
            (ours.fault, ours.first_wrong) == (copied.fault, copied.first_wrong) == (theirs.fault, theirs.first_wrong)
        )
        return theirs

    return make


@pytest.mark.parametrize(
    ("indexes", "said"),
    [
        ([3], [(3, 3)]),
        ([2, 3, 4, 7], [(2, 4), (7, 7)]),
        ([2, 3, 4], [(4, 4), (2, 3)]),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], [(0, 8)]),
    ],
)
def test_lines_that_have_ended_verify_and_are_counted(emptied, indexes, said):
    report = emptied(*indexes, said=says(*said))

    assert report.ok
    assert report.ended == len(indexes)
    assert f"{len(indexes)} have ended and are hashes alone" in report.reason


@pytest.mark.parametrize(
    ("indexes", "said", "wrong"),
    [
        pytest.param([3], None, 3, id="nothing says so"),
        pytest.param([3, 5], says((3, 3)), 5, id="another one is said"),
        pytest.param([3, 4, 5], says((3, 4)), 5, id="it is said of too few"),
        pytest.param([3], says((3, 3), event="CONFIG_CHANGE"), 3, id="another kind of entry says it"),
        pytest.param([3], says((0, 99)), 3, id="it is said of lines that are not there yet"),
        pytest.param([3], b'{"event_type":"RETENTION_ENDED","lines":[[3]]}', 3, id="it cannot be read"),
        pytest.param([3], b'{"event_type":"RETENTION_ENDED","lines":"all"}', 3, id="nor can this"),
        pytest.param([3], b'{"x":"\\"event_type\\":\\"RETENTION_ENDED\\"","lines":[[3,3]]}', 3, id="it is quoted"),
    ],
)
def test_a_line_that_somebody_has_emptied_is_named(emptied, indexes, said, wrong):
    report = emptied(*indexes, said=said)

    assert (report.fault, report.first_wrong) == (Fault.ENTRY_EMPTIED, wrong)


def test_an_ended_line_with_another_hash_does_not_give_the_root(emptied, keys, tmp_path):
    emptied(3, said=says((3, 3)))
    file = tmp_path / "out" / "hashes.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    lines[3]["leaf"] = lines[4]["leaf"]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))

    assert not verify_export(tmp_path / "out", key=keys.verifier).ok


def test_without_the_list_of_hashes_an_ended_line_proves_nothing(emptied, keys, tmp_path):
    emptied(3, said=says((3, 3)))
    (tmp_path / "out" / "hashes.jsonl").unlink()

    assert verify_export(tmp_path / "out", key=keys.verifier).fault is Fault.ROOT_DIFFERS


def test_an_entry_that_was_empty_from_the_start_is_what_it_is(emptied):
    assert emptied(said=b"").ok is False, "it says nothing, and nothing says why"
