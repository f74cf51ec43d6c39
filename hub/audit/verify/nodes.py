"""The inner nodes of a stored tree, against its leaves: all of them, in one pass and in no memory.

Nodes come level by level, each from the left, as they are kept. So what the pairs of all levels give, one after the
other, is the levels above, one after the other: two readings side by side, the second beginning at level 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import dropwhile, takewhile, zip_longest

from hub.audit.tree import Node, node_hash
from hub.audit.verify.faults import Fault, Wrong


def inner_nodes_agree(read: Callable[[], Iterator[Node]]) -> bool:
    """Whether every complete inner node is there and is the hash over its two halves, and no other is.

    Args:
        read: reads all nodes anew, in the order of (level, offset).
    """
    above = dropwhile(lambda node: node[0] == 0, read())
    return all(found == wanted for found, wanted in zip_longest(above, _parents(read())))


def _parents(nodes: Iterator[Node]) -> Iterator[Node]:
    """What each pair of neighbours gives; the last of a level may stand alone."""
    left: Node | None = None
    for node in nodes:
        level, offset, hash_ = node
        if left is not None and left[0] == level and left[1] + 1 == offset and offset & 1:
            yield level + 1, offset >> 1, node_hash(left[2], hash_)
        left = node


def leaves_of(nodes: Iterator[Node]) -> Iterator[bytes]:
    """The leaves alone, which must count up from 0."""
    for position, (_, offset, hash_) in enumerate(takewhile(lambda node: node[0] == 0, nodes)):
        if offset != position:
            raise Wrong(Fault.INDEX_GAP, f"leaf {offset} stands where leaf {position} should", position)
        yield hash_
