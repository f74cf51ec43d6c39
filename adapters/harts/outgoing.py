"""Files to HARTS: one batch, one file, one number; and what HARTS answers to it (program systems 9.4).

The folder itself remembers. Beside each file that was sent lies a *slip* in ``.spool``: which envelope stands in which
lines. So the numbers go on after a crash, a repeat of an envelope is seen, and an answer finds its messages, and none
of it is anybody's content.

The order of writing says how far a file came: body spooled, slip written, ``commit``, body renamed. A slip whose body
is still spooled was never sent: its number is taken again. Such a half is cleared away by whoever alone may write here,
slip first: a slip without its body counts as sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from adapters.contract import Commit, Numbered, Parcel, Rejection, Sent, SentState
from adapters.harts import ack, dat
from adapters.mailbox import Folder
from hub.errors import HubError, MappingGap, RecordUnreadable, Unavailable
from hub.model import codes

ZONE = ZoneInfo("America/Toronto")  # files are dated by the local day
OTHER = "OTHER"  # a code of HARTS that the hub does not know
HARTS_NUMBER = f"{codes.ID}/harts"
_SLIP, _DAT = ".slip", ".DAT"


@dataclass(frozen=True, slots=True)
class Slip:
    """Which envelope stands where in a file that was sent.

    Args:
        lines: envelope id to its first and last line.
        stands: digest of the type and key of every line, by which an answer is known to be to this file.
        read: digest of the last answer that was read, or "".
    """

    file: str
    lines: dict[str, tuple[int, int]]
    stands: str
    read: str = ""
    settled: bool = False

    def octets(self) -> bytes:
        """As it is stored."""
        return orjson.dumps(
            {
                "file": self.file,
                "lines": self.lines,
                "stands": self.stands,
                "read": self.read,
                "settled": self.settled,
            }
        )

    @classmethod
    def of(cls, data: bytes) -> Slip:
        """Read one back.

        Raises:
            Unavailable: it was changed; without it nobody knows what was sent.
        """
        try:
            row: dict[str, Any] = orjson.loads(data)
            lines = {name: (int(first), int(last)) for name, (first, last) in row["lines"].items()}
            if dat.shown(row["file"]) != row["file"]:
                raise ValueError
            return cls(row["file"], lines, row["stands"], row["read"], row["settled"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Unavailable(
                "harts folder to HARTS", "a slip that was changed", "as the hub wrote it", "bring .spool back"
            ) from None


@dataclass(frozen=True, slots=True)
class Heard:
    """What new answers of HARTS say: business rejections, numbers of clients, and what could not be read."""

    rejections: tuple[Rejection, ...]
    numbers: tuple[Numbered, ...]
    problems: tuple[str, ...]
    read: tuple[Slip, ...]  # slips to keep once the rest is settled


class ToHarts:
    """The folder of the S files of one site."""

    def __init__(self, folder: Folder, site: str) -> None:
        self._folder, self._site = folder, site
        self._begins = f"HT{site.ljust(6, '_')}"
        self._settled: set[str] = set()  # names of slips to which HARTS says nothing more
        self._told: set[str] = set()

    def send(self, parcels: Sequence[Parcel], commit: Commit, now: datetime) -> list[Sent]:
        """Write one file with the messages that no file holds yet; see :meth:`adapters.contract.Source.send`."""
        with self._folder.alone():
            self._clear()
            sent = {name for slip in self._sent() for name in slip.lines}
            fresh = [parcel for parcel in parcels if parcel.envelope_id not in sent]
            good, bad = _laid_out(fresh)
            if good:
                self._write(good, commit, now)
        return [bad.get(parcel.envelope_id) or Sent(parcel.envelope_id, SentState.ACKNOWLEDGED) for parcel in parcels]

    def tidy(self) -> None:
        """Clear away what a process left that died before its rename: it may hold what nobody may be told any more."""
        if self._folder.names(_DAT, spooled=True):
            with suppress(Unavailable), self._folder.alone():  # somebody is writing just now, or cannot: next time
                self._clear()

    def look(self) -> None:
        """See that what was sent can be told.

        Raises:
            Unavailable: a slip was changed.
        """
        for _ in self._sent():
            pass

    def heard(self) -> Heard:
        """Read the answers that are new or were replaced since. One that cannot be read stops no other."""
        rejections: list[Rejection] = []
        numbers: list[Numbered] = []
        problems: list[str] = []
        read: list[Slip] = []
        try:
            slips = list(self._sent(but=self._settled))
        except Unavailable as error:  # what comes from HARTS goes on; nothing is sent, since nobody knows what was
            return Heard((), (), tuple(self._once(str(error))), ())
        for slip in slips:
            if slip.settled:
                self._settled.add(_slip_name(slip.file))
                continue
            try:
                data = self._folder.read(ack.ack_name(slip.file))
                digest = hashlib.sha256(data).hexdigest() if data is not None else slip.read
                if data is None or digest == slip.read:
                    continue
                answer = _to_this_file(slip, ack.read(ack.ack_name(slip.file), data))
            except Unavailable as error:  # asked again each time, told once
                problems += self._once(f"{ack.ack_name(slip.file)}: {error}")
            except RecordUnreadable as error:
                problems.append(str(error))
                read.append(replace(slip, read=digest, settled=False))
            else:
                rejections += _rejections(slip, answer)
                numbers += _numbers(slip, answer)
                read.append(replace(slip, read=digest, settled=answer.settled))
        return Heard(tuple(rejections), tuple(numbers), tuple(problems), tuple(read))

    def keep(self, slips: Sequence[Slip]) -> None:
        """What was heard is settled."""
        for slip in slips:
            self._folder.put_slip(_slip_name(slip.file), slip.octets())

    def _write(self, messages: Mapping[str, Sequence[dat.Draft]], commit: Commit, now: datetime) -> None:
        day = now.astimezone(ZONE).date()
        header = dat.Header(self._site, day, self._next(day), dat.TO_HARTS)
        name = dat.file_name(header)
        lines: dict[str, tuple[int, int]] = {}
        at = 2  # line 1 is HD
        for envelope_id, drafts in messages.items():
            lines[envelope_id] = (at, at + len(drafts) - 1)
            at += len(drafts)
        data = dat.write(header, messages.values())
        keys = [drafts[0][2].get("local_key", "") for drafts in messages.values()]
        own = zip(keys, messages.values(), strict=True)
        stands = _digest((record, key) for key, drafts in own for record, _, _ in drafts)
        try:
            self._folder.spool(name, data)
            self._folder.put_slip(_slip_name(name), Slip(name, lines, stands).octets())
            commit()
            self._folder.show(name)
        except HubError:  # no room, too late, or no rename: the number is free again; a file that is out keeps its slip
            self._clear()
            raise

    def _clear(self) -> None:
        """Remove halves. Only for who is alone."""
        for name in self._folder.names(".new", spooled=True):
            self._folder.forget(name)
        for name in self._folder.names(_DAT, spooled=True):
            self._folder.forget(_slip_name(name))
            self._folder.forget(name)

    def _next(self, day: date) -> int:
        """The number of the next file of this year: no slip has it, and no file that lies there."""
        names = [slip.file for slip in self._sent()] + [*self._folder.names(_DAT), *self._folder.names(".ACK")]
        ours = [name for name in names if dat.shown(name) == name and name.startswith(self._begins)]
        seq = max((_seq(name) for name in ours if _year(name) == day.year), default=0) + 1
        if seq > dat.SEQ_MAX:
            raise Unavailable(
                "harts folder to HARTS", f"{dat.SEQ_MAX} files this year", "a free number", "send fewer, larger files"
            )
        return seq

    def _sent(self, but: Collection[str] = ()) -> Iterator[Slip]:
        """The slips of files that were renamed, oldest first.

        Args:
            but: names of slips that need not be read.
        """
        waiting = set(self._folder.names(_DAT, spooled=True))
        for name in self._folder.names(_SLIP, spooled=True):
            data = self._folder.read(name, spooled=True) if name not in but else None
            if data is None:
                continue
            slip = Slip.of(data)
            if slip.file not in waiting and slip.file.startswith(self._begins):
                yield slip

    def _once(self, problem: str) -> list[str]:
        if problem in self._told:
            return []
        self._told.add(problem)
        return [problem]


def _laid_out(parcels: Sequence[Parcel]) -> tuple[dict[str, Sequence[dat.Draft]], dict[str, Sent]]:
    """The lines of each message by envelope id; and those that cannot be written, which keep nobody from going."""
    good: dict[str, Sequence[dat.Draft]] = {}
    bad: dict[str, Sent] = {}
    for parcel in parcels:
        document = orjson.loads(parcel.body)
        drafts: list[dat.Draft] = [(record, action, fields) for record, action, fields in document["lines"]]
        try:
            dat.lines_of(drafts)
        except MappingGap as error:
            bad[parcel.envelope_id] = Sent(parcel.envelope_id, SentState.FAILED, str(error))
        else:
            good[parcel.envelope_id] = drafts
    return good, bad


def _to_this_file(slip: Slip, answer: ack.Ack) -> ack.Ack:
    """An answer to the very lines that were sent; a file that is refused as a whole names none.

    Raises:
        RecordUnreadable: it is to other lines, or not to all: whatever it says would be said of the wrong client.
    """
    if answer.code or _digest((line.record, line.key) for line in answer.lines) == slip.stands:
        return answer
    raise RecordUnreadable(
        f"harts {ack.ack_name(slip.file)}: lines",
        "other types or keys, or not as many",
        "those of its own .DAT",
        "it is read again when it is replaced; ask HARTS if it stays so",
    )


def _digest(lines: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256("\n".join(f"{record} {key}" for record, key in lines).encode()).hexdigest()


def _rejections(slip: Slip, answer: ack.Ack) -> Iterator[Rejection]:
    """A line in error rejects its message, the RF before the others; a refused file rejects all of them."""
    for envelope_id, (first, last) in slip.lines.items():
        wrong = [line for line in answer.lines if first <= line.line <= last and line.answer.result is ack.Result.ERR]
        wrong.sort(key=lambda line: line.record != "RF")
        if answer.code or wrong:
            yield Rejection(envelope_id, _ours(answer.code or wrong[0].answer.code))


def _ours(code: str) -> str:
    """A code of ours; in the place of another, which may be a word of anybody's, stands ``OTHER``."""
    return code if code in ack.MESSAGES or code in ack.FILE_CODES else OTHER


def _numbers(slip: Slip, answer: ack.Ack) -> Iterator[Numbered]:
    """The numbers of clients that HARTS took: of one in error it has none, and no two have the same."""
    given: dict[str, set[str]] = {}
    for line in answer.lines:
        given.setdefault(line.harts_no, set()).add(line.key)
    for envelope_id, (first, last) in slip.lines.items():
        own = [line for line in answer.lines if first <= line.line <= last]
        taken = not any(line.answer.result is ack.Result.ERR for line in own)
        found = [line.harts_no for line in own if line.record == "CL" and line.harts_no]
        if taken and found and len(given[found[0]]) == 1:
            yield Numbered(envelope_id, HARTS_NUMBER, found[0])


def _slip_name(file: str) -> str:
    return f"{_year(file)}-{file.removesuffix('.DAT')}{_SLIP}"


def _seq(file: str) -> int:
    return int(file[16:19])


def _year(file: str) -> int:
    return int(file[8:12])
