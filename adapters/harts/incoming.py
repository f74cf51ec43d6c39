"""Files from HARTS: read once, line by line, and answered with an ``.ACK`` beside them (program systems 9.4).

A file stays where it is until HARTS takes it away; it does so when its ``.ACK`` says SETTLED. What was taken in is
remembered by the file's identity, so the same file met again gets its answer again, and another one under that identity
is F03. A file that goes before it was settled is read again when it is back: what waited of it was dropped as gone.
So is one that still waits when a file with an earlier number comes late: its lines see what that one says.
One that cannot be read, or whose answer cannot be written, stops no other: it is told once and tried again. Of lines
nothing is remembered but what later ones are held against (``ledger``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice

from adapters.contract import Answer, Gone, Memory, Raw
from adapters.harts import ack, dat
from adapters.harts.groups import Group, line_of, of_client, of_lines
from adapters.harts.layout import Line
from adapters.harts.ledger import Ledger
from adapters.harts.taken import Register, Taken, identity_of, where_of
from adapters.mailbox import FILE_BYTES_MAX, Folder
from hub.errors import RecordUnreadable, Unavailable

PAGE = 500  # referrals read at once
STILL_WRITTEN = timedelta(minutes=1)  # [policy] a file without its trailer may still be growing for so long
NOTHING_YET_KEPT = timedelta(days=30)  # program systems 9.4: W01 is an error then
EARLIEST = date(2020, 1, 1)  # [policy] no file of this layout is older
DAY = timedelta(days=1)  # clocks of two places may differ by as much

Stamp = tuple[int, int]  # time of change (ns) and size


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

    def __init__(
        self, folder: Folder, site: str, memory: Memory, *, cuaet_eligible: bool, reports_elsewhere: bool = False
    ) -> None:
        self._folder, self._site, self._cuaet = folder, site, cuaet_eligible
        self._register = Register(memory)
        self._ledger = Ledger(memory, site, reports_elsewhere=reports_elsewhere)
        self._done: dict[str, Stamp] = {}  # files with which nothing is to be done while they stay as they are
        self._told: set[tuple[str, Stamp | None, str]] = set()
        self._held: Held | None = None
        self._groups_left: tuple[str, int, Iterator[Group]] | None = None  # of the file held, after that line
        self._unsaid: list[tuple[str, str]] = []  # answers that could not be written, told with the next page
        self._keys: dict[str, tuple[Stamp, tuple[str, ...]]] = {}
        self._said: dict[str, int] = {}
        self._final: dict[str, dict[str, Answer]] = {}  # of a file, the records whose answer is final: they say nothing
        self._turn = ""  # the identity of the file at which the next look begins

    def page(self, name: str, after: int) -> tuple[list[Raw], int | None] | None:
        """The next records of a file, and the line to go on after; None: that was all.

        Returns:
            None where the file cannot be read, or another one stands under its name: it was not read through.
        """
        batch = self._batch_or_none(name)
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
        problems += [text for name, said in self._unsaid for text in self._once(name, None, said)]
        self._unsaid.clear()
        away = self._register.away()
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
        identity = identity_of(where_of(name))
        taken = self._register.get(identity)
        if taken is not None and taken.name == name and not taken.whole:
            self._put(identity, replace(taken, whole=True, made=_digest(self._keys_of(taken) or ())))

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """Records by key; of a request that was said again or taken back since, the later line alone is there.

        A line that gives its number to another client says nothing of the earlier one's. A file that is away just now,
        or has other bytes, is read anew when it is back.
        """
        wanted: dict[str, set[str]] = {}
        for key in keys:
            wanted.setdefault(key.rpartition("/")[0], set()).add(key)
        found: dict[str, Raw] = {}
        said: dict[str, list[Group]] = {}  # the site's own requests: number to what was said last, of each client
        for name in self._folder.names(".DAT"):
            taken = self._register.get(identity_of(where_of(name)))
            if taken is None or taken.name != name:
                continue  # what a file says that was refused, or not taken in yet, does not count
            try:
                batch = self._batch(name)
            except Unavailable:
                if found or where_of(name) in wanted:
                    raise  # what it says may be later than what was found, and may take it back
                continue
            if batch is None:
                continue
            asked = wanted.pop(where_of(name), set())
            for group in self._groups(batch):
                if number := group.request(self._site):
                    said[number] = [*(one for one in said.get(number, ()) if not one.same_client(group)), group]
                else:
                    said[group.key] = [group]
                if group.key in asked:
                    found[group.key] = self._raw(batch, group)
        for away in wanted:
            self._read_anew(away)
        standing = {group.key for groups in said.values() for group in groups}
        return [found[key] if key in found and key in standing else Gone(key) for key in keys]

    def awaiting(self, limit: int) -> list[str]:
        """Keys of whole files that are not settled, save those whose answer is final. Files take turns."""
        there = set(self._folder.names(".DAT"))
        files = list(self._register.unsettled())
        begin = next((place for place, (identity, _) in enumerate(files) if identity == self._turn), 0)
        self._turn = ""
        keys: list[str] = []
        for identity, taken in files[begin:] + files[:begin]:
            if len(keys) >= limit:
                self._turn = self._turn or identity
            elif taken.whole and taken.name not in there:  # taken away: nobody waits for its answer any more
                self._read_anew(where_of(taken.name))
            elif taken.whole:
                final = self._final.get(taken.name, {})
                keys += [key for key in self._keys_of(taken) or () if key not in final]
        return keys

    def answer(self, answers: Mapping[str, Answer], now: datetime) -> bool:
        """See :meth:`adapters.contract.Answering.answer`. What cannot be written stops no other file's answer."""
        written = False
        failed: Unavailable | None = None
        for identity, taken in self._register.unsettled():
            keys = self._keys_of(taken) if taken.whole else None
            final = self._final.setdefault(taken.name, {})
            if keys is None or not all(key in answers or key in final for key in keys):
                continue
            final |= {key: answers[key] for key in keys if key in answers and answers[key].known}
            now_said = {key: final.get(key) or answers[key] for key in keys}
            old = now - datetime.fromisoformat(taken.at) >= NOTHING_YET_KEPT
            if self._said.get(taken.name) == self._as_said(taken.name, now_said, old=old):
                continue
            try:
                written |= self._answer(identity, taken, now_said, now, old=old)
            except Unavailable as error:
                failed = error
                self._unsaid.append((taken.name, f"harts {ack.ack_name(taken.name)}: {error}"))
        if failed is not None:
            raise failed
        return written

    def _as_said(self, name: str, answers: Mapping[str, Answer], *, old: bool) -> int:
        """What an answer rests on, to see that nothing has changed; of a file of any length one number is kept."""
        return hash((old, self._folder.stamp(ack.ack_name(name)), *answers.values()))

    def _read_anew(self, where: str) -> None:
        """A file counts as taken away, and is read when it is back: at once, where it still lies there."""
        identity = identity_of(where)
        if (taken := self._register.get(identity)) is not None:
            self._register.went(taken.name)
            self._put(identity, replace(taken, settled=True))

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
        if isinstance(taken, Taken) and not taken.whole:
            self._held = Held(name, stamp, found)
        if isinstance(taken, Taken) and taken.settled and not self._is_settled(name):
            taken = replace(taken, settled=False, whole=False)  # it was taken away, and is back without its answer
            self._put(found.header.identity, taken)
        self._register.came_back(name)
        return taken

    def _is_settled(self, name: str) -> bool:
        said = self._answer_there(name)
        return said is not None and said.settled and not said.code

    def _answer(self, identity: str, taken: Taken, answers: Mapping[str, Answer], now: datetime, *, old: bool) -> bool:
        """Answer one file, where what stands there says something else."""
        batch = self._batch(taken.name)
        if batch is None:
            return False
        others = [*self._courses(batch), *batch.strays()]
        clients = list(self._clients(batch))
        groups = [group for client in clients for group in of_client(where_of(batch.name), client)]
        if any(group.key not in answers for group in groups):  # as in `_keys_of`
            self._read_anew(where_of(batch.name))
            return False
        lines = of_lines(clients, others, groups, answers, old=old)
        ended = not any(answers[group.key].under_way for group in groups)
        said = ack.answered(taken.name, batch.keys(), lines, now, ended=ended)
        stands = self._stands(said)
        if not stands:
            self._folder.put(ack.ack_name(taken.name), ack.write(said))
        self._said[taken.name] = self._as_said(taken.name, answers, old=old)
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

    def _keys_of(self, taken: Taken) -> tuple[str, ...] | None:
        """Keys of the records of a file that was taken in; None: it cannot be read now, or is read anew.

        A record that it did not make when it was read was never handed in: nobody could answer it.
        """
        name = taken.name
        stamp = self._folder.stamp(name)
        known = self._keys.get(name)
        if known is not None and known[0] == stamp:
            return known[1]
        batch = self._batch_or_none(name)
        if batch is None or stamp is None:
            return None
        keys = tuple(group.key for group in self._groups(batch))
        if taken.whole and taken.made != _digest(keys):
            self._read_anew(where_of(name))
            return None
        self._keys[name] = (stamp, keys)
        return keys

    def _batch_or_none(self, name: str) -> dat.Batch | None:
        """The same; None too where it cannot be read, which is told where files are looked at."""
        try:
            return self._batch(name)
        except Unavailable:
            return None

    def _batch(self, name: str) -> dat.Batch | None:
        """A file as it was taken in; None: it is gone, or other bytes stand under its name."""
        stamp = self._folder.stamp(name)
        if self._held is not None and (self._held.name, self._held.stamp) == (name, stamp):
            return self._held.batch
        if stamp is not None and stamp[1] > FILE_BYTES_MAX:
            return None
        data = self._folder.read(name)
        found = dat.read(name, data, dat.FROM_HARTS) if data is not None else None
        if data is None or not isinstance(found, dat.Batch):
            return None
        known = self._register.get(found.header.identity)
        return found if known is None or known.sha256 == hashlib.sha256(data).hexdigest() else None

    def _against_memory(self, batch: dat.Batch, data: bytes, now: datetime) -> dat.Refusal | Taken:
        """F03, or the same file again, or a new one that is taken in now."""
        if (refusal := self._never_taken(batch, now)) is not None:
            return refusal
        digest = hashlib.sha256(data).hexdigest()
        known = self._register.get(batch.header.identity)
        if known is None:
            self._comes_before_others(batch.header.identity)
            known = Taken(batch.name, digest, now.isoformat())
        if not known.settled:  # also one that is known and missing in the list, or it would never be answered
            self._put(batch.header.identity, known)
        if (known.name, known.sha256) == (batch.name, digest):
            return known
        return dat.Refusal(
            batch.name, "F03", 1, "a sequence that was taken in before, with other bytes or name", "the next one",
            "give it the next sequence number and send it again",
        )  # fmt: skip

    def _comes_before_others(self, identity: str) -> None:
        """A new file: those after it that wait are read anew, since their lines see what it says."""
        for later, taken in list(self._register.unsettled()):
            if later > identity:  # of one site: the order of year and sequence
                self._read_anew(where_of(taken.name))

    def _never_taken(self, batch: dat.Batch, now: datetime) -> dat.Refusal | None:
        """F01, of a file that is whole and not for us, or not of this time. What was taken in stays so."""
        if self._register.get(batch.header.identity) is not None:
            return None
        if batch.header.site != self._site:
            return dat.Refusal(batch.name, "F01", 1, "another site", "the site of this folder", "put it into its own")
        if batch.header.file_date > (now + DAY).date():  # what it says would overtake all that comes after
            return dat.Refusal(batch.name, "F01", 1, "a FILE_DATE to come", "today, or before")
        if batch.header.file_date < EARLIEST:
            return dat.Refusal(batch.name, "F01", 1, "a FILE_DATE of long ago", f"{EARLIEST}, or later")
        return None

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
        self._courses(batch)
        for client in self._clients(batch):
            yield from of_client(where_of(batch.name), client)

    def _clients(self, batch: dat.Batch) -> Iterator[dat.Client]:
        where = where_of(batch.name)
        return (self._ledger.client(where, each) for each in batch.clients(cuaet_eligible=self._cuaet))

    def _courses(self, batch: dat.Batch) -> list[Line]:
        return self._ledger.courses(where_of(batch.name), batch.courses())

    def _raw(self, batch: dat.Batch, group: Group) -> Raw:
        data = group.octets(batch.header.file_date.isoformat())
        return Raw(group.key, "", data, batch.header.site, group.own())

    def _put(self, identity: str, taken: Taken) -> None:
        self._register.put(identity, taken)
        if taken.settled:
            for kept in (self._keys, self._said, self._final):
                kept.pop(taken.name, None)


def _digest(keys: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()


def _no_file(name: str) -> str:
    return f"harts {dat.shown(name)}: got a folder, a pipe or a link, expected a plain file; take it out of this folder"


def _grows(data: bytes, stamp: Stamp, now: datetime) -> bool:
    """Whether a file may still be written: it has no trailer, and was touched a moment ago."""
    age_s = now.timestamp() - stamp[0] / 1e9
    return b"\nTR " not in data and -DAY.total_seconds() <= age_s < STILL_WRITTEN.total_seconds()
