"""RFC 6962 hashing and proofs, against the published vectors of its reference implementation.

Source of the vectors: github.com/google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc (``kInputs``,
``kSHA256Roots``, ``kSHA256Paths``, ``kSHA256Proofs``); the same stand in github.com/transparency-dev/merkle,
testonly/constants.go.
"""

import hashlib

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    extends,
    includes,
    inclusion_proof,
    leaf_hash,
    peaks_of,
    root_of,
)

INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
N1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
N23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
N4567 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
N4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
N45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
N67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
INCLUSION = [  # index, size, path
    (0, 1, []),
    (0, 8, [N1, N23, N4567]),
    (5, 8, [N4, N67, ROOTS[3]]),
    (2, 3, [ROOTS[1]]),
    (1, 5, [ROOTS[0], N23, N4]),
]
CONSISTENCY = [  # old size, size, proof
    (1, 1, []),
    (1, 8, [N1, N23, N4567]),
    (6, 8, [N45, N67, ROOTS[3]]),
    (2, 5, [N23, N4]),
]


class Kept:
    """A tree as a writer keeps it: every complete node by its place."""

    def __init__(self, leaves):
        self.leaves = list(leaves)
        self.nodes = {}
        tree = Frontier()
        for leaf in self.leaves:
            self.nodes.update({(level, offset): node for level, offset, node in tree.add(leaf)})
        self.root = tree.root()

    def __call__(self, level, offset):
        return self.nodes[level, offset]


def numbered(count):
    return [leaf_hash(b"entry %d" % n) for n in range(count)]


def flipped(data):
    return bytes([data[0] ^ 1]) + data[1:]


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert root_of([]).hex() == EMPTY_ROOT.hex() == EMPTY


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size):
    assert root_of(map(leaf_hash, INPUTS[:size])).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_published_inclusion_proofs(index, size, path):
    kept = Kept(map(leaf_hash, INPUTS))

    proof = inclusion_proof(index, size, kept)

    assert [step.hex() for step in proof] == path
    assert includes(bytes.fromhex(ROOTS[size - 1]), size, leaf_hash(INPUTS[index]), index, proof)


@pytest.mark.parametrize(("old", "size", "path"), CONSISTENCY)
def test_published_consistency_proofs(old, size, path):
    kept = Kept(map(leaf_hash, INPUTS))

    proof = consistency_proof(old, size, kept)

    assert [step.hex() for step in proof] == path
    assert extends(bytes.fromhex(ROOTS[old - 1]), old, bytes.fromhex(ROOTS[size - 1]), size, proof)


def test_a_node_does_not_pass_as_a_leaf():
    left, right = leaf_hash(b"1"), leaf_hash(b"2")

    assert root_of([left, right]) != leaf_hash(left + right)
    assert root_of([left, right]) == hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("size", range(40))
def test_a_tree_goes_on_from_its_stored_right_edge(size):
    kept = Kept(numbered(40))
    tree = Frontier(size, [kept(*place) for place in peaks_of(size)])

    assert tree.root() == root_of(numbered(size))
    for leaf in numbered(40)[size:]:
        tree.add(leaf)
    assert tree.root() == kept.root


@given(st.integers(1, 70), st.data())
def test_every_leaf_is_proven_and_no_other_one(size, data):
    leaves = numbered(size)
    kept = Kept(leaves)
    index = data.draw(st.integers(0, size - 1))

    proof = inclusion_proof(index, size, kept)

    assert includes(kept.root, size, leaves[index], index, proof)
    assert not includes(kept.root, size, flipped(leaves[index]), index, proof)
    assert not includes(flipped(kept.root), size, leaves[index], index, proof)
    assert not includes(kept.root, size, leaves[index], index, [*proof, kept.root])
    assert not includes(kept.root, size, leaves[index], size, proof)
    for other in set(range(size)) - {index}:
        assert not includes(kept.root, size, leaves[index], other, proof)
    for at in range(len(proof)):
        broken = [flipped(step) if at == n else step for n, step in enumerate(proof)]
        assert not includes(kept.root, size, leaves[index], index, broken)
        assert not includes(kept.root, size, leaves[index], index, proof[:at])


@given(st.integers(1, 70), st.data())
def test_every_beginning_is_proven_and_no_other_history(size, data):
    kept = Kept(numbered(size))
    old = data.draw(st.integers(1, size))
    old_root = root_of(numbered(old))

    proof = consistency_proof(old, size, kept)

    assert extends(old_root, old, kept.root, size, proof)
    assert not extends(flipped(old_root), old, kept.root, size, proof)
    assert not extends(old_root, old, flipped(kept.root), size, proof)
    assert not extends(old_root, old, kept.root, size, [*proof, kept.root])
    for at in range(len(proof)):
        broken = [flipped(step) if at == n else step for n, step in enumerate(proof)]
        assert not extends(old_root, old, kept.root, size, broken)
        assert not extends(old_root, old, kept.root, size, proof[:at])


def test_every_tree_continues_the_empty_one_and_none_a_larger_one():
    kept = Kept(numbered(5))

    assert extends(EMPTY_ROOT, 0, kept.root, 5, consistency_proof(0, 5, kept))
    assert not extends(kept.root, 0, kept.root, 5, ())
    assert not extends(kept.root, 5, root_of(numbered(3)), 3, ())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 21, 64, 100])
def test_another_implementation_has_the_same_roots_and_its_proofs_are_ours(size):
    entries = [b"entry %d" % number for number in range(size)]
    kept = Kept(map(leaf_hash, entries))
    theirs = pymerkle.InmemoryTree.init_from_entries(entries, algorithm="sha256")

    assert root_of(map(leaf_hash, entries)) == theirs.get_root()
    for index in range(size):
        pymerkle.verify_inclusion(theirs.get_leaf(index + 1), theirs.get_root(), theirs.prove_inclusion(index + 1))
        assert theirs.get_leaf(index + 1) == leaf_hash(entries[index])
        path = theirs.prove_inclusion(index + 1).serialize()["path"]
        assert set(path) - {leaf_hash(entries[index]).hex()} == {
            step.hex() for step in inclusion_proof(index, size, kept)
        }
