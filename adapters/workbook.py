"""Is this a workbook that may be opened? Asked of the bytes alone, before any library reads them.

Office Open XML (ECMA-376): a zip of XML parts. Program systems §10, case 33. Pure: nothing is unpacked to a disk and
nothing in a workbook is run. What stands in its sheets is somebody else's question.
"""

from __future__ import annotations

import io
import zipfile

from hub.errors import RecordUnreadable

FILE_BYTES_MAX = 32 * 1024 * 1024  # [policy] a workbook as it lies there
UNPACKED_BYTES_MAX = 256 * 1024 * 1024  # [policy] all of its parts
MEMBERS_MAX = 2_000  # [policy] parts; a workbook of fifty sheets has some two hundred
RATIO_MAX = 200  # [policy] a part may unpack to so many times its size; sheets of empty cells reach a hundred
RATIO_FROM_BYTES = 1024 * 1024  # smaller parts do no harm whatever their ratio

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # an old .xls, or an .xlsx behind a password
_NEEDED = ("[Content_Types].xml", "xl/workbook.xml")
_MACROS = ("vbaproject", "macrosheets/", "activex/", "embeddings/")  # in the name of a part, whatever its case
_READ_AT_ONCE = 64 * 1024


def refuse_unsafe(data: bytes) -> None:
    """Refuse what is no workbook, and a workbook that could do harm.

    Args:
        data: the whole file.

    Raises:
        RecordUnreadable: it is too large, a renamed other file, behind a password, with macros or embedded files, a
            zip bomb, or damaged. No name and no content of it is repeated.
    """
    if len(data) > FILE_BYTES_MAX:
        raise _bad(f"{len(data)} bytes", f"at most {FILE_BYTES_MAX}", "split it")
    if data.startswith(_OLE):
        raise _bad("a workbook behind a password, or an old .xls", "an .xlsx without a password", "save it as that")
    if not data.startswith(b"PK"):
        raise _bad("a file that is no workbook, whatever its name", "an .xlsx", "save it as a workbook")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _look(archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise _bad("a damaged file", "a whole workbook", "copy or save it again") from error


def _look(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MEMBERS_MAX:
        raise _bad(f"{len(members)} parts", f"at most {MEMBERS_MAX}", "save it anew with a spreadsheet program")
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise _bad("two parts of one name", "each once", "save it anew with a spreadsheet program")
    if any(name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") for name in names):
        raise _bad("a part outside the file", "parts within it", "do not open it; ask who sent it")
    if any(member.flag_bits & 0x1 for member in members):
        raise _bad("parts behind a password", "an .xlsx without a password", "save it as that")
    if any(part in name.lower() for name in names for part in _MACROS):
        raise _bad("macros or embedded files", "a workbook of cells alone", "save it as .xlsx without macros")
    if not set(_NEEDED) <= set(names):
        raise _bad("a zip that is no workbook", "an .xlsx", "save it as a workbook")
    if b"macroEnabled" in _unpacked(archive, archive.getinfo(_NEEDED[0]), UNPACKED_BYTES_MAX):
        raise _bad("macros", "a workbook of cells alone", "save it as .xlsx without macros")
    _weigh(archive, members)


def _weigh(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    """What a part says of its size may be a lie: each is unpacked and counted."""
    left = UNPACKED_BYTES_MAX
    for member in members:
        size = len(_unpacked(archive, member, left))
        if size > max(RATIO_FROM_BYTES, RATIO_MAX * max(1, member.compress_size)):
            raise _bad("a part that unpacks to far more than it is", f"{RATIO_MAX} times at most", "save it anew")
        left -= size


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """The bytes of a part; never more than ``most`` are held."""
    found = bytearray()
    with archive.open(member) as part:
        while piece := part.read(_READ_AT_ONCE):
            found += piece
            if len(found) > most:
                raise _bad("parts that unpack to too much", f"{UNPACKED_BYTES_MAX} bytes at most", "split the workbook")
    if len(found) != member.file_size:
        raise _bad("a part of another size than it says", "a whole workbook", "save it anew")
    return bytes(found)


def _bad(got: str, expected: str, next_step: str) -> RecordUnreadable:
    return RecordUnreadable("workbook", got, expected, next_step)
