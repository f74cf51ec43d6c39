"""The history tree: RFC 6962 hashing, its growth, and inclusion and consistency proofs. Pure; imports nothing of ours.

It stores nothing and signs nothing. Whoever stores a tree keeps every *complete* node by (level, offset): level 0 is
the leaves, and node (l, o) covers the leaves from o * 2**l up to (o + 1) * 2**l. Complete nodes never change.

Standard: RFC 6962 §2.1 (hashes and proofs), RFC 9162 §2.1.3.2 and §2.1.4.2 (how proofs are verified).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()  # RFC 6962 §2.1: the hash of an empty list

Node = tuple[int, int, bytes]  # level, offset, hash
NodeReader = Callable[[int, int], bytes]  # (level, offset) of a complete node to its hash


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry. The prefix keeps leaves and nodes apart (second preimages)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: all that is needed to append to it and to know its root.

    Args:
        size: leaves so far.
        peaks: hashes of the complete subtrees at :func:`peaks_of` of that size, left to right.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        assert len(peaks) == size.bit_count(), "a tree has one peak for each bit of its size"
        self.size = size
        self._peaks = list(peaks)

    def add(self, leaf: bytes) -> list[Node]:
        """Append a leaf hash; return the nodes that are complete now, the leaf itself first."""
        level, offset, top = 0, self.size, leaf
        completed = [(0, offset, leaf)]
        while offset & 1:
            level, offset, top = level + 1, offset >> 1, node_hash(self._peaks.pop(), top)
            completed.append((level, offset, top))
        self._peaks.append(top)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def peaks_of(size: int) -> list[tuple[int, int]]:
    """Where the complete subtrees of a tree of this size stand: (level, offset), left to right."""
    return [(level, (size >> level) - 1) for level in reversed(range(size.bit_length())) if size >> level & 1]


def inclusion_proof(index: int, size: int, node: NodeReader) -> tuple[bytes, ...]:
    """The audit path of a leaf (RFC 6962 §2.1.1), from the leaf upwards.

    Args:
        index: 0-based; ``index < size``.
        size: leaves of the tree that the proof is for.
        node: reads complete nodes.
    """
    assert 0 <= index < size, "a proof is for a leaf of the tree"
    return tuple(_path(index, 0, size, node))


def consistency_proof(old: int, size: int, node: NodeReader) -> tuple[bytes, ...]:
    """That the first ``old`` leaves of a tree are those of the tree of that size (RFC 6962 §2.1.2).

    Every tree continues the empty one; that proof is empty.
    """
    assert 0 <= old <= size, "an older tree is not larger"
    return tuple(_subproof(old, 0, size, node, whole=True)) if old else ()


def includes(root: bytes, size: int, leaf: bytes, index: int, proof: Sequence[bytes]) -> bool:
    """Whether a leaf hash stands at an index of the tree with this root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, result = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = node_hash(step, result)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            result = node_hash(result, step)
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def extends(old_root: bytes, old: int, root: bytes, size: int, proof: Sequence[bytes]) -> bool:
    """Whether the tree (size, root) begins with the tree (old, old_root) (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= size:
        return False
    if old in {0, size}:
        return not proof and old_root == (root if old == size else EMPTY_ROOT)
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    if not steps:
        return False
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, step)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _split(count: int) -> int:
    """The largest power of two smaller than ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_root(begin: int, end: int, node: NodeReader) -> bytes:
    count = end - begin
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, begin >> level)
    middle = begin + _split(count)
    return node_hash(_range_root(begin, middle, node), _range_root(middle, end, node))


def _path(index: int, begin: int, end: int, node: NodeReader) -> list[bytes]:
    if end - begin == 1:
        return []
    middle = begin + _split(end - begin)
    if index < middle:
        return [*_path(index, begin, middle, node), _range_root(middle, end, node)]
    return [*_path(index, middle, end, node), _range_root(begin, middle, node)]


def _subproof(old: int, begin: int, end: int, node: NodeReader, *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2 with absolute positions; ``whole``: the old root is known to the verifier."""
    if old == end:
        return [] if whole else [_range_root(begin, end, node)]
    middle = begin + _split(end - begin)
    if old <= middle:
        return [*_subproof(old, begin, middle, node, whole=whole), _range_root(middle, end, node)]
    return [*_subproof(old, middle, end, node, whole=False), _range_root(begin, middle, node)]
