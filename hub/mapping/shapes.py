"""Of what kind each value of a block is: a text, a number, a list of texts … (design §8).

Looked at once, where a ``[resource.x]`` is read, before anything is compiled: what reads a value later may rely on its
kind. Also here, since they need nothing else: the words of a line and which of them leads. What a value means, and
whether there is such a block, field or table, is not looked at here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.errors import Refused
from hub.mapping.table import WAYS
from hub.mapping.words import ALWAYS, WORDS

Refuse = Callable[[str, str, str, str], Refused]

KEYS = {
    "type": "the R4 type of the resource",
    "label": "the data category of the whole resource",
    "each": "for what an instance stands: a child record, a column, a row of flags, a numbered group",
    "inside": "the block whose element each instance is",
    "at": "the list element of that block",
    "needs": "paths without which the instance does not exist",
    "element": "the table of lines",
}


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _whole(value: Any) -> bool:
    return type(value) is int


def _plain(value: Any) -> bool:
    return isinstance(value, str | bool | int)


def _boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _table(value: Any) -> bool:
    return isinstance(value, dict)


def _table_of(inner: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(inner, value.values()))


def _either(*kinds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: any(kind(value) for kind in kinds)


Kind = tuple[str, Callable[[Any], bool]]
TEXT: Kind = ("a text", _text)
TEXTS: Kind = ("a list of texts", _texts)
PLAIN: Kind = ("a text, a whole number, true or false", _plain)

OF_BLOCK: Mapping[str, Kind] = {
    **dict.fromkeys(KEYS, TEXT),
    "each": ("a table of texts, and a whole number under `to`", _table_of(_either(_text, _whole))),
    "needs": TEXTS,
    "element": ("a table of lines", _table),
}
OF_LINE: Mapping[str, Kind] = {
    "to": ("a text, or a list of texts", _either(_text, _texts)),
    "constant": PLAIN,
    "yes": PLAIN,
    "no": PLAIN,
    "fields": TEXTS,
    "with": TEXTS,
    "scale": ("a whole number", _whole),
    "guard": ("true or false", _boolean),
    "beside": ("a table of a field and its table", _table_of(_text)),
    "cut": ("a whole number, or a table of fields and whole numbers", _either(_whole, _table_of(_whole))),
    "loss": ("a text, or a table of fields and texts", _either(_text, _table_of(_text))),
}
"""Every other word of a line is a text, but for a leading ``default``, which is as ``constant``."""


def kind_of(value: Any) -> str:
    """A value's kind in words; nothing of the value itself."""
    if isinstance(value, bool):
        return "true or false"
    names = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "a date or time")


def shaped(name: str, spec: Mapping[str, Any], refuse: Refuse) -> None:
    """Look at a block.

    Raises:
        Refused: an unknown word, or a value of another kind than its word's.
    """
    key = f"resource.{name}"
    for word, value in spec.items():
        if word not in KEYS:
            raise refuse(key, f"unknown word `{word}`", ", ".join(KEYS), "remove it or mend its spelling")
        _fits(f"{key}.{word}", word, value, OF_BLOCK[word], refuse)
    for line, words in spec.get("element", {}).items():
        _line(f'{key}.element."{line}"', words, refuse)


def _line(key: str, words: Any, refuse: Refuse) -> None:
    if not isinstance(words, dict):
        raise refuse(
            key, f"{kind_of(words)}, no table", '{ field = "…" } or another word', "put the line's words in braces"
        )
    head = next(iter(words), None)
    if head not in WORDS:
        got = "a table of no words" if head is None else f"`{head}` as the first word"
        raise refuse(key, got, f"one of {', '.join(WORDS)}", "put the leading word first")
    allowed = WORDS[head].options | ALWAYS
    for word, value in words.items():
        if word != head and word not in allowed:
            beside = f"beside `{head}`: {', '.join(sorted(allowed))}"
            raise refuse(key, f"unknown word `{word}`", beside, "remove it or mend its spelling")
        kind = PLAIN if word == head == "default" else OF_LINE.get(word, TEXT)
        _fits(f"{key}.{word}", word, value, kind, refuse)
    if words.get("way", "<->") not in WAYS:
        raise refuse(key, f"way `{words['way']}`", "<->, > or <", "mend it")


def _fits(key: str, word: str, value: Any, kind: Kind, refuse: Refuse) -> None:
    expected, fits = kind
    if not fits(value):
        raise refuse(key, f"`{word}` as {kind_of(value)}", expected, "write it so")
