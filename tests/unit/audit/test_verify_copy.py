"""A copy of the log by itself, and against checkpoints from outside; inner nodes in one pass (INV-8)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.audit.tree import EMPTY_ROOT, Frontier, Node, leaf_hash
from hub.audit.verify import Checkpoint, Fault, verify_copy
from hub.audit.verify.nodes import inner_nodes_agree, leaves_of

SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100]


def bodies(size: int) -> list[tuple[int, bytes]]:
    return [(index, b"entry %d" % index) for index in range(size)]


def nodes(size: int) -> list[Node]:
    """As they are kept and dumped: level by level."""
    tree = Frontier()
    return sorted(node for _, body in bodies(size) for node in tree.add(leaf_hash(body)))


def head(size: int) -> Checkpoint:
    tree = Frontier()
    for _, body in bodies(size):
        tree.add(leaf_hash(body))
    return Checkpoint(size, tree.root())


def leaves(size: int) -> Iterator[bytes]:
    return leaves_of(iter(nodes(size)))


@pytest.mark.parametrize("size", SIZES)
def test_a_whole_copy_agrees(size: int) -> None:
    assert verify_copy(bodies(size), leaves(size), head(size), ()).report.ok
    assert inner_nodes_agree(lambda: iter(nodes(size)))


@pytest.mark.parametrize("size", [2, 3, 8, 33, 100])
def test_every_node_that_is_changed_dropped_or_moved_is_found(size: int) -> None:
    whole = nodes(size)
    for place, (level, offset, hash_) in enumerate(whole):
        changed = [*whole[:place], (level, offset, bytes(32)), *whole[place + 1 :]]
        dropped = whole[:place] + whole[place + 1 :]
        moved = [*whole[:place], (level, offset + 1, hash_), *whole[place + 1 :]]
        for wrong in (changed, dropped, moved):
            ok = verify_copy(bodies(size), leaves_of(iter(wrong)), head(size), ()).report.ok
            assert not (ok and inner_nodes_agree(lambda wrong=wrong: iter(wrong))), (level, offset)


def test_a_node_too_many_is_found() -> None:
    assert not inner_nodes_agree(lambda: iter([*nodes(8), (4, 0, bytes(32))]))


def test_an_entry_that_was_changed_is_named() -> None:
    entries = bodies(9)
    entries[4] = (4, b"another")

    report = verify_copy(entries, leaves(9), head(9), ()).report

    assert (report.fault, report.first_wrong) == (Fault.ENTRY_CHANGED, 4)


def test_an_entry_out_of_its_place_is_named() -> None:
    report = verify_copy(bodies(9)[1:], leaves(9), head(9), ()).report

    assert (report.fault, report.first_wrong) == (Fault.INDEX_GAP, 0)


def test_a_log_that_lost_all_its_entries_is_no_empty_log() -> None:
    assert verify_copy([], leaves(0), head(9), ()).report.fault is Fault.LOG_EMPTY
    assert not verify_copy([], leaves(9), head(0), ()).report.ok
    assert verify_copy([], leaves(0), Checkpoint(0, EMPTY_ROOT), ()).report.ok


def test_checkpoints_from_outside_are_told_apart() -> None:
    good, ahead, other = [head(3), head(9)], head(10), Checkpoint(5, bytes(32))

    compared = verify_copy(bodies(9), leaves(9), head(9), [*good, ahead, other])

    assert compared.report.ok
    assert compared.ahead == (ahead,)
    assert compared.other == (other,)


def test_two_checkpoints_of_one_size_cannot_both_be_right() -> None:
    other = Checkpoint(9, bytes(32))

    assert verify_copy(bodies(9), leaves(9), head(9), [head(9), other]).other == (other,)
