"""Is this a message of ours at all? Bytes to a Bundle, and the Bundle against ``schemas/fhir/r4.json`` (FHIR R4).

Rules: JSON in UTF-8, one object, no key twice at any depth (which of the two would count is anybody's guess); then the
strict schema, compiled once. An answer names places as FHIRPath, the code where a code was wrong, and of any other
value its shape: the validator's own texts hold the value and are never passed on (INV-1).

It does not look at labels or references: ``label.py`` does.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any, NoReturn

import jsonschema_rs
import orjson

from consent.model.words import Code
from hub.errors import MessageRejected, code, kind_of, shape
from hub.model.fhir import Resource

FAULTS_MAX = 5  # a sender mends a few at a time; a longer list would only be a longer error
NESTED_MAX = 64  # [policy] levels of arrays and objects; a message has some fifteen
PARAMETERS_MAX = 100  # [policy] parts of one Parameters; an operation has some ten
_NEXT_STEP = "change the message and send it again"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: an element path, what is there (never a personal value), what should be."""

    path: str
    got: str
    expected: str


class NotOurMessage(MessageRejected):
    """Structure, label or reference is not what a message may have: the gate's answer is ``DN_SCHEMA``."""

    code = Code.DN_SCHEMA

    def __init__(self, faults: Sequence[Fault]) -> None:
        assert faults, "a refusal names what is wrong"
        self.faults = tuple(faults)
        first, *rest = self.faults
        more = "".join(f"; also {fault.path}: got {fault.got}, expected {fault.expected}" for fault in rest)
        super().__init__(first.path, first.got, first.expected + more, _NEXT_STEP)


def read_message(data: bytes, *, size_max_bytes: int) -> Resource:
    """Read bytes into a Bundle that is still to be checked.

    Args:
        data: the body as it came.
        size_max_bytes: more than this is not read at all.

    Raises:
        NotOurMessage: too long, not UTF-8, not JSON, a key twice, not one object, or nested too deeply.
    """
    if len(data) > size_max_bytes:
        _refuse("Bundle", f"{len(data)} bytes", f"at most {size_max_bytes} bytes")
    doubled: list[_Doubled] = []
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=lambda pairs: _object(pairs, doubled),
            parse_constant=_no_constant,
            parse_float=_finite,
        )
        orjson.dumps(document)  # finds what JSON's grammar lets pass: half a surrogate, endless numbers and nesting
    except UnicodeDecodeError as error:
        raise NotOurMessage([Fault("Bundle", f"a byte outside UTF-8 at {error.start}", "JSON in UTF-8")]) from None
    except json.JSONDecodeError as error:
        raise NotOurMessage([Fault("Bundle", f"no JSON at character {error.pos}", "JSON in UTF-8")]) from None
    except (ValueError, TypeError, RecursionError):
        _refuse("Bundle", "text, a number or a nesting that has no end or no meaning", "plain JSON")
    if not _is_flat(document):
        _refuse("Bundle", f"more than {NESTED_MAX} levels of arrays and objects", f"at most {NESTED_MAX}")
    if doubled:
        raise NotOurMessage([_doubled_fault(document, doubled[0])])
    if not isinstance(document, dict):
        _refuse("Bundle", kind_of(document), "one JSON object")
    return document


class MessageSchema:
    """The strict schema, compiled. Build one and keep it: compiling takes a thousand times as long as checking."""

    def __init__(self) -> None:
        packaged = resources.files("schemas.fhir").joinpath("r4.json")
        self._validator = jsonschema_rs.Draft202012Validator(orjson.loads(packaged.read_bytes()))

    def check(self, bundle: Resource) -> None:
        """Pass, or say what is wrong.

        Raises:
            NotOurMessage: with up to five faults, in the order of the Bundle.
        """
        if self._validator.is_valid(bundle):
            return
        found = (fault for error in self._validator.iter_errors(bundle) for fault in _faults(error))
        raise NotOurMessage(list(islice(dict.fromkeys(found), FAULTS_MAX)))


