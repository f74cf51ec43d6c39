"""A workbook as a container: what it may hold, and its parts as streams. Nothing is unpacked before it was looked at.

ECMA-376 part 2 (packages), program systems §10 case 33. It knows no sheet and no cell. A file is refused by its
content, whatever its name says: a text renamed to ``.xlsx``, a file with a password, macros or other programs, and one
that is made to fill a machine (sizes, ratio and number of its members are read from the directory at its end).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import IO

from hub.errors import RecordUnreadable

FILE_BYTES_MAX = 20 * 1024 * 1024  # [policy] the genuine template has 0.8 MB, with 2,500 full rows some 3 MB
PARTS_MAX = 200  # [policy] the genuine template has 12
PART_BYTES_MAX = 64 * 1024 * 1024  # [policy] 2,500 full rows of the widest module have some 40 MB
UNPACKED_BYTES_MAX = 96 * 1024 * 1024  # [policy] all members together
RATIO_MAX = 100  # [policy] sheets of prepared rows reach 40; a bomb a thousand
_RATIO_FROM_BYTES = 1024 * 1024  # a small member may be as dense as it likes
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # compound file: an encrypted package, or a workbook of before 2007
_ENTRY = b"PK\x01\x02"  # stands before each entry of the directory
_PROGRAMS = ("vbaproject", "vbadata", "/macrosheets/", "/activex/", "/embeddings/", "/dialogsheets/")
_ENCRYPTED = 0x1  # general purpose flag, bit 0
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Why(StrEnum):
    """Why a file is refused as a whole: the code that stands in its answer."""

    NOT_A_WORKBOOK = "F11"  # no package, or one of another kind
    LOCKED = "F12"  # with a password, or an old .xls: from outside they look alike
    PROGRAMS = "F13"  # macros and the like
    TOO_LARGE = "F14"  # over one of the limits
    DAMAGED = "F15"  # cut, changed, or XML that is none
    NOT_A_TEMPLATE = "F16"  # no module of iCARE, or another layout of it
    OTHER_NAME = "F17"  # the name of the file says another module, agreement or month
    CHANGED = "F18"  # other bytes under a name that was taken in before
    LEAKS = "F19"  # a template that would carry an earlier client along (settled S14)


class FileRefused(RecordUnreadable):
    """A whole file is refused. It is named by whoever knows its name."""

    def __init__(self, why: Why, got: str, expected: str, next_step: str, *, where: str = "workbook") -> None:
        self.why = why
        super().__init__(f"icare {where}", got, expected, next_step)


class Package:
    """The parts of a workbook.

    Raises:
        FileRefused: it is none, or holds what no workbook for iCARE holds.
    """

    def __init__(self, data: bytes) -> None:
        _looked_at_outside(data)
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError):
            raise _damaged("a container that cannot be opened") from None
        _looked_at_inside(self._archive.infolist())
        self._by_name = {_plain(member.filename): member for member in self._archive.infolist()}
        if "[content_types].xml" not in self._by_name:
            raise _not_a_workbook("a container without content types")

    @property
    def names(self) -> list[str]:
        """Names of all members as they stand there, in their order."""
        return [member.filename for member in self._archive.infolist()]

    def has(self, name: str) -> bool:
        """Whether there is such a part; case does not count (ECMA-376 part 2, 6.2.2)."""
        return _plain(name) in self._by_name

    def member(self, name: str) -> zipfile.ZipInfo:
        """The entry of a part.

        Raises:
            FileRefused: there is none.
        """
        try:
            return self._by_name[_plain(name)]
        except KeyError:
            raise _damaged("a container that lacks one of its parts") from None

    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """A part to read from, never longer than its entry says.

        Raises:
            FileRefused: there is none, or its bytes are not what its entry says.
        """
        member = self.member(name)
        try:
            with self._archive.open(member) as stream:
                yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError):
            raise _damaged("a part whose bytes are not as they were written") from None

    def read(self, name: str) -> bytes:
        """A whole part."""
        with self.stream(name) as stream:
            return stream.read()


def _looked_at_outside(data: bytes) -> None:
    if data.startswith(_OLE):
        raise FileRefused(
            Why.LOCKED, "a file with a password, or of an old format", "an .xlsx workbook without a password",
            "take the password away, or save it as .xlsx, and put it there under a new name",
        )  # fmt: skip
    if not data.startswith(b"PK"):
        raise _not_a_workbook("a text or another file, whatever its name says")
    if len(data) > FILE_BYTES_MAX:
        raise _too_large(f"{len(data)} bytes", f"{FILE_BYTES_MAX} at most")
    if (count := data.count(_ENTRY)) > PARTS_MAX:
        raise _too_large(f"{count} members", f"{PARTS_MAX} at most")


def _looked_at_inside(members: list[zipfile.ZipInfo]) -> None:
    names = [_plain(member.filename) for member in members]
    if len(set(names)) != len(names):
        raise _damaged("two members of one name")
    if any(word in f"/{name}" for name in names for word in _PROGRAMS):
        raise programs()
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise FileRefused(Why.LOCKED, "an encrypted member", "none", "take the password away and hand it in anew")
        if member.compress_type not in _METHODS:
            raise _damaged("a member packed in another way than workbooks are")
        if member.file_size > PART_BYTES_MAX:
            raise _too_large(f"a member of {member.file_size} bytes", f"{PART_BYTES_MAX} at most")
        if member.file_size > max(_RATIO_FROM_BYTES, RATIO_MAX * member.compress_size):
            raise _too_large("a member that unpacks to far more than it is", f"{RATIO_MAX} times at most")
    if (total := sum(member.file_size for member in members)) > UNPACKED_BYTES_MAX:
        raise _too_large(f"{total} bytes when unpacked", f"{UNPACKED_BYTES_MAX} at most")


def programs() -> FileRefused:
    """A workbook with macros, or with something else that runs."""
    return FileRefused(
        Why.PROGRAMS, "macros or another program", "a workbook without them", "save it as plain .xlsx under a new name"
    )


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _not_a_workbook(got: str) -> FileRefused:
    return FileRefused(
        Why.NOT_A_WORKBOOK, got, "an .xlsx workbook", "fill the template of iCARE and hand in that workbook"
    )


def _too_large(got: str, expected: str) -> FileRefused:
    return FileRefused(Why.TOO_LARGE, got, expected, "copy the rows into an empty template and hand that in")


def _damaged(got: str) -> FileRefused:
    return FileRefused(Why.DAMAGED, got, "a whole workbook", "open it, save it as .xlsx under a new name, hand it in")
