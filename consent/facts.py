"""The facts of a decision as a document: kept beside the decision, read back to replay it or to ask a question.

The document is the dataclasses of ``model`` as JSON (``schemas/decision/facts-v1.json``): their field names, codes
as words, instants in ISO 8601 with an offset. Written, it is canonical (keys sorted, defaults left out, instants in
UTC), so that equal facts give equal bytes. Read, it is strict: an unknown or doubled key, a word outside its list or an
instant without an offset is refused with its path, never with its value (INV-1).

It decides nothing; what a field means is said in ``model`` alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

from consent import model
from consent.model import Decision, Facts, PackFacts, Profile
from hub.errors import MessageRejected, shape
from hub.model.canonical import canonical, sha256

SCHEMA_ID = "https://hub.example.org/schemas/decision/facts-v1.json"
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
# A dataclass takes its strictness from what holds it, so each adapter reads an array of exactly one document.
_FACTS: TypeAdapter[tuple[Facts]] = TypeAdapter(tuple[Facts], config=_STRICT)
_DECISION: TypeAdapter[tuple[Decision]] = TypeAdapter(tuple[Decision], config=_STRICT)
_T = TypeVar("_T")


def write_facts(facts: Facts) -> bytes:
    """Facts as canonical JSON; ``read_facts`` of it gives equal facts."""
    age_s = facts.system.decision_age_s
    assert age_s is None or math.isfinite(age_s), "JSON has no endless number: it would be read as no age at all"
    return canonical(_plain(facts))


def policy_digest(facts: Facts) -> str:
    """SHA-256 of the rules among the facts, pack and profile: whether two decisions were made by the same ones.

    A version alone does not tell: a file of the data folder may have been changed under it.
    """
    return _digest(facts.pack, facts.profile)


@lru_cache(maxsize=256)
def _digest(pack: PackFacts, profile: Profile | None) -> str:
    return sha256(canonical([_plain(pack), None if profile is None else _plain(profile)]))


def read_facts(data: bytes) -> Facts:
    """The facts of a document.

    Raises:
        MessageRejected: no JSON, a key twice or unknown, an element missing, or a value of another kind or list.
    """
    return _read("facts", _FACTS, data)


def write_decision(decision: Decision) -> bytes:
    """A decision as canonical JSON; ``read_decision`` of it gives an equal decision."""
    return canonical(_plain(decision))


def read_decision(data: bytes) -> Decision:
    """The decision of a document.

    Raises:
        MessageRejected: as for :func:`read_facts`.
    """
    return _read("decision", _DECISION, data)


def changed(name: str, record: _T, changes: Mapping[str, Any]) -> _T:
    """A record with other values of some fields, spelled and read as in a facts document.

    Args:
        name: what the changes are called where one is refused.

    Raises:
        MessageRejected: as for :func:`read_facts`.
    """
    return read_as(name, type(record), canonical({**_plain(record), **changes}))


def read_as(name: str, kind: type[_T], data: bytes) -> _T:
    """A record of a kind of the model, read as a facts document is.

    Raises:
        MessageRejected: as for :func:`read_facts`.
    """
    adapter: TypeAdapter[tuple[_T]] = _adapter(cast(Hashable, kind))
    return _read(name, adapter, data)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(tuple[kind], config=_STRICT)


def facts_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document, as ``schemas/decision/facts-v1.json`` holds it."""
    definitions = _FACTS.json_schema()["$defs"]
    root = definitions.pop("Facts")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **root,
        "title": "Facts of a decision, version 1",
        "description": f"{root['description']} What is left out has its default. An example: tests/golden/decision/.",
        "$defs": definitions,
    }


# --------------------------------------------------------------------------------------------------------- writing


def _plain(value: Any) -> Any:
    writer = _WRITERS.get(type(value))
    return writer(value) if writer else value  # words, numbers and days are written as they are


def _instant(at: datetime) -> datetime:
    assert at.tzinfo is not None, "an instant is aware (model)"
    return at.astimezone(UTC)


def _several(values: tuple[Any, ...]) -> Any:
    # all of one kind (model): words are written as they are
    return [_plain(value) for value in values] if values and type(values[0]) in _WRITERS else values


