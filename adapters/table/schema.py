"""``records.toml`` of a kind of tables: which tables there are, their columns, and what a row of each becomes.

It is data of the kind, for all its systems; where a system's tables lie, and how they write a day, are its settings.
The grammar is in ``mappings/README.md``, *A kind of tables*. Strict: whatever is unknown, missing or of another type is
refused with file, key, what was got, what was expected and the next step. Pure.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from adapters.table.cells import TYPES
from hub.errors import Refused, shape

FILE = "records.toml"
EVENTS = MappingProxyType({"RF_REQUEST": "referral", "RF_STATUS": "referral-status", "CONSENT": "consent"})
PREFIXES = MappingProxyType({"RF_REQUEST": "request", "RF_STATUS": "answer", "CONSENT": "consent"})  # of source keys
ONE = ("client", "case")  # children of which a record has exactly one
DEPTH_MAX = 4  # a client's identifier is two below its referral
NAMES_MAX = 200  # columns of a table
HUB_NUMBER = "hub_referral_no"  # by which an answer names its referral

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TABLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_RECORD_WORDS = ("makes", "table", "key", "personal_key", "revision", "where", "columns", "child")
_CHILD_WORDS = ("table", "parent", "above", "columns", "child")
_COLUMN_WORDS = ("type", "column", "required", "only_if", "unless")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        type: of ``adapters.table.cells``.
        header: what the column is called in the table.
        required: a row without it cannot be understood.
        only_if: a field of the same row; the cell is read only where it says yes. ``unless``: not where it says yes.
    """

    type: str
    header: str
    required: bool = False
    only_if: str = ""
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one table as one part of a record.

    Args:
        table: its name in the schema; a system may say by a setting what it is called there. "": nothing is read.
        columns: field name to column.
        children: child name to the rows nested below each of these.
    """

    table: str
    columns: Mapping[str, Column]
    children: Mapping[str, Child]


@dataclass(frozen=True, slots=True)
class Child:
    """Rows that belong to a row above them: those whose field ``parent`` says what its field ``above`` says."""

    rows: Rows
    parent: str
    above: str
    one: bool


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of record.

    Args:
        key: the fields that tell one row from another.
        personal: the key is a person's number, or could be: only its keyed digest leaves the reader.
        revision: header of the column that holds the row's version; "": the table has none.
        where: field to the words of which it must say one; other rows are not for the hub.
    """

    name: str
    event: str
    rows: Rows
    key: tuple[str, ...]
    personal: bool
    revision: str
    where: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Schema:
    """All kinds of record of a kind of tables; consents first, then requests, then answers."""

    kind: str
    forms: Mapping[str, Form]

    def tables(self) -> dict[str, tuple[str, ...]]:
        """Each table to the headers that are read of it."""
        found: dict[str, dict[str, None]] = {}
        for form in self.forms.values():
            for rows in below(form.rows):
                if rows.table:
                    found.setdefault(rows.table, {}).update(dict.fromkeys(c.header for c in rows.columns.values()))
            if form.revision:
                found.setdefault(form.rows.table, {})[form.revision] = None
        return {table: tuple(headers) for table, headers in found.items()}


def below(rows: Rows) -> Iterator[Rows]:
    """These rows and all that are nested in them."""
    yield rows
    for child in rows.children.values():
        yield from below(child.rows)


def read_schema(kind: str, data: bytes) -> Schema:
    """Read the file of a kind.

    Raises:
        Refused: the first thing that is wrong.
    """
    place = f"mappings/{kind}/{FILE}"
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        where = str(error).partition("(at ")[2].rstrip(")") if isinstance(error, tomllib.TOMLDecodeError) else ""
        raise _Place(place, where).fault("what is no TOML", "TOML in UTF-8", "mend the file") from None
    top = _Place(place, "")
    top.words(tree, tuple(EVENTS))
    if not tree:
        raise top.fault("no kind of record", f"[{'], ['.join(EVENTS)}]", "describe one")
    forms = {name: _form(top.at(name), name, tree[name]) for name in sorted(tree, key=_rank)}
    if "RF_REQUEST" not in forms and "CONSENT" in forms:
        step = "describe [RF_REQUEST] with the same client: a consent's client is read by its mapping"
        raise top.at("CONSENT").fault("consents without requests", "[RF_REQUEST] beside it", step)
    return Schema(kind, MappingProxyType(forms))


