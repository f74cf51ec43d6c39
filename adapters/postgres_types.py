"""What a column of PostgreSQL holds, as the record's reader expects it (program systems 9.2).

==========================  =======================================================================================
BOOLEAN                     1 or 0
SMALLINT, INTEGER, BIGINT   the number; a NUMERIC that is whole too
DATE                        ``YYYY-MM-DD``
TIMESTAMP                   ``YYYY-MM-DD HH:MM:SS``, taken for Toronto time; a fraction of a second is cut
TIMESTAMP WITH TIME ZONE    the same, of that instant in Toronto: the session's time zone is Toronto's
CHAR(n)                     its text, without the blanks that fill it up
REAL, DOUBLE PRECISION      a number with a point: no column of ours holds one, and the reader refuses it
BYTEA                       bytes
all else                    its text
==========================  =======================================================================================

What is no such value (``infinity``, a day before Christ) stays the server's own text: the reader refuses it by its
shape, where a driver that makes objects of dates would fail for the whole page.
"""

from __future__ import annotations

import re
from functools import cache

from psycopg import adapters
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader

from adapters.cells import decoded

_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})(?:\.\d+)?(?:[+-][\d:]+)?")
_WHOLE = re.compile(r"(-?\d{1,18})(?:\.0+)?")  # what canonical JSON can say as a whole number


class _Text(Loader):
    def load(self, data: Buffer) -> str:
        return decoded(bytes(data))


class _Filled(Loader):
    def load(self, data: Buffer) -> str:
        return decoded(bytes(data)).rstrip(" ")


class _Flag(Loader):
    def load(self, data: Buffer) -> int:
        return int(bytes(data) == b"t")


class _Number(Loader):
    def load(self, data: Buffer) -> int | str:
        text = decoded(bytes(data))
        whole = _WHOLE.fullmatch(text)
        return int(whole[1]) if whole else text


class _Instant(Loader):
    def load(self, data: Buffer) -> str:
        text = decoded(bytes(data))
        instant = _INSTANT.fullmatch(text)
        return instant[1] if instant else text


@cache
def told() -> AdaptersMap:
    """How values are loaded."""
    loaded = AdaptersMap(adapters)
    as_they_are = {"int2", "int4", "int8", "float4", "float8", "bytea"}
    own: dict[str, type[Loader]] = {
        "bool": _Flag,
        "bpchar": _Filled,
        "numeric": _Number,
        "timestamp": _Instant,
        "timestamptz": _Instant,
    }
    loaded.register_loader(0, _Text)  # types that the driver does not know, as an agency's own ENUM
    for kind in adapters.types:
        loaded.register_loader(kind.array_oid, _Text)
        if kind.name not in as_they_are:
            loaded.register_loader(kind.oid, own.get(kind.name, _Text))
    return loaded
