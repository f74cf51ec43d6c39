"""The acknowledgement of a HARTS file, ``.ACK``, of both directions: what became of the file and of each of its lines.

Program systems 9.4. Pure. It decides nothing: which result a line has, and when a file is settled for HARTS, is said by
whoever asks. Read strictly: an answer that is cut, changed or of another file is an error, never half an answer.

- Texts come from the closed table below, by code. The texts that HARTS writes may hold anything and are not kept.
- Of a line that was unreadable the field is named before the text, ``SURNAME: …``, and read back from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NoReturn

from adapters.harts.dat import LineKey, shown
from adapters.harts.layout import layout
from adapters.harts.values import ENCODING
from hub.errors import RecordUnreadable, code, shape

FINAL_WARNING = "W02"  # program systems 9.4: taken as a change; it keeps no file open
FILE_CODES = frozenset({"F01", "F02", "F03", "F04", "F05"})
_STAMP = "%Y%m%d%H%M%S"
_FIRST_LINE = 2  # of the .DAT: HD is 1
_COLUMNS = {"HD": 5, "TR": 6}  # and eight for a line
_LINE_COLUMNS = 8
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,29}")
_KEY = re.compile(r"[A-Za-z0-9._/-]{0,14}")
_HARTS_NO = re.compile(r"(?:[0-9]{8})?")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,7}")
_DAT_NAME = re.compile(r"HT[A-Za-z0-9_-]{6}[0-9]{11}\.DAT")

# code to English and French; what is not here is told by its result alone
MESSAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "DN_SCHEMA": ("a value cannot be read", "une valeur est illisible"),
        "DN_SENDER": ("this site may not send this line", "ce site ne peut pas envoyer cette ligne"),
        "DN_IDENTITY": ("who this client is must be settled first", "l'identité du client doit d'abord être établie"),
        "DN_TRANSITION": ("the referral cannot take this step now", "l'aiguillage ne permet pas cette étape"),
        "H1": ("the line does not belong to the client above", "la ligne n'appartient pas au client ci-dessus"),
        "H2": ("status not eligible for this stream", "statut non admissible à ce volet"),
        "H3": ("levels missing, or not those of this tool", "niveaux absents ou étrangers à cet outil"),
        "H4": ("course, dates, level or enrolment do not fit", "cours, dates, niveau ou inscription incompatibles"),
        "H5": ("hours, exit or certificate do not fit", "heures, sortie ou certificat incompatibles"),
        "W01": ("nothing it belongs to has come yet", "rien à quoi la rattacher n'est encore arrivé"),
        "W02": ("already there: taken as a change", "existe déjà : traitée comme une modification"),
    }
)
_OTHERS = MappingProxyType(
    {
        "WARN": ("not passed on for now; the line waits", "non transmise pour l'instant; la ligne attend"),
        "ERR": ("not passed on", "non transmise"),
    }
)


class Result(StrEnum):
    """What became of a line."""

    OK = "OK"  # accepted
    WARN = "WARN"  # refused for now, it waits; with W02 taken, and final
    ERR = "ERR"  # refused


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one line.

    Args:
        code: why; "" with OK, and only there.
        field: the field that was wrong, as §9.4 writes it, or "".
    """

    result: Result
    code: str = ""
    field: str = ""

    def __post_init__(self) -> None:
        assert (self.code == "") == (self.result is Result.OK), "a line that is not OK says why"


@dataclass(frozen=True, slots=True)
class AckLine:
    """One line of an acknowledgement; ``line`` counts in the ``.DAT``, HD is 1."""

    line: int
    record: str
    key: str
    harts_no: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Ack:
    """An acknowledgement.

    Args:
        file: the name of the ``.DAT``.
        written_at: aware, whole seconds.
        code: why the whole file is refused, ``F01`` to ``F05``; "" where it is not.
        settled: no line waits any more.
    """

    file: str
    written_at: datetime
    code: str
    lines: tuple[AckLine, ...]
    settled: bool


def ack_name(file: str) -> str:
    """The name of the answer to a ``.DAT``."""
    return file.removesuffix(".DAT") + ".ACK"


def answered(
    file: str, keys: Iterable[LineKey], answers: Mapping[int, Answer], written_at: datetime, *, ended: bool = True
) -> Ack:
    """The answer to a file that was taken in.

    Args:
        keys: of all its lines (:meth:`adapters.harts.dat.Batch.keys`).
        answers: by line number, one for each.
        ended: everything that was accepted has arrived; else the file is OPEN, since it may still be refused.
    """
    lines = tuple(AckLine(key.number, key.record, key.key, key.harts_no, answers[key.number]) for key in keys)
    waits = any(line.answer.result is Result.WARN and line.answer.code != FINAL_WARNING for line in lines)
    return Ack(file, written_at, "", lines, ended and not waits)


def refused(file: str, why: str, written_at: datetime) -> Ack:
    """The answer to a file that was refused as a whole, with ``F01`` to ``F05``."""
    assert why in FILE_CODES, "a file is refused with its own codes"
    return Ack(file, written_at, why, (), settled=True)


def write(ack: Ack) -> bytes:
    """Write an acknowledgement, texts in English and French."""
    stamp = ack.written_at.astimezone(UTC).strftime(_STAMP)
    rows: list[tuple[str, ...]] = [("HD", ack.file, stamp, "ERR" if ack.code else "OK", ack.code)]
    counts = [str(sum(line.answer.result is result for line in ack.lines)) for result in Result]
    rows += [_row(line) for line in ack.lines]
    rows.append(("TR", str(len(ack.lines)), *counts, "SETTLED" if ack.settled else "OPEN"))
    return ("\r\n".join("|".join(row) for row in rows) + "\r\n").encode(ENCODING)


