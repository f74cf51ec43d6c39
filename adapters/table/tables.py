"""Where the tables of one system lie: a folder of CSV files, a workbook or a database. All reading of them is here.

A file that is being written is not read: what it was before and after reading must be the same. Nor is what is no plain
file: a link leads anywhere, a pipe waits for ever. Errors name the place of a table by its name in the schema, never a
path.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from adapters.files import open_plain
from adapters.table.cells import Forms
from adapters.table.delimited import read_lines
from adapters.table.rows import Row
from adapters.table.schema import Schema
from adapters.table.settings import Connection
from adapters.table.sheets import read_sheets
from adapters.table.sql import Query, postgres, read_tables, sqlite
from adapters.workbook import FILE_BYTES_MAX
from hub.errors import Unavailable

Stamp = tuple[tuple[int, ...], ...]

_BESIDE = ".hub.csv"  # settled S13


class Tables:
    """The tables of one system."""

    def __init__(self, schema: Schema, connection: Connection) -> None:
        self._kind, self._headers, self._at = schema.kind, schema.tables(), connection

    def read(self) -> tuple[Mapping[str, Sequence[Row]], Forms]:
        """Every table, whole, and how its days are written.

        Raises:
            Unavailable: one of them cannot be read now, or is not as ``records.toml`` says.
        """
        before = self.stamp()
        at = self._at
        forms = at.forms
        found: Mapping[str, Sequence[Row]]
        if at.form == "csv":
            found = {name: self._file(name) for name in self._headers}
        elif at.form == "xlsx":
            data = self._bytes(self._kind, Path(at.path))
            found, since_1904 = read_sheets(self._kind, data, at.names, self._headers, at.header_row)
            forms = replace(forms, since_1904=since_1904)
        else:
            with self._database() as query:
                found = read_tables(self._kind, query, at.names, self._headers)
        if self.stamp() != before:
            step = "it is read again; write a new file beside it and rename it"
            raise Unavailable(f"{self._kind} tables", "files that change while they are read", "whole files", step)
        return found, forms

    def stamp(self) -> Stamp | None:
        """What changes with every change of a file; None: a database, of which nobody can tell.

        Raises:
            Unavailable: a file is not there.
        """
        if self._at.form == "sql":
            return None
        stamps = []
        for name, path in self._files().items():
            try:
                seen = path.lstat()
                if not stat.S_ISREG(seen.st_mode):
                    raise OSError(errno.EINVAL, "a folder, a pipe or a link")
            except OSError as error:
                raise self._missing(name, error) from None
            stamps.append((seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns))
        return tuple(stamps)

    def reach(self) -> None:
        """See that it is there.

        Raises:
            Unavailable: it is not.
        """
        if self._at.form != "sql":
            self.stamp()
            return
        with self._database() as query:
            query("SELECT 1")

    def answers(self, table: str) -> Path:
        """The file for what the hub says of a table's rows: beside it, of a database where the settings say."""
        if self._at.form == "sql":
            return Path(self._at.answers_path)
        path = Path(self._at.path) if self._at.form == "xlsx" else self._files()[table]
        return path.with_name(path.name + _BESIDE)

    def _files(self) -> dict[str, Path]:
        """Table to its file; of a workbook all tables are in one."""
        if self._at.form == "xlsx":
            return {"workbook": Path(self._at.path)}
        folder = Path(self._at.path)
        named = {name: self._at.names[name] for name in self._headers}
        return {
            name: folder / (file if file.lower().endswith(".csv") else f"{file}.csv") for name, file in named.items()
        }

    def _file(self, name: str) -> list[Row]:
        place = f"{self._kind} table {name}"
        data = self._bytes(place, self._files()[name])
        return read_lines(place, data, self._at.encoding, self._at.delimiter, self._headers[name])

    def _bytes(self, place: str, path: Path) -> bytes:
        try:
            with open(open_plain(path), "rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > FILE_BYTES_MAX:
                    raise Unavailable(place, f"{size} bytes", f"{FILE_BYTES_MAX} at most", "export less")
                return file.read(FILE_BYTES_MAX + 1)
        except OSError as error:
            raise self._missing(place, error) from None

    def _missing(self, name: str, error: OSError) -> Unavailable:
        step = "check `path` and `table.NAME` of this system, and the rights of file and folder"
        return Unavailable(f"{self._kind} {name}", error.strerror or type(error).__name__, "a file to read", step)

    @contextmanager
    def _database(self) -> Iterator[Query]:
        place = f"{self._kind} database"
        if self._at.server is not None:
            with postgres(place, self._at.server, self._at.password_file) as query:
                yield query
        else:
            with sqlite(place, Path(self._at.path)) as query:
                yield query
