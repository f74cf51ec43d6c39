"""The file of a backup: a zip of a manifest, a file of rows for each table, and the hub's own rule files.

    manifest.txt            what is in it, with counts and SHA-256, signed; written last
    tables/<table>.jsonl    a row a line (``dump.py``)
    files/mappings/…        and packs/, agencies/: what lies over the packaged rules

It knows nothing of keys: whoever reads a manifest hands over what opens its note. A file from elsewhere is taken for
anything: its names and sizes are looked at before its bytes are, no name in it becomes a path before it has been found
harmless, and no more than a line is kept in memory.

Standard: ZIP with deflate; JSON Lines.
"""

from __future__ import annotations

import hashlib
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Table

from hub.errors import Refused
from hub.model.canonical import canonical
from hub.store.dump import EVERY, Row, columns_of, parse

FORMAT = 1  # [policy] another one is refused
FOLDERS = ("mappings", "packs", "texts", "agencies")  # of the data folder; no keys, passwords and settings
DEPTH_MAX = 6  # [policy] folders in a name
EXPANSION_MAX = 100  # [policy] times its own length that a file may unpack to; rows come to a tenth of it
FILE_MAX = 10 * 1024 * 1024  # [policy] one rule file
FILES_MAX = 10_000  # [policy] of them
LINE_MAX = 64 * 1024 * 1024  # [policy] one row; the longest holds a sealed body
MANIFEST_MAX = 1024 * 1024  # as long as a signed note may be
_MANIFEST = "manifest.txt"
_LEVEL = 3  # of deflate: most of the gain for little of the time
_SMALL = 64 * 1024  # what even an empty file may unpack to
_STEP = "take another copy of this backup, or an older backup"


@dataclass(frozen=True, slots=True)
class Rows:
    """What a backup holds of a table."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of.

    Args:
        backup: the format.
        revision: of the store's tables.
        key: the log's verifier line.
        index: a digest under ``index.key``, by which another key is noticed.
        size: entries of the log.
        root: over them, as hex.
        created_at: when it was made, ISO 8601 in UTC.
        files: SHA-256 by name below the data folder.
    """

    backup: int
    revision: str
    key: str
    index: str
    size: int
    root: str
    created_at: str
    tables: Mapping[str, Rows] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """As it is signed: canonical JSON, one line."""
        return canonical(_MANIFESTS.dump_python(self, mode="json")).decode() + "\n"


_MANIFESTS = TypeAdapter(Manifest)


def broken(got: str, expected: str = "", *, where: str = "FILE", step: str = _STEP) -> Refused:
    """What is wrong with a backup's file. Nothing that it holds is repeated but names of our tables."""
    return Refused(where, got, expected, step)


class Writer:
    """A backup that is being written; see :func:`writing`."""

    def __init__(self, target: zipfile.ZipFile) -> None:
        self._zip = target

    def table(self, table: Table, lines: Iterable[bytes]) -> Rows:
        """Write the rows of a table."""
        count, digest = self._put(_of_table(table), lines)
        return Rows(columns_of(table), count, digest)

    def file(self, name: str, data: bytes) -> str:
        """Write a rule file; its SHA-256."""
        return self._put(f"files/{name}", [data])[1]

    def manifest(self, note: bytes) -> None:
        """Write the signed manifest."""
        self._put(_MANIFEST, [note])

    def _put(self, name: str, parts: Iterable[bytes]) -> tuple[int, str]:
        info = zipfile.ZipInfo(name)  # without a time of day: equal stores give equal files
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        count, digest = 0, hashlib.sha256()
        with self._zip.open(info, "w", force_zip64=True) as member:
            for part in parts:
                member.write(part)
                digest.update(part)
                count += 1
        return count, digest.hexdigest()


@contextmanager
def writing(handle: IO[bytes]) -> Iterator[Writer]:
    """Write a backup into an empty file; where the block fails, so has the file."""
    target = zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
    try:
        yield Writer(target)
    except BaseException:
        with suppress(Exception):  # what is left is thrown away; the error is what counts
            target.close()
        raise
    target.close()


