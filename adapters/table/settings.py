"""Where a system's tables lie and how they are written: its settings, read and checked. Nothing is opened here.

Settings are stored in the clear. So a password never stands in them (``adapters.servers``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.servers import URL, address
from adapters.table.cells import DATES, Forms
from adapters.table.delimited import DELIMITERS, ENCODINGS
from adapters.table.schema import Schema
from adapters.table.sql import NAME
from hub.errors import Refused, shape

FORMS = ("csv", "xlsx", "sql")
READ_EVERY_S = 60  # [policy] a database is read whole so often at most; a file is looked at each time

_SHEET_MAX = 31  # characters of a sheet's name
_TABLE = "table."
_ONLY: Mapping[str, tuple[str, ...]] = {  # beside form, dates, site and table.NAME
    "csv": ("path", "encoding", "delimiter"),
    "xlsx": ("path", "header_row"),
    "sql": ("path", "url", "password_file", "answers_path", "read_every_s"),
}


@dataclass(frozen=True, slots=True)
class Connection:
    """The settings of one system.

    Args:
        path: csv: the folder; xlsx: the workbook; sql: a SQLite file, or "".
        server: sql: libpq's parameters, or empty.
        names: table of the schema to what it is called there.
        answers_path: sql: the file for the hub's answers, or "".
    """

    form: str
    path: str
    forms: Forms
    names: Mapping[str, str]
    site: str = ""
    encoding: str = "utf-8"
    delimiter: str = "comma"
    header_row: int = 1
    server: Mapping[str, str] | None = None
    password_file: str = ""
    answers_path: str = ""
    read_every_s: int = READ_EVERY_S


def read_settings(schema: Schema, settings: Mapping[str, Any]) -> Connection:
    """Read and check settings.

    Raises:
        Refused: one is missing, unknown or of another type, or holds a password.
    """
    read = _Settings(schema.kind, settings)
    form = read.one_of("form", FORMS, None)
    read.only(("form", "dates", "site", *_ONLY[form]), schema)
    dates = read.one_of("dates", DATES, DATES[0])
    path, url, server = read.text("path", ""), read.text("url", ""), None
    if form == "sql":
        if bool(path) == bool(url):
            raise read.wrong("path", "neither path nor url" if not path else "both path and url", f"one; url={URL}")
        server = address(f"{schema.kind} settings: url", url) if url else None
    elif not path:
        raise read.wrong("path", "nothing", "a folder of CSV files" if form == "csv" else "the workbook")
    if read.text("password_file", "") and not url:
        raise read.wrong("password_file", "a password for a file", "one beside a url")
    answers = read.text("answers_path", "")
    if form == "sql" and not answers:
        raise read.wrong("answers_path", "nothing", "a file that the hub may write: its answers, for the workers")
    return Connection(
        form=form,
        path=path,
        forms=Forms(dates, serial=form == "xlsx"),
        names={name: read.table(name, form) for name in schema.tables()},
        site=read.text("site", ""),
        encoding=read.one_of("encoding", tuple(ENCODINGS), "utf-8"),
        delimiter=read.one_of("delimiter", tuple(DELIMITERS), "comma"),
        header_row=read.number("header_row", 1, least=1),
        server=server,
        password_file=read.text("password_file", ""),
        answers_path=answers,
        read_every_s=read.number("read_every_s", READ_EVERY_S, least=0),
    )


@dataclass(frozen=True, slots=True)
class _Settings:
    kind: str
    given: Mapping[str, Any]

    def wrong(self, name: str, got: str, expected: str) -> Refused:
        return Refused(f"{self.kind} settings: {name}", got, expected, "set it and try again (docs/tables.md)")

    def only(self, known: tuple[str, ...], schema: Schema) -> None:
        tables = [f"{_TABLE}{name}" for name in schema.tables()]
        unknown = self.given.keys() - {*known, *tables}
        if unknown:
            got = f"{len(unknown)} that are none"
            raise Refused(f"{self.kind} settings", got, f"only {', '.join((*known, *tables))}", "remove them")

    def text(self, name: str, default: str) -> str:
        value = self.given.get(name, default)
        if not isinstance(value, str) or (value == "" and default != ""):
            raise self.wrong(name, "nothing" if value == "" else f"a {type(value).__name__}", "a text")
        return value

    def one_of(self, name: str, words: tuple[str, ...], default: str | None) -> str:
        value = self.given.get(name, default)
        if value not in words:
            got = "nothing" if value is None else shape(value)
            raise self.wrong(name, got, f"one of {', '.join(words)}")
        return str(value)

    def number(self, name: str, default: int, *, least: int) -> int:
        value = self.given.get(name, default)
        text = str(value)
        if isinstance(value, bool) or not text.isascii() or not text.isdigit() or not least <= int(text) <= 1_000_000:
            raise self.wrong(name, shape(value), f"a whole number, {least} or more")
        return int(text)

    def table(self, name: str, form: str) -> str:
        there = self.text(f"{_TABLE}{name}", name) or name
        if form == "sql":
            fits, expected = bool(NAME.fullmatch(there)), "a table or view, as cases or public.cases"
        elif form == "xlsx":
            fits, expected = len(there) <= _SHEET_MAX, "the name of a sheet"
        else:
            fits = "/" not in there and "\\" not in there and not there.startswith(".")
            expected = "the name of a file in the folder, with or without .csv"
        if not fits:
            raise self.wrong(f"{_TABLE}{name}", shape(there), expected)
        return there