def _field_writer(kind: type) -> Callable[[Any], Any]:
    names = [field.name for field in fields(kind)]
    defaults = [
        field.default if field.default_factory is MISSING else field.default_factory() for field in fields(kind)
    ]
    values = attrgetter(*names)
    assert len(names) > 1, "of one name attrgetter would give no tuple"

    def write(value: Any) -> dict[str, Any]:
        given = zip(names, values(value), defaults, strict=True)
        return {name: _plain(its) for name, its, default in given if its is not default and its != default}

    return write


# By exact type: looked up for every value of every decision, this is the hot path.
_WRITERS: Mapping[type, Callable[[Any], Any]] = {
    datetime: _instant,
    tuple: _several,
    dict: lambda values: {key: _plain(value) for key, value in values.items()},
    frozenset: sorted,  # a set has no order of its own: equal facts must give equal bytes
    **{kind: _field_writer(kind) for kind in vars(model).values() if isinstance(kind, type) and is_dataclass(kind)},
}


# --------------------------------------------------------------------------------------------------------- reading


def _read(name: str, adapter: TypeAdapter[tuple[_T]], data: bytes) -> _T:
    _refuse_doubled(name, data)
    try:
        (document,) = adapter.validate_json(b"[%b]" % data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        _refuse(_path(name, first["loc"][1:]), _got(first["type"], first["input"]), _expected(first["msg"]))
    for path, at in _instants(name, document):
        if at.tzinfo is None:
            _refuse(path, f"`{shape(at.isoformat())}`", "an instant with its offset from UTC")
    return document


def _refuse(where: str, got: str, expected: str) -> NoReturn:
    raise MessageRejected(where, got, expected, "correct the document (schemas/decision/facts-v1.json)") from None


def _refuse_doubled(name: str, data: bytes) -> None:
    """Refuse what is no JSON, and a key that stands twice: which of the two would count is anybody's guess."""
    try:
        document = json.loads(data.decode(), object_pairs_hook=_Object, parse_int=_whole)
    except UnicodeDecodeError as error:
        _refuse(name, f"a byte outside UTF-8 at {error.start}", "JSON in UTF-8")
    except json.JSONDecodeError as error:
        _refuse(name, f"no JSON at character {error.pos}", "JSON in UTF-8")
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        _refuse(name, "a nesting or a number without end", "plain JSON")
    for path in _doubled((), document):
        _refuse(_path(name, path), "an element twice", "each element once")


def _whole(text: str) -> int:
    """A whole number of 64 bits, as the canonical form writes it."""
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError
    return number


class _Object(dict[str, Any]):
    """A JSON object that remembers the first key that stood in it twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.doubled: str | None = None
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen and self.doubled is None:
                self.doubled = name
            seen.add(name)


def _doubled(path: tuple[str | int, ...], value: Any) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, _Object):
        if value.doubled is not None:
            yield (*path, value.doubled)
        for name, inner in value.items():
            yield from _doubled((*path, name), inner)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _doubled((*path, at), inner)


def _instants(path: str, value: Any) -> Iterator[tuple[str, datetime]]:
    """Every instant below a value, with its path."""
    if isinstance(value, datetime):
        yield path, value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _instants(f"{path}.{field.name}", getattr(value, field.name))
    elif isinstance(value, tuple):
        for at, inner in enumerate(value):
            yield from _instants(f"{path}[{at}]", inner)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _instants(f"{path}.*", inner)


def _path(name: str, steps: Iterable[str | int]) -> str:
    """A place in the document. A key that the schema does not name is the document's own text: it is not repeated."""
    known = _names()
    return name + "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" if step in known else ".*" for step in steps
    )


@cache
def _names() -> frozenset[str]:
    """All field names of the documents."""
    kinds = (*_FACTS.json_schema()["$defs"].values(), *_DECISION.json_schema()["$defs"].values())
    return frozenset(name for kind in kinds for name in kind.get("properties", ()))


def _got(fault: str, value: Any) -> str:
    if fault == "missing":
        return "nothing"
    if fault == "unexpected_keyword_argument":
        return "an element of another name"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    return "null" if value is None else f"`{shape(value)}`"


def _expected(text: str) -> str:
    """The validator's text names lists and kinds, never the value."""
    if text == "Unexpected keyword argument":
        return "only elements of the schema"
    return "an element that must be there" if text == "Field required" else text.removeprefix("Input should be ")