class Reader:
    """A backup that is being read.

    Args:
        opened: the text of a signed manifest, or a refusal.

    Raises:
        Refused: it is no backup, or not whole, or of another format.
    """

    def __init__(self, handle: IO[bytes], opened: Callable[[bytes], str]) -> None:
        with _readable():
            length = handle.seek(0, 2)
            self._zip = zipfile.ZipFile(handle)
        members = self._zip.infolist()
        self._names = {info.filename for info in members}
        if len(self._names) != len(members) or _MANIFEST not in self._names:
            raise broken("a file without a manifest, or with two of a name", "a file that `hub backup` has written")
        if sum(info.file_size for info in members) > EXPANSION_MAX * length + _SMALL:
            raise broken(f"a file that unpacks to more than {EXPANSION_MAX} times its length", "rows of a store")
        note = b"".join(self._chunks(_MANIFEST, MANIFEST_MAX, "manifest"))
        self.manifest = _manifest(opened(note))
        self._require_members()

    def rows(self, table: Table) -> Iterator[Row]:
        """Every row of a table; at their end their number and their SHA-256 have been those of the manifest.

        Raises:
            Refused: a row is none of this table, or what was read is not what was written.
        """
        said, count, digest = self.manifest.tables[table.name], 0, hashlib.sha256()
        where = f"FILE: table {table.name}"
        for line in self._lines(_of_table(table), where):
            count += 1
            digest.update(line)
            try:
                row = parse(table, line)
            except (ValueError, RecursionError):
                raise broken(f"row {count} that is none", "a row of this table", where=where) from None
            yield row
        if (count, digest.hexdigest()) != (said.rows, said.sha256):
            raise broken(f"{count} rows that are not those of the manifest", f"{said.rows}", where=where)

    def file(self, name: str) -> bytes:
        """A rule file of the manifest."""
        data = b"".join(self._chunks(f"files/{name}", FILE_MAX, "rule file"))
        if hashlib.sha256(data).hexdigest() != self.manifest.files[name]:
            raise broken("a rule file that is not that of the manifest")
        return data

    def _require_members(self) -> None:
        """Exactly what the manifest names, and only names that lead nowhere else."""
        files = self.manifest.files
        if len(files) > FILES_MAX or not all(map(is_name, files)):
            raise broken("a rule file whose name leads elsewhere, or too many", f"names below {', '.join(FOLDERS)}")
        for table in EVERY:
            said = self.manifest.tables.get(table.name)
            if said is None or said.columns != columns_of(table):
                raise broken("nothing, or other columns", "the columns of this version", where=f"FILE: {table.name}")
        wanted = {_MANIFEST} | {_of_table(table) for table in EVERY} | {f"files/{name}" for name in files}
        if self._names != wanted or len(self.manifest.tables) != len(EVERY):
            raise broken("another set of tables and files than its manifest names", "exactly these")

    def _lines(self, name: str, where: str) -> Iterator[bytes]:
        with _readable(), self._zip.open(name) as member:
            while line := member.readline(LINE_MAX):
                if len(line) >= LINE_MAX:  # the library may give a little more than it was asked for
                    raise broken(f"a row of {LINE_MAX} bytes or more", "a shorter one", where=where)
                yield line

    def _chunks(self, name: str, most: int, what: str) -> Iterator[bytes]:
        with _readable(), self._zip.open(name) as member:
            while chunk := member.read(_SMALL):
                most -= len(chunk)
                if most < 0:
                    raise broken(f"a {what} that is too long")
                yield chunk


def is_name(name: str) -> bool:
    """Whether a name of a backup is one below a rule folder, and leads nowhere else."""
    first, *rest = name.split("/")
    plain = all(part.isprintable() and part[:1] not in {"", "."} and "\\" not in part for part in rest)
    return first in FOLDERS and 0 < len(rest) <= DEPTH_MAX and plain


def _of_table(table: Table) -> str:
    return f"tables/{table.name}.jsonl"


def _manifest(text: str) -> Manifest:
    try:
        manifest = _MANIFESTS.validate_json(text, strict=False)
    except ValidationError:
        raise broken(
            "a manifest of another shape", f"format {FORMAT}", step="restore it with its own version"
        ) from None
    if manifest.backup != FORMAT:
        step = "restore it with the version of the program that made it"
        raise broken(f"format {manifest.backup}", f"format {FORMAT}", step=step)
    return manifest


@contextmanager
def _readable() -> Iterator[None]:
    """What the library raises over damaged bytes, as ours; what a consumer raises does not come through here."""
    try:
        yield
    except OSError as error:
        raise broken(error.strerror or "a file that cannot be read", "a file that can be read") from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        RuntimeError,
        ValueError,
        LookupError,
    ) as error:
        kind = type(error).__name__
        raise broken(
            f"a file that is cut short, changed or no backup ({kind})", "what `hub backup` has written"
        ) from None
