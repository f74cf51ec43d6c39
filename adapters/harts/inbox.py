"""Files from HARTS: read once, line by line, and answered with an ``.ACK`` beside them (program systems 9.4).

A file stays where it is until HARTS takes it away; it does so when its ``.ACK`` says SETTLED. What was taken in is
remembered by the file's identity, so the same file met again gets its answer again, and another one under that identity
is F03. A file that goes before it was settled is read again when it is back: what waited of it was dropped as gone.
One that cannot be read, or whose answer cannot be written, stops no other: it is told once and tried again. Nothing of
a line is remembered here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

import orjson

from adapters.contract import Answer, Gone, Memory, Raw
from adapters.harts import ack, dat
from adapters.harts.folder import FILE_BYTES_MAX, Folder
from adapters.harts.groups import Group, line_of, of_lines
from adapters.harts.layout import DELETED
from hub.errors import RecordUnreadable, Unavailable

PAGE = 500  # referrals read at once
STILL_WRITTEN = timedelta(minutes=1)  # [policy] a file without its trailer may still be growing for so long
NOTHING_YET_KEPT = timedelta(days=30)  # program systems 9.4: W01 is an error then
DAY = timedelta(days=1)  # clocks of two places may differ by as much
_FILES = "files"  # memory key: identities of files that are not settled, in order
_AWAY = "away"  # memory key: names of files that were taken away before they were settled

Stamp = tuple[int, int]  # time of change (ns) and size


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was taken in.

    Args:
        whole: each of its lines has its first decision, so it may be answered.
        settled: the last answer is final, or nobody waits for it.
    """

    name: str
    sha256: str
    at: str
    whole: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A file that is being read: what was read of it once need not be read for each page."""

    name: str
    stamp: Stamp
    batch: dat.Batch


class FromHarts:
    """The folder of the R files of one site.

    What it keeps between two calls only saves work, and lets a problem be told once: a new one knows all it must.
    """

    def __init__(self, folder: Folder, site: str, memory: Memory, *, cuaet_eligible: bool) -> None:
        self._folder, self._site, self._memory, self._cuaet = folder, site, memory, cuaet_eligible
        self._done: dict[str, Stamp] = {}  # files with which nothing is to be done while they stay as they are
        self._told: set[tuple[str, Stamp | None, str]] = set()
        self._held: Held | None = None
        self._groups_left: tuple[str, int, Iterator[Group]] | None = None  # of the file held, after that line
        self._keys: dict[str, tuple[Stamp, tuple[str, ...]]] = {}
        self._said: dict[str, int] = {}

    def page(self, name: str, after: int) -> tuple[list[Raw], int | None] | None:
        """The next records of a file, and the line to go on after; None: that was all.

        Returns:
            None where the file is gone, or another one stands under its name: it was not read through.
        """
        batch = self._batch(name)
        if batch is None:
            self._held = None
            return None
        left = self._groups_left
        if left is not None and left[:2] == (name, after):
            groups = left[2]
        else:
            groups = (group for group in self._groups(batch) if line_of(group.key) > after)
        found = list(islice(groups, PAGE))
        last = line_of(found[-1].key) if len(found) == PAGE else None
        self._groups_left = (name, last, groups) if last is not None else None
        if last is None:
            self._held = None
        return [self._raw(batch, group) for group in found], last

    def next_file(self, now: datetime) -> tuple[str | None, list[str]]:
        """The next file that was not taken in, and what is wrong with those before it, which are answered at once."""
        names, odd = self._folder.names(".DAT"), self._folder.odd(".DAT")
        there = {*names, *odd}
        self._done = {name: stamp for name, stamp in self._done.items() if name in there}
        self._told = {each for each in self._told if each[0] in there}
        problems = [text for name in odd for text in self._once(name, None, _no_file(name))]
        away = self._away()
        for name in names:
            stamp = self._folder.stamp(name)
            if stamp is None or (self._done.get(name) == stamp and name not in away):
                continue
            try:
                if self._to_read(name, stamp, now, problems):
                    return name, problems
            except Unavailable as error:
                problems += self._once(name, stamp, f"harts {dat.shown(name)}: {error}")
        return None, problems

    def is_whole(self, name: str) -> None:
        """All of a file has been judged: from now on it is answered."""
        for identity, taken in self._files():
            if taken.name == name and not taken.whole:
                self._put(identity, replace(taken, whole=True))

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """Records by key; of a request that was said again or taken back since, the later line alone is there."""
        wanted: dict[str, set[str]] = {}
        for key in keys:
            wanted.setdefault(key.rpartition("/")[0], set()).add(key)
        found: dict[str, Raw] = {}
        last: dict[str, str] = {}  # the site's own requests: number to the line that spoke of it last
        names = self._folder.names(".DAT")
        self._let_go({name for name in self._unsettled() if _where(name) in wanted} - set(names))
        for name in names:
            asked = wanted.get(_where(name), set())
            if (batch := self._batch(name)) is not None:
                for group in self._groups(batch):
                    last[group.request(self._site) or group.key] = group.key
                    if group.key in asked:
                        found[group.key] = self._raw(batch, group)
        standing = set(last.values())
        return [found[key] if key in found and key in standing else Gone(key) for key in keys]

    def awaiting(self, limit: int) -> list[str]:
        """Keys of whole files that are not settled."""
        there = set(self._folder.names(".DAT"))
        self._let_go({name for name in self._unsettled() if name not in there})
        keys: list[str] = []
        for _, taken in self._files():
            if taken.whole and len(keys) < limit:
                keys += self._keys_of(taken.name) or ()
        return keys

    def answer(self, answers: Mapping[str, Answer], now: datetime) -> bool:
        """See :meth:`adapters.contract.Answering.answer`. What cannot be written stops no other file's answer."""
        written = False
        failed: Unavailable | None = None
        for identity, taken in self._files():
            keys = self._keys_of(taken.name) if taken.whole else None
            if keys is None or not all(key in answers for key in keys):
                continue
            old = now - datetime.fromisoformat(taken.at) >= NOTHING_YET_KEPT
            said = hash((old, self._folder.stamp(ack.ack_name(taken.name)), *(answers[key] for key in keys)))
            if self._said.get(taken.name) == said:
                continue
            try:
                written |= self._answer(identity, taken, answers, now, old=old)
            except Unavailable as error:
                failed = error
            else:
                stamp = self._folder.stamp(ack.ack_name(taken.name))
                self._said[taken.name] = hash((old, stamp, *(answers[key] for key in keys)))
        if failed is not None:
            raise failed
        return written

    def _to_read(self, name: str, stamp: Stamp, now: datetime, problems: list[str]) -> bool:
        """Whether a file is to be read now. One that is refused is answered, and told."""
        found = self._looked_at(name, stamp, now)
        if isinstance(found, Taken) and not found.whole:
            return True
        if isinstance(found, dat.Refusal):
            problems += self._once(name, stamp, found.text())
            self._refuse(found, now)
        if found is not None:
            self._done[name] = stamp
        return False

    def _looked_at(self, name: str, stamp: Stamp, now: datetime) -> dat.Refusal | Taken | None:
        """What a file is; None: it went, or is still being written."""
        if stamp[1] > FILE_BYTES_MAX:
            return dat.Refusal(
                name, "F05", 0, f"{stamp[1]} bytes", f"{FILE_BYTES_MAX} at most", "send it as several files"
            )
        data = self._folder.read(name)
        if data is None:
            return None
        found = dat.read(name, data, dat.FROM_HARTS)
        if isinstance(found, dat.Refusal):
            return None if _grows(data, stamp, now) else found
        taken = self._against_memory(found, data, now)
        away = self._away()
        if isinstance(taken, Taken) and taken.settled and not self._is_settled(name):  # back without its last answer
            taken = replace(taken, whole=taken.whole and name not in away, settled=False)
            self._put(found.header.identity, taken)
        if name in away:
            self._memory.put(_AWAY, orjson.dumps([each for each in away if each != name]).decode())
        if isinstance(taken, Taken) and not taken.whole:
            self._held = Held(name, stamp, found)
        return taken

    def _is_settled(self, name: str) -> bool:
        said = self._answer_there(name)
        return said is not None and said.settled and not said.code

    def _answer(self, identity: str, taken: Taken, answers: Mapping[str, Answer], now: datetime, *, old: bool) -> bool:
        """Answer one file, where what stands there says something else."""
        batch = self._batch(taken.name)
        if batch is None:
            return False
        groups = list(self._groups(batch))
        lines = of_lines(batch, groups, answers, old=old, cuaet=self._cuaet)
        ended = not any(answers[group.key].under_way for group in groups)
        said = ack.answered(taken.name, batch.keys(), lines, now, ended=ended)
        stands = self._stands(said)
        if not stands:
            self._folder.put(ack.ack_name(taken.name), ack.write(said))
        if said.settled:
            self._put(identity, replace(taken, settled=True))
        return not stands

    def _stands(self, said: ack.Ack) -> bool:
        before = self._answer_there(said.file)
        return before is not None and replace(before, written_at=said.written_at) == said

    def _answer_there(self, name: str) -> ack.Ack | None:
        """The answer that stands beside a file; None: there is none, or none that can be read."""
        data = self._folder.read(ack.ack_name(name))
        try:
            return ack.read(ack.ack_name(name), data) if data is not None else None
        except RecordUnreadable:
            return None

    def _keys_of(self, name: str) -> tuple[str, ...] | None:
        """Keys of the records of a file that was taken in; None: it cannot be read now."""
        stamp = self._folder.stamp(name)
        known = self._keys.get(name)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            batch = self._batch(name)
        except Unavailable:  # told where files are looked at
            return None
        if batch is None or stamp is None:
            return None
        self._keys[name] = (stamp, tuple(group.key for group in self._groups(batch)))
        return self._keys[name][1]

    def _batch(self, name: str) -> dat.Batch | None:
        """A file as it was taken in; None: it is gone, or other bytes stand under its name."""
        stamp = self._folder.stamp(name)
        if self._held is not None and (self._held.name, self._held.stamp) == (name, stamp):
            return self._held.batch
        data = self._folder.read(name)
        found = dat.read(name, data, dat.FROM_HARTS) if data is not None else None
        if data is None or not isinstance(found, dat.Batch):
            return None
        known = self._known(found.header.identity)
        return found if known is None or known.sha256 == hashlib.sha256(data).hexdigest() else None

    def _against_memory(self, batch: dat.Batch, data: bytes, now: datetime) -> dat.Refusal | Taken:
        """F03, or the same file again, or a new one that is taken in now."""
        if batch.header.site != self._site:
            return dat.Refusal(batch.name, "F01", 1, "another site", "the site of this folder", "put it into its own")
        digest = hashlib.sha256(data).hexdigest()
        known = self._known(batch.header.identity)
        if known is None:
            if batch.header.file_date > (now + DAY).date():  # what it says would overtake all that comes after
                return dat.Refusal(batch.name, "F01", 1, "a FILE_DATE to come", "today, or before")
            known = Taken(batch.name, digest, now.isoformat())
            self._put(batch.header.identity, known)
        if (known.name, known.sha256) == (batch.name, digest):
            return known
        return dat.Refusal(
            batch.name, "F03", 1, "a sequence that was taken in before, with other bytes or name", "the next one",
            "give it the next sequence number and send it again",
        )  # fmt: skip

    def _refuse(self, refusal: dat.Refusal, now: datetime) -> None:
        """Answer a file that is refused, if its name is one of ours: of others nobody waits for an answer."""
        said = ack.refused(refusal.name, refusal.code, now)
        if dat.shown(refusal.name) == refusal.name and not self._stands(said):
            self._folder.put(ack.ack_name(refusal.name), ack.write(said))

    def _once(self, name: str, stamp: Stamp | None, problem: str) -> list[str]:
        """A problem that was not told yet of a file as it is."""
        if (name, stamp, problem) in self._told:
            return []
        self._told.add((name, stamp, problem))
        return [problem]

    def _groups(self, batch: dat.Batch) -> Iterator[Group]:
        where = f"{batch.header.site}/{batch.header.file_date.year:04}/{batch.header.seq:03}"
        for client in batch.clients(cuaet_eligible=self._cuaet):
            if client.line.action == DELETED:
                continue
            parts = [line for line in client.lines if line.record in ("AS", "EL") and not line.faults]
            for line in client.lines:
                if line.record == "RF":
                    faults = (*client.line.faults, *line.faults)
                    yield Group(f"{where}/{line.number}", client.line, (line, *parts), faults)

    def _raw(self, batch: dat.Batch, group: Group) -> Raw:
        return Raw(group.key, "", group.octets(batch.header.file_date.isoformat()), batch.header.site)

    def _files(self) -> Iterator[tuple[str, Taken]]:
        for identity in orjson.loads(self._memory.get(_FILES) or "[]"):
            if (taken := self._known(identity)) is not None:
                yield identity, taken

    def _known(self, identity: str) -> Taken | None:
        text = self._memory.get(identity)
        return Taken(**orjson.loads(text)) if text else None

    def _unsettled(self) -> list[str]:
        return [taken.name for _, taken in self._files()]

    def _let_go(self, names: Collection[str]) -> None:
        """These were taken away: nobody waits for their answer any more, and what waited in the hub is dropped."""
        gone = [(identity, taken) for identity, taken in self._files() if taken.name in names]
        if gone:
            before = [name for name in self._away() if name not in names]
            self._memory.put(_AWAY, orjson.dumps([*before, *(taken.name for _, taken in gone)]).decode())
        for identity, taken in gone:
            self._put(identity, replace(taken, settled=True))

    def _away(self) -> list[str]:
        return list(orjson.loads(self._memory.get(_AWAY) or "[]"))

    def _put(self, identity: str, taken: Taken) -> None:
        """Keep what is known of a file, and its place among those that are not settled.

        The list comes first, and last where a file leaves it: a name in it that is not known is passed over, but a file
        that is known and not in it would never be answered.
        """
        order = orjson.loads(self._memory.get(_FILES) or "[]")
        if not taken.settled and identity not in order:
            self._memory.put(_FILES, orjson.dumps([*order, identity]).decode())
        self._memory.put(identity, orjson.dumps(taken).decode())
        if taken.settled and identity in order:
            self._memory.put(_FILES, orjson.dumps([each for each in order if each != identity]).decode())
            self._keys.pop(taken.name, None)
            self._said.pop(taken.name, None)


def _where(name: str) -> str:
    """The part of a record key that a file's name says: site, year and sequence."""
    return f"{name[2:8].rstrip('_')}/{name[8:12]}/{name[16:19]}"


def _no_file(name: str) -> str:
    return f"harts {dat.shown(name)}: got a folder, a pipe or a link, expected a plain file; take it out of this folder"


def _grows(data: bytes, stamp: Stamp, now: datetime) -> bool:
    """Whether a file may still be written: it has no trailer, and was touched a moment ago."""
    age_s = now.timestamp() - stamp[0] / 1e9
    return b"\nTR " not in data and 0 <= age_s < STILL_WRITTEN.total_seconds()
