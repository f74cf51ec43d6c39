"""What a word is told about the line it compiles, and how it complains: at load, and while it runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import MappingGap, RecordUnreadable, Refused, shape
from hub.errors import code as shown
from hub.mapping.model import Context, Converter, Step, fault
from hub.mapping.path import Path, expand
from hub.mapping.table import Table
from hub.model.identifiers import clean, is_clean
from hub.model.record import Loss


@dataclass(frozen=True, slots=True)
class Spot:
    """One line of a mapping file.

    Args:
        file: the file's name, for errors.
        key: the line's key, for errors.
        element: the place in FHIR, ``Patient.birthDate``, for the loss report.
        record: ``cms RF_REQUEST``, for errors.
        prefix: ``client.`` in a block whose instances are the child records ``client``.
        paths: where it writes; several only for ``fn``.
        spec: the line's words.
        blocks: names of all blocks of the file.
        row: in a block with ``columns``, the row of its table that the block stands for.
    """

    file: str
    key: str
    element: str
    record: str
    prefix: str
    paths: tuple[Path, ...]
    spec: Mapping[str, Any]
    table: Callable[[str], Table]
    functions: Mapping[str, Converter]
    blocks: frozenset[str]
    row: Mapping[str, str]

    @property
    def path(self) -> Path:
        """The one place where it writes."""
        return self.paths[0]

    @property
    def way(self) -> str:
        """``<->``, ``>`` or ``<``."""
        return str(self.spec.get("way", "<->"))

    def place(self, field: str) -> str:
        """A field with its child path: ``client.birth_date``."""
        return f"{self.prefix}{field}"

    def text(self, word: str) -> str:
        """A word's value, which must be a text."""
        value = self.spec.get(word)
        if not isinstance(value, str) or not value:
            raise self.fault(f"`{word}`", f'{word} = "…"', "give it a text")
        return value

    def system(self) -> tuple[Callable[[Context], str], re.Pattern[str]]:
        """The line's ``system`` with agency and site of the context filled in, and what it looks like of anybody.

        A message is written out for another agency than the one that wrote it, so that on the way back ``{agency}``
        and ``{site}`` stand for whichever they are.
        """
        system = expand(self.text("system"))
        if set(re.sub(r"\{(agency|site)\}", "", system)) & set("{}"):
            raise self.fault(system, "{agency} or {site} in braces, nothing else", "mend the system")
        anybody = re.compile(re.sub(r"\\{(agency|site)\\}", "[^/]+", re.escape(system)))
        if "{" not in system:
            return (lambda _context: system), anybody
        return (lambda context: system.format(agency=context.agency, site=context.site)), anybody

    def pattern(self, word: str) -> re.Pattern[str]:
        """A word's value as a pattern; letters and digits are those of ASCII."""
        try:
            return re.compile(self.text(word), re.ASCII)
        except (re.error, OverflowError, RecursionError) as error:
            raise self.fault(f"`{word}`", "a pattern", "mend it") from error

    def fault(self, got: str, expected: str, next_step: str) -> Refused:
        """This line cannot be loaded."""
        return fault(self.file, self.key, got, expected, next_step)

    def cut(self, *fields: str) -> tuple[Mapping[str, int], tuple[Loss, ...]]:
        """The line's ``cut``: field to the number of characters that it holds, and the losses of longer texts."""
        said = self.spec.get("cut", {})
        widths = said if isinstance(said, dict) else dict.fromkeys(fields, said)
        if not set(widths) <= set(fields) or not all(type(width) is int and width > 0 for width in widths.values()):
            raise self.fault("`cut`", "a number of characters, or a table of the line's fields and numbers", "mend it")
        return widths, tuple(self.too_long(name, width) for name, width in widths.items())

    def unreadable(
        self, field: str, value: str, expected: str, next_step: str = "mend it at the source"
    ) -> RecordUnreadable:
        """A field of a record is out of shape; of the value only its shape is told."""
        return RecordUnreadable(f"{self.record} {self.place(field)}", shape(value), expected, next_step)

    def gap(self, place: str, code: str, table: str) -> MappingGap:
        """A code has no row."""
        return MappingGap(
            f"{self.record} {place}", shown(code), "a word or code with a row", f"add it to {table} and send again"
        )

    def lost(self, field: str, reason: str) -> Loss:
        """A line of the loss report about a field."""
        return Loss(self.place(field), reason)

    def too_long(self, field: str, width: int) -> Loss:
        """A loss line about a text that is cut."""
        return Loss(self.place(field), f"cut at {width} characters", cut=True)

    def declared(self, *fields: str) -> tuple[Loss, ...]:
        """The line's own ``loss``: a text for all fields that it carries, or a table of field and text."""
        if "loss" not in self.spec:
            return ()
        said = self.spec["loss"]
        if isinstance(said, dict) and said and set(said) <= set(fields):
            return tuple(self.lost(field, str(text)) for field, text in said.items())
        if isinstance(said, str) and said:
            return tuple(self.lost(field, said) for field in fields)
        raise self.fault("`loss`", "a text, or a table of the line's fields and texts", "mend it")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the grammar and the further words that its line may hold."""

    compile: Callable[[Spot], Step]
    options: frozenset[str]


def tidy(text: str) -> str:
    """Strip what nobody sees (cases 6, 7), line by line; quick where there is nothing to strip."""
    if is_clean(text):
        return text
    return "\n".join(clean(line) for line in text.splitlines()).strip()
