"""Workbooks that were handed in: read once, and answered with a ``.hub.csv`` beside them (settled S12, S13).

A name is its bytes' for good: the same workbook met again gets its answer again, other bytes under its name are
refused. What goes before it was settled is read anew when it is back; moved to ``uploaded`` or ``processed`` it is
still there. One that cannot be read, or whose answer cannot be written, stops no other: it is told once and tried
again. Remembered are digests and states alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from adapters.contract import Answer, Gone, Memory, Now, Raw
from adapters.icare import answers as said
from adapters.icare import names
from adapters.icare.folder import Folder, Stamp
from adapters.icare.groups import Group
from adapters.icare.ledger import Ledger
from adapters.icare.names import ANSWER
from adapters.icare.package import FileRefused, Why
from adapters.icare.shelf import Found, Opened, Shelf
from adapters.icare.statements import Standing, number_of
from adapters.icare.taken import Register, Taken
from hub.errors import Unavailable

PAGE = 500  # referrals read at once
STILL_WRITTEN = timedelta(minutes=1)  # [policy] a damaged workbook may still be being copied for so long
DAY = timedelta(days=1)  # clocks of two places may differ by as much
TORONTO = ZoneInfo("America/Toronto")
_GROWING = frozenset({Why.DAMAGED, Why.NOT_A_WORKBOOK})


class Incoming:
    """The workbooks of one agreement.

    What it keeps between two calls only saves work, and lets a problem be told once: a new one knows all it must.
    """

    def __init__(self, folder: Folder, agreement: str, memory: Memory, now: Now, ledger: Ledger) -> None:
        self._folder, self._agreement, self._now = folder, agreement, now
        self._register, self._digest = Register(memory), memory.digest
        self._ledger = ledger
        self._shelf = Shelf(folder, agreement, self._day_of, ledger)
        self._done: dict[str, Stamp] = {}  # labels with which nothing is to be done while the file stays as it is
        self._told: set[tuple[str, Stamp | None, str]] = set()
        self._unsaid: list[tuple[str, str]] = []  # answers that could not be written, told with the next page
        self._keys: dict[str, tuple[Found, Stamp, tuple[str, ...]]] = {}
        self._said: dict[str, int] = {}  # label to what its answer rests on
        self._turn = ""  # the label at which the next look begins

    def page(self, label: str, after: int) -> tuple[list[Raw], int | None] | None:
        """The next records of a workbook, and how many rows with a flag were looked at; None for it: that was all.

        Args:
            after: how many were looked at before. What only says again what was said is looked at, and is no record.

        Returns:
            None where the workbook is gone, or has other bytes: it was not read through.
        """
        opened = self._as_taken(label)
        if opened is None:
            return None
        month = _month(label)
        standing = self._standing(month)
        groups = list(opened.sheet.groups(label))
        found = [group for group in groups[after : after + PAGE] if group.key not in standing.again]
        return self._raws(found, month), after + PAGE if after + PAGE < len(groups) else None

    def next_file(self) -> tuple[str | None, list[str]]:
        """The label of the next workbook that was not read, and what is wrong with those before it."""
        listed = [name for name in self._folder.names() if names.to_read(name)]
        ours = self._ledger.ours()  # the hub's own workbooks are no records of the agency's
        there = {names.label(name): name for name in listed if name not in ours}
        odd = [names.label(name) for name in self._folder.names(plain=False) if names.to_read(name)]
        self._done = {label: stamp for label, stamp in self._done.items() if label in there}
        self._told = {each for each in self._told if each[0] in there or each[0] in odd}
        problems = [text for label in odd for text in self._once(label, None, _no_file(label))]
        problems += [text for label, why in self._unsaid for text in self._once(label, None, why)]
        self._unsaid.clear()
        for label, name in there.items():
            stamp = self._folder.stamp(name)
            if stamp is None or self._done.get(label) == stamp:
                continue
            try:
                if self._to_read(label, name, stamp, problems):
                    return label, problems
            except Unavailable as error:
                problems += self._once(label, stamp, f"icare {label}: {error}")
        return None, problems

    def is_whole(self, label: str) -> None:
        """All of a workbook has been judged: from now on it is answered."""
        taken = self._register.get(label)
        if taken is not None and not taken.whole:
            self._register.put(label, replace(taken, whole=True))

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """Records by key. A workbook that is away just now, or has other bytes, is read anew when it is back."""
        wanted: dict[str, set[str]] = {}
        for key in keys:
            wanted.setdefault(key.partition("/")[0], set()).add(key)
        found: dict[str, Raw] = {}
        for label, own in wanted.items():
            opened = self._as_taken(label)
            if opened is None:
                self._went(label)
                continue
            month = _month(label)
            standing = self._standing(month)
            asked = own - standing.over - standing.again
            groups = [group for group in opened.sheet.groups(label) if group.key in asked]
            found |= {raw.key: raw for raw in self._raws(groups, month)}
        return [found.get(key) or Gone(key) for key in keys]

    def awaiting(self, limit: int) -> list[str]:
        """Keys of whole workbooks that are not settled. Workbooks take turns."""
        files = list(self._register.unsettled())
        begin = next((place for place, (label, _) in enumerate(files) if label == self._turn), 0)
        self._turn = ""
        there, standing = self._shelf.found(), cache(self._standing)
        keys: list[str] = []
        for label, taken in files[begin:] + files[:begin]:
            if len(keys) >= limit:
                self._turn = self._turn or label
            elif taken.whole and label not in there:  # taken away: nobody waits for its answer any more
                self._went(label)
            elif taken.whole:
                keys += self._keys_of(label, there[label], standing) or ()
        return keys

    def answer(self, answers: Mapping[str, Answer]) -> bool:
        """See :meth:`adapters.contract.Answering.answer`. What cannot be written stops no other workbook's answer."""
        written = False
        failed: Unavailable | None = None
        there, standing = self._shelf.found(), cache(self._standing)
        for label, taken in self._register.unsettled():
            keys = self._keys_of(label, there[label], standing) if taken.whole and label in there else None
            if keys is None or not all(key in answers for key in keys):
                continue
            try:
                written |= self._answer(label, there[label], taken, {key: answers[key] for key in keys})
            except Unavailable as error:
                failed = error
                self._unsaid.append((label, f"icare {label}{ANSWER}: {error}"))
        if failed is not None:
            raise failed
        return written

    def _answer(self, label: str, found: Found, taken: Taken, answers: Mapping[str, Answer]) -> bool:
        """Answer one workbook, where what stands there says something else."""
        if self._said.get(label) == self._rests_on(found, answers):
            return False
        opened = self._as_taken(label)
        if opened is None:
            return False
        data, settled = said.answer_to(opened.sheet, label, answers)
        written = self._put(found, data)
        self._said[label] = self._rests_on(found, answers)
        if settled:
            self._register.put(label, replace(taken, settled=True))
            del self._said[label]
            self._keys.pop(label, None)
        return written

    def _rests_on(self, found: Found, answers: Mapping[str, Answer]) -> int:
        """What an answer rests on, to see that nothing has changed; of a workbook of any length one number is kept."""
        place, name = found
        return hash((found, self._folder.stamp(name + ANSWER, place), *answers.items()))

    def _put(self, found: Found, data: bytes) -> bool:
        """Write an answer beside a workbook, unless it stands there."""
        place, name = found
        stands = self._folder.read(name + ANSWER, place) == data
        if not stands:
            self._folder.put(name + ANSWER, data, place)
        return not stands

    def _to_read(self, label: str, name: str, stamp: Stamp, problems: list[str]) -> bool:
        """Whether a workbook is to be read now. One that is refused is answered, and told."""
        if self._was_read(label, name):
            self._done[label] = stamp
            return False
        try:
            opened = self._shelf.open(("", name))
            if opened is None:
                return False
            taken = self._taken_in(opened)
        except FileRefused as refused:
            if refused.why in _GROWING and self._grows(stamp):
                return False
            problems += self._once(label, stamp, f"icare {label}: {refused.why}, {_without_place(refused)}")
            self._put(("", name), said.refusal(refused))
            self._done[label] = stamp
            return False
        return not taken.whole

    def _was_read(self, label: str, name: str) -> bool:
        """Whether a workbook was read through before, and is the same: this is seen without opening it."""
        known = self._register.get(label)
        if known is None or not known.whole or known.gone:
            return False
        data = self._folder.read(name)
        return data is not None and hashlib.sha256(data).hexdigest() == known.sha256

    def _taken_in(self, opened: Opened) -> Taken:
        """The same workbook again, or a new one that is taken in now.

        Raises:
            FileRefused: other bytes stood under its name before.
        """
        known = self._register.get(opened.label)
        if known is not None and known.sha256 != opened.sha256:
            raise FileRefused(
                Why.CHANGED,
                "other bytes than were read under this name",
                "the same",
                "give it a new name, and hand it in",
            )
        if known is None:
            known = Taken(opened.sha256, self._now().astimezone(UTC).isoformat())
        elif known.gone:
            known = replace(known, whole=False, settled=False, gone=False)
        if not known.settled:  # also one that is known and missing in the list, or it would never be answered
            self._register.put(opened.label, known)
        return known

    def _as_taken(self, label: str) -> Opened | None:
        """A workbook as it was taken in; None: it is gone, or refused, or other bytes stand under its name."""
        found = self._shelf.found().get(label)
        if found is None:
            return None
        try:
            opened = self._shelf.open(found)
        except FileRefused:
            return None
        known = self._register.get(label)
        return opened if opened is None or known is None or known.sha256 == opened.sha256 else None

    def _raws(self, groups: Sequence[Group], month: str) -> list[Raw]:
        profiles = self._shelf.profiles(month) if groups else {}
        found = []
        for group in groups:
            number = number_of(self._agreement, group.row.key, group.flag, self._digest)
            data = group.octets(number, profiles.get(group.row.client))
            found.append(Raw(group.key, "", data, self._agreement, group.own()))
        return found

    def _keys_of(self, label: str, found: Found, standing: Callable[[str], Standing]) -> list[str] | None:
        """Keys of the messages that a workbook makes; None: it cannot be read now."""
        stamp = self._folder.stamp(found[1], found[0])
        known = self._keys.get(label)
        if known is None or known[:2] != (found, stamp):
            try:
                opened = self._as_taken(label)
            except Unavailable:  # told where workbooks are looked at
                return None
            if opened is None or stamp is None:
                return None
            known = self._keys[label] = (found, stamp, tuple(group.key for group in opened.sheet.groups(label)))
        return [key for key in known[2] if key not in standing(_month(label)).again] if known[2] else []

    def _standing(self, month: str) -> Standing:
        return self._shelf.standing(month, self._taken_at)

    def _taken_at(self, label: str) -> str:
        taken = self._register.get(label)
        return taken.at if taken is not None else ""

    def _went(self, label: str) -> None:
        """Of a workbook records were asked for that cannot be had: it is read when it is back."""
        if (taken := self._register.get(label)) is not None and not taken.settled:
            self._register.put(label, replace(taken, settled=True, gone=True))
            self._done.pop(label, None)

    def _day_of(self, label: str) -> date:
        """The day on which a workbook was taken in, in Toronto."""
        taken = self._register.get(label)
        at = datetime.fromisoformat(taken.at) if taken is not None else self._now()
        return at.astimezone(TORONTO).date()

    def _grows(self, stamp: Stamp) -> bool:
        age_s = self._now().timestamp() - stamp[0] / 1e9
        return -DAY.total_seconds() <= age_s < STILL_WRITTEN.total_seconds()

    def _once(self, label: str, stamp: Stamp | None, problem: str) -> list[str]:
        """A problem that was not told yet of a file as it is."""
        if (label, stamp, problem) in self._told:
            return []
        self._told.add((label, stamp, problem))
        return [problem]


def _month(label: str) -> str:
    """The month of a workbook, where its name says one."""
    said = names.named(f"{label}.xlsx")
    return said.month if said is not None else ""


def _without_place(refused: FileRefused) -> str:
    return f"got {refused.got}, expected {refused.expected}; {refused.next_step}"


def _no_file(label: str) -> str:
    return f"icare {label}: got a folder, a pipe or a link, expected a plain file; take it out of this folder"
