"""The verifier: is this the log that the checkpoints speak of? It trusts a key and checkpoints that have left the hub.

It shares the pure hashing with the writer and nothing else: notes, checkpoints, key lines and exports are parsed here.
What decides is the root recomputed from the bodies against signed checkpoints. Which entry is the *first* wrong one is
named by the list of leaf hashes that travels beside the bodies, and only once that list itself gives the signed root:
then the name is proven, for a list that was changed too would have another root. Without such a list the verifier
names the first line that cannot be (unreadable, out of order), or says between which checkpoints the fault lies.

Of what entries say it reads two things: which lines have ended (``ended.py``), and when they were written, to warn of a
clock that was set back (``times.py``). A cut tail is seen only with a checkpoint from outside: an older export with its
own older checkpoint is a perfect, shorter log.

``notes.py`` reads what is signed, ``lines.py`` what is exported, ``faults.py`` lists what can be wrong; here they are
compared. Standard: RFC 6962 §2.1.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import tee, zip_longest
from pathlib import Path

from hub.audit.tree import Frontier, Node
from hub.audit.verify.ended import Ended
from hub.audit.verify.faults import Fault, Wrong
from hub.audit.verify.lines import leaves, lines
from hub.audit.verify.nodes import inner_nodes_agree
from hub.audit.verify.notes import Checkpoint, parse_key, read_checkpoint, read_note
from hub.audit.verify.times import Times

__all__ = [
    "Checkpoint",
    "Compared",
    "Fault",
    "Report",
    "Wrong",
    "verify_copy",
    "verify_export",
    "verify_stored",
]


@dataclass(frozen=True, slots=True)
class Report:
    """What the verifier found.

    Args:
        fault: None: every entry is as it was signed.
        reason: one sentence with places and numbers, no content.
        first_wrong: index of the first wrong entry, where it can be named; None where it cannot.
        size: entries read.
        root: base64 of the root recomputed from them; "" where reading did not come to its end.
        proven: the first so many entries are as a signed checkpoint says.
        bodies: whether entries were read, or an export of hashes only.
        cosigned: who has cosigned the checkpoint that was asked about, and when: seconds since 1970.
        warnings: what is no fault of the log but should be looked into, a sentence each.
        ended: so many of them are a hash alone, since their time is over.
    """

    fault: Fault | None
    reason: str
    first_wrong: int | None = None
    size: int = 0
    root: str = ""
    proven: int = 0
    bodies: bool = True
    cosigned: tuple[tuple[str, int], ...] = ()
    warnings: tuple[str, ...] = ()
    ended: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault is None


def verify_export(folder: Path, *, key: str, checkpoint: bytes | None = None) -> Report:
    """Verify an export of the log, full or of hashes only.

    Args:
        folder: holds ``entries.jsonl`` and ``hashes.jsonl`` (or the second alone) and ``checkpoint.txt``.
        key: one C2SP verifier-key line, from outside the export.
        checkpoint: an older signed checkpoint from outside the hub; without it a cut tail cannot be seen.
    """
    entries, hashes = folder / "entries.jsonl", folder / "hashes.jsonl"
    ended, times = Ended(), Times()
    try:
        signer = parse_key(key)
        claimed = read_checkpoint(read_note(folder / "checkpoint.txt"), signer)
        outside = read_checkpoint(checkpoint, signer) if checkpoint is not None else None
        if not _is_there(entries) and not _is_there(hashes):
            raise Wrong(Fault.EXPORT_UNREADABLE, f"{folder.name}/ holds neither entries.jsonl nor hashes.jsonl")
        signed = (claimed, outside) if outside else (claimed,)
        listed = _Column(leaves(hashes), signed) if _is_there(hashes) else None
        read = ended.leaves(times.watch(lines(entries, "body")), _last_of(listed))
        own = _Column(read, signed) if _is_there(entries) else None
    except Wrong as wrong:
        return Report(wrong.fault, wrong.reason, wrong.first_wrong)
    if own is not None:
        judged = _without_emptied(_judge(own, listed, claimed, outside), ended)
        return replace(judged, warnings=times.warnings)
    assert listed is not None, "one of the two files is there"
    report = replace(_judge(listed, None, claimed, outside), bodies=False)
    return replace(report, reason=f"{report.reason} (hashes only: no entry was read)") if report.ok else report


def _without_emptied(report: Report, ended: Ended) -> Report:
    """A log that is right is not, where a line is empty and nothing in it says why."""
    if not report.ok or not ended.count:
        return report
    at = ended.emptied()
    if at is not None:
        reason = f"entry {at} says nothing, and no entry says that its time was over"
        return replace(report, fault=Fault.ENTRY_EMPTIED, reason=reason, first_wrong=at, ended=ended.count)
    return replace(report, reason=f"{report.reason}; {ended.count} have ended and are hashes alone", ended=ended.count)


def _is_there(file: Path) -> bool:
    """Also a link that leads nowhere: it cannot be read, and is not absent."""
    return file.exists() or file.is_symlink()


def verify_stored(
    stored: Iterable[tuple[int, bytes, bytes | None]],
    *,
    nodes: Callable[[], Iterator[Node]],
    size: int,
    root: bytes,
    key: str,
    checkpoint: bytes,
) -> Report:
    """Verify the hub's own store: every body against its leaf, the leaves against the head and the checkpoint.

    Entries after the checkpoint agree with the store's own head only; ``proven`` says where that begins.

    Args:
        stored: (index, body, stored leaf hash or None) in order.
        nodes: reads all nodes of the stored tree anew, in the order of (level, offset).
        size: entries that the stored head counts.
        root: root of the stored head.
        key: one C2SP verifier-key line, from outside the store.
        checkpoint: a signed checkpoint that is kept outside the store.
    """
    try:
        outside = read_checkpoint(checkpoint, parse_key(key))
    except Wrong as wrong:
        return Report(wrong.fault, wrong.reason, wrong.first_wrong)
    left, right = tee(_Lasting(_in_place(stored)))  # read in step, so little is kept between them
    ended, times = Ended(), Times()
    listed = _Column((leaf or b"" for _, leaf in right), (outside,))
    own = _Column(ended.leaves(times.watch(body for body, _ in left), _last_of(listed)), (outside,))
    judged = _without_emptied(_judge(own, listed, Checkpoint(size, root), outside), ended)
    report = replace(judged, warnings=times.warnings)
    if report.ok and not inner_nodes_agree(nodes):
        return replace(report, fault=Fault.NODES_DIFFER, reason="the entries are right, the tree kept over them is not")
    return report


@dataclass(frozen=True, slots=True)
class Compared:
    """A copy of a log against checkpoints that were kept elsewhere.

    Args:
        report: of the copy by itself.
        ahead: checkpoints that count more entries than it has.
        other: checkpoints of another history.
    """

    report: Report
    ahead: tuple[Checkpoint, ...]
    other: tuple[Checkpoint, ...]


def verify_copy(
    entries: Iterable[tuple[int, bytes]], leaves: Iterable[bytes], claimed: Checkpoint, outside: Sequence[Checkpoint]
) -> Compared:
    """Verify a copy of the hub's store against its own head, and hold it against every checkpoint from outside.

    Args:
        entries: (index, body) in order.
        leaves: the leaf hashes that stand beside them, in order.
        claimed: the head of the copy.
        outside: what signed checkpoints that were kept outside say.
    """
    ended, listed = Ended(), _Column(iter(leaves), outside)
    bodies = (body for body, _ in _in_place((index, body, None) for index, body in entries))
    own = _Column(ended.leaves(bodies, _last_of(listed)), outside)
    report = _without_emptied(_judge(own, listed, claimed, None), ended)
    if report.fault is Fault.LOG_EMPTY and claimed.size == 0 and listed.tree.size == 0:
        report = Report(None, "the log is empty", root=base64.b64encode(claimed.root).decode())
    ahead = tuple(checkpoint for checkpoint in outside if checkpoint.size > own.tree.size)
    return Compared(report, ahead, tuple(each for each in outside if each not in own.matched and each not in ahead))


def _last_of(listed: _Column | None) -> Callable[[], bytes | None]:
    """The leaf that is listed beside the line read last: the list is read a step ahead (:func:`_compare`)."""
    return lambda: (listed.last or None) if listed else None


class _Column:
    """A column of leaf hashes, passed on as it is read: its tree, the checkpoints it matched, what broke it.

    ``last`` is the leaf that was read last, None once there is none any more.
    """

    def __init__(self, leaves: Iterator[bytes], signed: Iterable[Checkpoint]) -> None:
        self.tree = Frontier()
        self.broken: Wrong | None = None
        self.matched: set[Checkpoint] = set()
        self.last: bytes | None = None
        self._leaves = leaves
        self._signed = tuple(signed)
        self._match()

    def __iter__(self) -> Iterator[bytes]:
        sizes = {checkpoint.size for checkpoint in self._signed}
        try:
            for leaf in self._leaves:
                self.tree.add(leaf)
                if self.tree.size in sizes:
                    self._match()
                self.last = leaf
                yield leaf
        except Wrong as wrong:
            self.broken = wrong
        self.last = None

    def _match(self) -> None:
        here = Checkpoint(self.tree.size, self.tree.root())
        self.matched.update(checkpoint for checkpoint in self._signed if checkpoint == here)

    @property
    def proven(self) -> int:
        """How many entries, from the first, are as a signed checkpoint says."""
        return max((checkpoint.size for checkpoint in self.matched), default=0)

    def is_all_of(self, checkpoint: Checkpoint) -> bool:
        """Whether it was read to its end and is what the checkpoint says."""
        return self.broken is None and (self.tree.size, self.tree.root()) == (checkpoint.size, checkpoint.root)


@dataclass(slots=True)
class _Difference:
    """The first place where the bodies' column and the list differ, and where each side's hash turns up later."""

    at: int
    own: bytes | None
    leaf: bytes | None
    own_again_at: int | None = None
    leaf_again_at: int | None = None


def _judge(own: _Column, listed: _Column | None, claimed: Checkpoint, outside: Checkpoint | None) -> Report:
    """Read the columns to their end and say what is wrong first."""
    difference = _compare(own, listed)
    root = base64.b64encode(own.tree.root()).decode()
    try:
        _decide(own, listed, difference, claimed, outside)
    except Wrong as wrong:
        proven = 0 if wrong.fault is Fault.FORK else own.proven  # two signed histories: which one is not ours to say
        return Report(wrong.fault, wrong.reason, wrong.first_wrong, own.tree.size, root, proven)
    return Report(None, f"all {own.tree.size} entries are as signed", None, own.tree.size, root, own.proven)


def _compare(own: _Column, listed: _Column | None) -> _Difference | None:
    if listed is None:
        for _ in own:
            pass
        return None
    first: _Difference | None = None
    for position, (leaf, mine) in enumerate(zip_longest(listed, own)):  # the list first: what is empty needs it
        if first is None:
            if mine != leaf:
                first = _Difference(position, mine, leaf)
        else:
            if leaf == first.own and first.own_again_at is None:
                first.own_again_at = position
            if mine == first.leaf and first.leaf_again_at is None:
                first.leaf_again_at = position
    return first


def _decide(
    own: _Column,
    listed: _Column | None,
    difference: _Difference | None,
    claimed: Checkpoint,
    outside: Checkpoint | None,
) -> None:
    """Raise the first fault: proven by the list, then visible in the lines, then in the root, then from outside."""
    if own.tree.size == 0 and own.broken is None:
        raise Wrong(Fault.LOG_EMPTY, f"no entry; {claimed.size} are counted", 0)
    if listed is not None and difference is not None and listed.is_all_of(claimed):
        raise _named(difference, own, claimed)
    if own.broken is not None:
        raise own.broken
    _against_claim(own, claimed)
    if outside is not None:
        _against_outside(own, outside)
    if listed is not None and (difference is not None or listed.broken is not None):
        at = difference.at if difference else None
        raise Wrong(Fault.LEAVES_DIFFER, "the entries are right, the list of leaf hashes beside them is not", at)


def _named(difference: _Difference, own: _Column, claimed: Checkpoint) -> Wrong:
    """The list gives the signed root, so this entry is the first wrong one; what happened to it."""
    at = difference.at
    if own.broken is not None and own.tree.size == at:
        return own.broken
    if difference.own is None:
        return _ends_before(at, claimed)
    if difference.leaf is None:
        return _more_than(claimed)
    return _moved_or_changed(difference)


def _moved_or_changed(difference: _Difference) -> Wrong:
    at = difference.at
    again, found = difference.own_again_at, difference.leaf_again_at
    if again is None and found is None:
        return Wrong(Fault.ENTRY_CHANGED, f"entry {at} does not give the leaf hash that was signed", at)
    if found is None:
        return Wrong(Fault.ENTRY_MISSING, f"entry {at} is missing; entry {again} stands in its place", at)
    if again is None:
        return Wrong(Fault.ENTRY_EXTRA, f"a foreign entry stands at {at}; entry {at} itself stands at {found}", at)
    return Wrong(Fault.ENTRIES_SWAPPED, f"entry {at} stands at {found}, and entry {again} in its place", at)


def _against_claim(own: _Column, claimed: Checkpoint) -> None:
    size = own.tree.size
    if size < claimed.size:
        raise _ends_before(size, claimed)
    if size > claimed.size and claimed in own.matched:
        raise _more_than(claimed)
    if not own.is_all_of(claimed):
        reason = f"the entries do not give the root of the checkpoint over {claimed.size}"
        known = f"; the first {own.proven} are as signed" if own.proven else ""
        raise Wrong(Fault.ROOT_DIFFERS, reason + known)


def _ends_before(index: int, claimed: Checkpoint) -> Wrong:
    return Wrong(Fault.ENTRY_MISSING, f"the log ends before entry {index}; {claimed.size} are counted", index)


def _more_than(claimed: Checkpoint) -> Wrong:
    return Wrong(Fault.ENTRY_EXTRA, f"entry {claimed.size} is one more than the {claimed.size} counted", claimed.size)


def _against_outside(own: _Column, outside: Checkpoint) -> None:
    if own.tree.size < outside.size:
        reason = f"{own.tree.size} entries; a checkpoint from outside counts {outside.size}"
        raise Wrong(Fault.LOG_CUT, reason, own.tree.size)
    if outside not in own.matched:
        raise Wrong(Fault.FORK, f"another history than a checkpoint from outside over {outside.size} entries")


class _Lasting(Iterator[tuple[bytes, bytes | None]]):
    """Lines for two readers: what broke them is told to both."""

    def __init__(self, lines_: Iterator[tuple[bytes, bytes | None]]) -> None:
        self._lines = lines_
        self._broken: Wrong | None = None

    def __next__(self) -> tuple[bytes, bytes | None]:
        if self._broken is not None:
            raise self._broken
        try:
            return next(self._lines)
        except Wrong as wrong:
            self._broken = wrong
            raise


def _in_place(stored: Iterable[tuple[int, bytes, bytes | None]]) -> Iterator[tuple[bytes, bytes | None]]:
    for position, (index, body, leaf) in enumerate(stored):
        if index != position:
            raise Wrong(Fault.INDEX_GAP, f"entry {index} stands where entry {position} should", position)
        yield body, leaf