def fhirpath(path: Iterable[str | int]) -> str:
    """An instance path as FHIRPath from the Bundle: ``Bundle.entry[2].resource.status``."""
    return "Bundle" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def coded(value: object) -> str:
    """A wrong code as an error may show it; of what is no text, its kind."""
    return code(value) if isinstance(value, str) else kind_of(value)


def _faults(error: jsonschema_rs.ValidationError) -> Iterator[Fault]:
    """What one error of the validator says, without its text."""
    path, keyword, value = fhirpath(error.instance_path), error.kind.name, error.kind.value
    if keyword == "additionalProperties":
        for name in value:
            yield Fault(f"{path}.{_element(name)}", "an element", "no such element here")
    elif keyword == "required":
        yield Fault(f"{path}.{value}", "nothing", "an element that must be there")
    elif keyword in ("enum", "const"):
        yield Fault(path, coded(error.instance), _listed(value))
    elif keyword == "pattern":
        yield Fault(path, kind_of(error.instance), f"a {error.schema_path[-2]}")
    elif keyword in ("not", "falseSchema"):
        yield Fault(path, "a second value", "at most one of its kind")
    elif keyword == "anyOf":
        yield Fault(path, "none of them", "one of its values")
    elif keyword in ("minItems", "maxItems"):
        most = "at least" if keyword == "minItems" else "at most"
        count = len(error.instance) if isinstance(error.instance, list) else 0
        yield Fault(path, f"{count} of them", f"{most} {value}")
    else:
        yield Fault(path, kind_of(error.instance), f"{keyword} {_listed(value)}")


def _element(name: str) -> str:
    """An element as an error may show it: by its name where R4 has such a one, else by its shape."""
    return name if name.removeprefix("_") in _names() else f"`{shape(name)}`"


@cache
def _names() -> frozenset[str]:
    """The elements of the schema, and those of R4 that it leaves out and people often send."""
    definitions = orjson.loads(resources.files("schemas.fhir").joinpath("r4.json").read_bytes())["$defs"].values()
    own = (name for each in definitions for name in each.get("properties", ()))
    return frozenset((*own, "contained", "modifierExtension", "implicitRules", "language", "photo", "link", "title"))


def _listed(value: Any) -> str:
    return " | ".join(str(code) for code in value) if isinstance(value, list) else str(value)


class _Doubled(dict[str, Any]):
    """An object in which a key stood twice."""

    key: str = ""


def _object(pairs: list[tuple[str, Any]], doubled: list[_Doubled]) -> dict[str, Any]:
    """Make an object; keep aside the first that has a key twice: its place is named afterwards."""
    plain = dict(pairs)
    if len(plain) == len(pairs) or doubled:
        return plain
    marked = _Doubled(plain)
    marked.key = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
    doubled.append(marked)
    return marked


def _doubled_fault(document: object, found: _Doubled) -> Fault:
    return Fault(f"{fhirpath(_place_of(found, document))}.{_element(found.key)}", "the same key twice", "each key once")


def _place_of(found: object, document: object) -> Sequence[str | int]:
    """Where a value stands; () where it is gone. Every value is looked at once, and only one path is kept."""
    path: list[str | int] = []
    above = [_steps(document)]
    while above and found is not document:
        for step, node in above[-1]:
            if not isinstance(node, dict | list):
                continue
            path.append(step)
            if node is found:
                return [_element(each) if isinstance(each, str) else each for each in path]
            above.append(_steps(node))
            break
        else:
            above.pop()
            del path[-1:]
    return ()


def _steps(node: Any) -> Iterator[tuple[str | int, object]]:
    return iter(node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ())


def _is_flat(document: object) -> bool:
    """Whether it has no more levels than may be; looked at level by level, every value once."""
    level = [document] if isinstance(document, dict | list) else []
    for _ in range(NESTED_MAX):
        below = (each for node in level for each in (node.values() if isinstance(node, dict) else node))
        level = [each for each in below if isinstance(each, dict | list)]
        if not level:
            return True
    return False


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError("a number beyond what can be written back")
    return number


def _refuse(path: str, got: str, expected: str) -> NoReturn:
    raise NotOurMessage([Fault(path, got, expected)])
