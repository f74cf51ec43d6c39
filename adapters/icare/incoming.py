"""Workbooks that were handed in: read once, and answered with a ``.hub.csv`` beside them (settled S12, S13).

A name is its bytes' for good: the same workbook met again gets its answer again, other bytes under its name are
refused. What goes before it was settled is read anew when it is back; moved to ``uploaded`` or ``processed`` it is
still there. One that cannot be read, or whose answer cannot be written, stops no other: it is told once and tried
again. Remembered are digests and states alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from adapters.contract import Answer, Gone, Memory, Now, Raw
from adapters.icare import answers as said
from adapters.icare import names
from adapters.icare.folder import Folder, Stamp
from adapters.icare.groups import Group
from adapters.icare.names import ANSWER
from adapters.icare.package import FileRefused, Why
from adapters.icare.record import KIND
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

    def __init__(self, folder: Folder, agreement: str, memory: Memory, now: Now) -> None:
        self._folder, self._agreement, self._now = folder, agreement, now
        self._register = Register(memory)
        self._shelf = Shelf(folder, agreement, self._day_of)
        self._done: dict[str, Stamp] = {}  # labels with which nothing is to be done while the file stays as it is
        self._told: set[tuple[str, Stamp | None, str]] = set()
        self._unsaid: list[tuple[str, str]] = []  # answers that could not be written, told with the next page
        self._said: dict[str, int] = {}  # label to what its answer rests on
        self._turn = ""  # the label at which the next look begins

    def page(self, label: str, after: int) -> tuple[list[Raw], int | None] | None:
        """The next records of a workbook, and how many were read with them; None for it: that was all.

        Args:
            after: how many of its records were read before.

        Returns:
            None where the workbook is gone, or has other bytes: it was not read through.
        """
        opened = self._as_taken(label)
        if opened is None:
            return None
        month = self._month(label)
        standing = self._standing(month)
        groups = _said_first(opened, standing)
        found = groups[after : after + PAGE]
        last = after + len(found)
        return self._raws(found, standing, month), last if last < len(groups) else None

    def next_file(self) -> tuple[str | None, list[str]]:
        """The label of the next workbook that was not read, and what is wrong with those before it."""
        there = {names.label(name): name for name in self._folder.names() if names.to_read(name)}
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
            month = self._month(label)
            standing = self._standing(month)
            groups = [group for group in _said_first(opened, standing) if group.key in own - standing.over]
            found |= {raw.key: raw for raw in self._raws(groups, standing, month)}
        return [found.get(key) or Gone(key) for key in keys]

    def awaiting(self, limit: int) -> list[str]:
        """Keys of whole workbooks that are not settled. Workbooks take turns."""
        files = list(self._register.unsettled())
        begin = next((place for place, (label, _) in enumerate(files) if label == self._turn), 0)
        self._turn = ""
        there = self._shelf.found()
        keys: list[str] = []
        for label, taken in files[begin:] + files[:begin]:
            if len(keys) >= limit:
                self._turn = self._turn or label
            elif taken.whole and label not in there:  # taken away: nobody waits for its answer any more
                self._went(label)
            elif taken.whole:
                keys += self._keys(label, self._readable(label))
        return keys

    def answer(self, answers: Mapping[str, Answer]) -> bool:
        """See :meth:`adapters.contract.Answering.answer`. What cannot be written stops no other workbook's answer."""
        written = False
        failed: Unavailable | None = None
        there = self._shelf.found()
        for label, taken in self._register.unsettled():
            opened = self._readable(label) if taken.whole and label in there else None
            if opened is None:
                continue
            keys = self._keys(label, opened)
            if not all(key in answers for key in keys):
                continue
            try:
                written |= self._answer(there[label], taken, opened, {key: answers[key] for key in keys})
            except Unavailable as error:
                failed = error
                self._unsaid.append((label, f"icare {label}{ANSWER}: {error}"))
        if failed is not None:
            raise failed
        return written

    def _answer(self, found: Found, taken: Taken, opened: Opened, answers: Mapping[str, Answer]) -> bool:
        """Answer one workbook, where what stands there says something else."""
        place, name = found
        rests_on = hash((found, self._folder.stamp(name + ANSWER, place), *answers.values()))
        if self._said.get(opened.label) == rests_on:
            return False
        data, settled = said.answer_to(opened.sheet, opened.label, answers)
        stands = self._folder.read(name + ANSWER, place) == data
        if not stands:
            self._folder.put(name + ANSWER, data, place)
        if settled:
            self._said.pop(opened.label, None)
            self._register.put(opened.label, replace(taken, settled=True))
        else:
            self._said[opened.label] = hash((found, self._folder.stamp(name + ANSWER, place), *answers.values()))
        return not stands

    def _to_read(self, label: str, name: str, stamp: Stamp, problems: list[str]) -> bool:
        """Whether a workbook is to be read now. One that is refused is answered, and told."""
        try:
            opened = self._shelf.open(("", name))
            if opened is None:
                return False
            taken = self._taken_in(opened)
        except FileRefused as refused:
            if refused.why in _GROWING and self._grows(stamp):
                return False
            problems += self._once(label, stamp, f"icare {label}: {refused.why}, {_without_place(refused)}")
            self._folder.put(name + ANSWER, said.refusal(refused))
            self._done[label] = stamp
            return False
        if taken.whole:
            self._done[label] = stamp
        return not taken.whole

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
            known = Taken(opened.sha256, self._now().isoformat())
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

    def _readable(self, label: str) -> Opened | None:
        """The same, and None where it cannot be read just now, which is told where workbooks are looked at."""
        try:
            return self._as_taken(label)
        except Unavailable:
            return None

    def _raws(self, groups: Sequence[Group], standing: Standing, month: str) -> list[Raw]:
        profiles = self._shelf.profiles(month) if groups else {}
        found = []
        for group in groups:
            number = number_of(self._agreement, standing.first.get(group.key, group.key))
            data = group.octets(number, profiles.get(group.row.client))
            found.append(Raw(group.key, "", data, self._agreement, group.own()))
        return found

    def _keys(self, label: str, opened: Opened | None) -> list[str]:
        """Keys of the messages that a workbook makes."""
        if opened is None or opened.sheet.module.code != KIND:
            return []
        return [group.key for group in _said_first(opened, self._standing(self._month(label)))]

    def _standing(self, month: str) -> Standing:
        return self._shelf.standing(month, self._taken_at)

    def _taken_at(self, label: str) -> str:
        taken = self._register.get(label)
        return taken.at if taken is not None else ""

    def _month(self, label: str) -> str:
        named = names.named(f"{label}.xlsx")
        return named.month if named is not None else ""

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


def _said_first(opened: Opened, standing: Standing) -> list[Group]:
    """The messages of a workbook, without those that only say again what was said."""
    return [group for group in opened.sheet.groups(opened.label) if group.key not in standing.again]


def _without_place(refused: FileRefused) -> str:
    return f"got {refused.got}, expected {refused.expected}; {refused.next_step}"


def _no_file(label: str) -> str:
    return f"icare {label}: got a folder, a pipe or a link, expected a plain file; take it out of this folder"