def read(name: str, data: bytes) -> Ack:
    """Read an acknowledgement of either direction.

    Args:
        name: of the ``.ACK``, without folders.

    Raises:
        RecordUnreadable: it is cut, changed, or the answer to another file; names line and column.
    """
    return _Reader(name).ack(data)


def _row(line: AckLine) -> tuple[str, ...]:
    answer = line.answer
    english, french = ("", "")
    if answer.result is not Result.OK:
        english, french = MESSAGES.get(answer.code) or _OTHERS[answer.result]
    place = f"{answer.field}: " if answer.field else ""
    texts = (place + english, place + french)
    return (str(line.line), line.record, line.key, line.harts_no, answer.result, answer.code, *texts)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one acknowledgement; knows its name for the errors."""

    name: str

    def ack(self, data: bytes) -> Ack:
        rows = self._rows(data)
        file, written_at, why = self._head(rows[0])
        lines = tuple(self._line(number, row) for number, row in enumerate(rows[1:-1], _FIRST_LINE))
        settled = self._tail(len(rows), rows[-1], lines)
        if why and (lines or not settled):
            self._wrong(len(rows), "lines", "some", "none, and SETTLED, for a file that was refused")
        if not settled and all(line.answer.result is Result.ERR for line in lines):
            self._wrong(len(rows), "state", "OPEN", "SETTLED, since no line can change")
        return Ack(file, written_at, why, lines, settled)

    def _rows(self, data: bytes) -> list[list[str]]:
        try:
            text = data.removesuffix(b"\x1a").decode(ENCODING)
        except UnicodeDecodeError as error:
            self._wrong(data.count(b"\n", 0, error.start) + 1, "encoding", "a byte outside it", "Windows-1252")
        lines = text.split("\r\n")
        if lines.pop() or text.count("\n") != len(lines) or text.count("\r") != len(lines):
            self._wrong(len(lines) + 1, "line end", "another, or none", "CR LF after each line")
        if len(lines) < len(_COLUMNS):
            self._wrong(0, "lines", str(len(lines)), "HD and TR at least")
        rows = [line.split("|") for line in lines]
        for number, row in enumerate(rows, 1):
            expected = {1: "HD", len(rows): "TR"}.get(number)
            if expected and row[0] != expected:
                self._wrong(number, "type", code(row[0]), expected)
            if len(row) != _COLUMNS.get(expected or "", _LINE_COLUMNS):
                self._wrong(number, "columns", str(len(row)), str(_COLUMNS.get(expected or "", _LINE_COLUMNS)))
        return rows

    def _head(self, row: Sequence[str]) -> tuple[str, datetime, str]:
        _, file, stamp, result, why = row
        if not _DAT_NAME.fullmatch(file) or ack_name(file) != self.name:
            self._wrong(1, "file", "another file", "the name of its own .DAT")
        try:
            written_at = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
        except ValueError:
            self._wrong(1, "written at", shape(stamp), "YYYYMMDDHHMMSS in UTC")
        if (result, why) != ("OK", "") and not (result == "ERR" and why in FILE_CODES):
            self._wrong(1, "result", f"{code(result)} with {code(why)}", "OK, or ERR with F01 to F05")
        if stamp != written_at.strftime(_STAMP):
            self._wrong(1, "written at", shape(stamp), "YYYYMMDDHHMMSS in UTC")
        return file, written_at, why

    def _line(self, number: int, row: Sequence[str]) -> AckLine:
        line, record, key, harts_no, result, why, english, _ = row
        if line != str(number):
            self._wrong(number, "line", shape(line), str(number))
        if record in _COLUMNS or record not in layout():
            self._wrong(number, "type", code(record), "the type of that line of the .DAT")
        if not _KEY.fullmatch(key):
            self._wrong(number, "key", shape(key), "LOCAL_KEY, HARTS_NO or COURSE")
        if not _HARTS_NO.fullmatch(harts_no):
            self._wrong(number, "HARTS_NO", shape(harts_no), "8 digits, or nothing")
        if result not in Result.__members__:
            self._wrong(number, "result", code(result), "OK, WARN or ERR")
        if (why == "") != (result == "OK") or (why and not _CODE.fullmatch(why)):
            self._wrong(number, "code", code(why), "a code, and none with OK")
        field, colon, _ = english.partition(": ")
        known = colon and field.lower() in layout()[record].columns and field == field.upper()
        return AckLine(number, record, key, harts_no, Answer(Result(result), why, field if known else ""))

    def _tail(self, number: int, row: Sequence[str], lines: Sequence[AckLine]) -> bool:
        there = [len(lines), *(sum(line.answer.result is result for line in lines) for result in Result)]
        for place, got, expected in zip(("lines", *Result), row[1:5], there, strict=True):
            if not _WHOLE.fullmatch(got) or int(got) != expected:
                self._wrong(number, place, shape(got), f"{expected}, as many as there are")
        if row[5] not in ("OPEN", "SETTLED"):
            self._wrong(number, "state", code(row[5]), "OPEN or SETTLED")
        return row[5] == "SETTLED"

    def _wrong(self, line: int, place: str, got: str, expected: str) -> NoReturn:
        where = f"harts {shown(self.name)}" + (f": line {line}" if line else "")
        raise RecordUnreadable(
            f"{where}: {place}", got, expected, "it is read again when it is replaced; ask HARTS if it stays so"
        )