def _rank(name: str) -> int:
    """A consent stands before the requests that may rest on it."""
    return ("CONSENT", "RF_REQUEST", "RF_STATUS").index(name)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the file; makes its faults."""

    file: str
    key: str

    def at(self, name: str) -> _Place:
        return _Place(self.file, f"{self.key}.{name}" if self.key else name)

    def fault(self, got: str, expected: str, next_step: str) -> Refused:
        return Refused(f"{self.file}: {self.key}" if self.key else self.file, got, expected, next_step)

    def words(self, value: Any, known: tuple[str, ...]) -> dict[str, Any]:
        """A table of known words."""
        if not isinstance(value, dict):
            raise self.fault(f"a {type(value).__name__}", "a table", "mend it")
        for word in value:
            if word not in known:
                raise self.fault(f"the word {_shown(word)}", f"one of {', '.join(known)}", "mend its spelling")
        return value

    def text(self, tree: Mapping[str, Any], word: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = tree.get(word, default)
        if value is None:
            raise self.at(word).fault("nothing", "a text", "add it")
        if not isinstance(value, str) or (not value.strip() and value != default):
            raise self.at(word).fault(_type(value), "a text", "mend it")
        return value.strip()

    def yes(self, tree: Mapping[str, Any], word: str) -> bool:
        value = tree.get(word, False)
        if not isinstance(value, bool):
            raise self.at(word).fault(_type(value), "true or false", "mend it")
        return value


def _form(place: _Place, name: str, value: Any) -> Form:
    tree = place.words(value, _RECORD_WORDS)
    event = EVENTS[name]
    if (makes := place.text(tree, "makes")) != event:
        raise place.at("makes").fault(_shown(makes), f"`{event}`, which is what {name} makes", "mend it")
    told_only = event == "referral-status" and "table" not in tree
    rows = _rows(place, tree, 0, table="" if told_only else _table(place, tree))
    key = () if told_only else _key(place, tree, rows)
    if event == "referral" and len(key) > 1:
        step = "give the table a column of its own for it: the hub answers by that number"
        raise place.at("key").fault(f"{len(key)} fields", "the one field that is the number of the referral", step)
    revision = place.text(tree, "revision", "")
    if revision in {column.header for column in rows.columns.values()}:
        step = "leave it out of [columns]: what a row says must not hold its version"
        raise place.at("revision").fault("a column that is listed under [columns] too", "a column of its own", step)
    _must_have(place, name, rows)
    return Form(name, event, rows, key, place.yes(tree, "personal_key"), revision, _where(place, tree, rows))


def _must_have(place: _Place, name: str, rows: Rows) -> None:
    """What the road reads of a record itself (adapters/contract.py, the card)."""
    if name == "RF_STATUS" and HUB_NUMBER not in rows.columns:
        step = f'add the column in which the worker notes it: {HUB_NUMBER} = {{ type = "id", column = "…" }}'
        raise place.at("columns").fault(f"no field {HUB_NUMBER}", "the number that came with the referral", step)
    if name != "RF_STATUS" and "client" not in rows.children:
        raise place.at("child").fault("no child `client`", f"[{name}.child.client]", "say where the client's row is")


def _rows(place: _Place, tree: Mapping[str, Any], depth: int, *, table: str) -> Rows:
    if depth > DEPTH_MAX:
        raise place.fault("children of children of children", f"{DEPTH_MAX} levels at most", "nest fewer")
    columns = _columns(place.at("columns"), tree.get("columns"))
    below_here = tree.get("child", {})
    if not isinstance(below_here, dict):
        raise place.at("child").fault(_type(below_here), "a table for each child", "mend it")
    children = {
        name: _child(place.at("child").at(name), name, value, columns, depth) for name, value in below_here.items()
    }
    if clash := children.keys() & columns.keys():
        raise place.at(f"child.{min(clash)}").fault("the name of a column", "another name", "rename one")
    return Rows(table, columns, MappingProxyType(children))


def _child(place: _Place, name: str, value: Any, above: Mapping[str, Column], depth: int) -> Child:
    if not _NAME.fullmatch(name):
        raise place.fault("a name of this form", "lower-case letters, digits and underscores", "rename it")
    tree = place.words(value, _CHILD_WORDS)
    rows = _rows(place, tree, depth + 1, table=_table(place, tree))
    parent = place.text(tree, "parent")
    over = place.text(tree, "above", parent)
    for word, field, columns in (("parent", parent, rows.columns), ("above", over, above)):
        if field not in columns:
            expected = "a field of this table" if word == "parent" else "a field of the table above"
            raise place.at(word).fault(_shown(field), expected, "name one of its [columns]")
        if columns[field].type not in ("id", "code"):
            raise place.at(word).fault(f"a field of type {columns[field].type}", "one of type id or code", "mend it")
    return Child(rows, parent, over, name in ONE)


def _columns(place: _Place, value: Any) -> Mapping[str, Column]:
    if not isinstance(value, dict) or not value:
        raise place.fault("nothing" if value in (None, {}) else _type(value), "a table of columns", "list them")
    if len(value) > NAMES_MAX:
        raise place.fault(f"{len(value)} columns", f"{NAMES_MAX} at most", "list those that a mapping uses")
    found = {name: _column(place.at(name), name, spec) for name, spec in value.items()}
    headers = [column.header for column in found.values()]
    for name, column in found.items():
        if headers.count(column.header) > 1:
            raise place.at(name).fault("a column that stands under two names", "each column once", "remove one")
        for word, flag in (("only_if", column.only_if), ("unless", column.unless)):
            if flag and (flag not in found or found[flag].type != "flag"):
                raise place.at(name).at(word).fault(_shown(flag), "a field of type flag beside it", "add it")
    return MappingProxyType(found)


def _column(place: _Place, name: str, spec: Any) -> Column:
    if not _NAME.fullmatch(name):
        raise place.fault("a name of this form", "lower-case letters, digits and underscores", "rename it")
    tree = {"type": spec} if isinstance(spec, str) else place.words(spec, _COLUMN_WORDS)
    kind = place.text(tree, "type")
    if kind not in TYPES:
        raise place.at("type").fault(_shown(kind), f"one of {', '.join(TYPES)}", "mend it")
    return Column(
        kind,
        place.text(tree, "column", name),
        place.yes(tree, "required"),
        place.text(tree, "only_if", ""),
        place.text(tree, "unless", ""),
    )


def _table(place: _Place, tree: Mapping[str, Any]) -> str:
    name = place.text(tree, "table")
    if not _TABLE.fullmatch(name):
        raise place.at("table").fault(shape(name), "letters, digits, _ and -, a letter first", "rename it")
    return name


def _key(place: _Place, tree: Mapping[str, Any], rows: Rows) -> tuple[str, ...]:
    value = tree.get("key")
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        got = "nothing" if value is None else _type(value)
        raise place.at("key").fault(got, "the field, or a list of the fields, that tells rows apart", "name it")
    for name in names:
        if name not in rows.columns or rows.columns[name].type != "id":
            step = "name a field of [columns] of type id: a number of the row, never a name"
            raise place.at("key").fault(_shown(name), "a field of type id", step)
    return tuple(names)


def _where(place: _Place, tree: Mapping[str, Any], rows: Rows) -> Mapping[str, tuple[str, ...]]:
    value = tree.get("where", {})
    if not isinstance(value, dict):
        raise place.at("where").fault(_type(value), "a table of field and words", "mend it")
    for name, words in value.items():
        if name not in rows.columns:
            raise place.at("where").at(name).fault("no such field", "a field of [columns]", "mend its spelling")
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            raise place.at("where").at(name).fault(_type(words), "a list of words", "mend it")
    return MappingProxyType({name: tuple(words) for name, words in value.items()})


def _shown(word: str) -> str:
    """A word of the administrator's own file; one that could be a value is told by its shape."""
    return f"`{word}`" if _TABLE.fullmatch(word) else shape(word)


def _type(value: object) -> str:
    return "an empty text" if value == "" else f"a {type(value).__name__}"
