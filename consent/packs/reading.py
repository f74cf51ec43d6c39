"""Read one TOML file of packs or profiles, strictly: unknown words, wrong types and words twice are refused.

Every fault names file, key, what was got, what was expected and what to do. These files hold no personal value, so a
wrong word is shown as it is. What a pack or a profile means is not known here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from hub.errors import Refused

_T = TypeVar("_T")
_Word = TypeVar("_Word", bound=StrEnum)
_KINDS: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class Table:
    """One table of a file. A key is taken once; what nobody has taken when it is :meth:`done` is an unknown word."""

    def __init__(self, file: str, where: str, values: Mapping[str, Any]) -> None:
        self._file, self._where, self._rest = file, where, dict(values)

    @classmethod
    def read(cls, file: str, data: bytes) -> Table:
        """The whole file as a table."""
        try:
            return cls(file, "", tomllib.loads(data.decode()))
        except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, a number too long, or nested too deeply
            why = str(error) if isinstance(error, tomllib.TOMLDecodeError) else type(error).__name__
            raise Refused(file, f"no TOML ({why})", "TOML in UTF-8", "correct the file and start again") from error

    def take(self, key: str, kind: type[_T]) -> _T:
        """The value of a key that must be there."""
        if key not in self._rest:
            raise self.fault(key, "nothing", _KINDS[kind])
        value = self._rest.pop(key)
        if type(value) is not kind:  # exactly: in Python True is a whole number too
            raise self.fault(key, _KINDS.get(type(value), "another kind of value"), _KINDS[kind])
        return value

    def count(self, key: str, most: int) -> int:
        """A whole number from 1 to ``most``."""
        if not 1 <= (number := self.take(key, int)) <= most:
            raise self.fault(key, f"`{number}`", f"1 to {most}")
        return number

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of different texts."""
        values: list[Any] = self.take(key, list)
        for at, value in enumerate(values):
            if type(value) is not str or not value or value in values[:at]:
                raise self.fault(f"{key}[{at}]", f"`{value}`", "a text, not empty, that is not in the list yet")
        return tuple(values)

    def word(self, key: str, kind: type[_Word]) -> _Word:
        """A word of a closed list."""
        return self._word(key, self.take(key, str), kind)

    def words(self, key: str, kind: type[_Word]) -> tuple[_Word, ...]:
        """A list of different words of a closed list."""
        return tuple(self._word(f"{key}[{at}]", value, kind) for at, value in enumerate(self.texts(key)))

    def table(self, key: str) -> Table:
        """A table within this one."""
        return Table(self._file, self._path(key), self.take(key, dict))

    def tables(self) -> dict[str, Table]:
        """All that is left, each of it a table."""
        return {key: self.table(key) for key in list(self._rest)}

    def pairs(self) -> dict[str, str]:
        """All that is left, each of it a text."""
        return {key: self.take(key, str) for key in list(self._rest)}

    def has(self, key: str) -> bool:
        """Whether a key that may be left out is there."""
        return key in self._rest

    def done(self) -> None:
        """Refuse what nobody has taken."""
        for key in self._rest:
            raise self.fault(key, "a word that nothing reads", "only known keys", "correct its spelling or remove it")

    def fault(self, key: str, got: str, expected: str, next_step: str = "correct the file and start again") -> Refused:
        """What is wrong at a key."""
        return Refused(f"{self._file}: {self._path(key)}", got, expected, next_step)

    def _word(self, key: str, value: str, kind: type[_Word]) -> _Word:
        if value not in kind.__members__:
            raise self.fault(key, f"`{value}`", f"one of {', '.join(kind.__members__)}")
        return kind[value]

    def _path(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key
