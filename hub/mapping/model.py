"""What the engine's parts hand each other: results, compiled steps and blocks. Frozen; holds no rule of any system.

``Step`` is one line of a mapping file, compiled to a pair of closures; ``Block`` is one ``[resource.x]``.
``Run`` is the only mutable thing: the notebook of one translation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.errors import Refused
from hub.model.fhir import Resource
from hub.model.record import Loss, Record

Converter = tuple[Callable[..., Any], Callable[..., Any]]
"""A named pair of ``translate.py``: fields to element, element to fields."""

Key = tuple[int, ...]
"""Which instance: the positions of the child records on the way to it; ``()`` is the record itself."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who translates: the agency whose record goes in, or whose system is written to, and its site.

    Fills ``{agency}`` and ``{site}`` in ``system`` strings. On the way out an identifier of any agency is read where
    there is none of the context's own: the file number in a referral is its sender's.
    """

    agency: str
    site: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """A record as FHIR: entries ``{"fullUrl": "urn:block:<block>", "resource": {...}}`` in the file's order.

    The second instance of a block is ``urn:block:<block>:2``, and so on. References between blocks use these URLs.
    ``losses`` are those of this record only; what never goes across stands in the loss report.
    """

    resources: tuple[Resource, ...]
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class Back:
    """A message as a record of the target system, and what of this message found no place in it."""

    record: Record
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class Partly:
    """What a pair of ``translate.py`` returns when something stays behind: the rest, and field name to reason."""

    value: Any
    lost: Mapping[str, str]


class Unfit(Exception):
    """Raised by a pair of ``translate.py``: a field is out of shape. The engine makes it ``RecordUnreadable``.

    Args:
        field: the field's name as the mapping lists it.
        expected: what it should be, in words without the value.
        next_step: what the sender should do.
    """

    def __init__(self, field: str, expected: str, next_step: str) -> None:
        self.field, self.expected, self.next_step = field, expected, next_step
        super().__init__(expected)


@dataclass(frozen=True, slots=True)
class Built:
    """The instances of a block so far.

    Args:
        child: the path of the child records that they stand for.
        instances: of each the key, and its URL.
    """

    child: tuple[str, ...]
    instances: list[tuple[Key, str]] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """One translation under way: its context, its losses, and where the instances and entries are."""

    context: Context
    losses: list[Loss] = field(default_factory=list)
    built: dict[str, Built] = field(default_factory=dict)
    index: Mapping[str, Resource] = field(default_factory=dict)  # fullUrl to resource, of a message that is read


Write = Callable[[Mapping[str, str], Resource, Run], bool]  # True: a field of the record was filled
Link = Callable[[Mapping[str, str], Resource, Key, Run], None]
Read = Callable[[Resource, dict[str, str], Run], None]
Guard = Callable[[Resource], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a mapping, compiled.

    Args:
        elements: top element names that it accounts for.
        fields: what it carries, as the file names it; ``seen`` is only looked at.
        way: ``<->``, ``>`` (in only) or ``<`` (out only).
        link: writes a reference once all instances exist.
        guard: whether a resource can be of this block.
        leads: blocks that the reference leads to.
        lost: losses that its own data tell: field or ``element`` lines of the report.
        words: of a coded line, the words of the system that have a row.
        coded: of a coded line, the name of its table and the code system; each "" where there is none.
    """

    element: str
    elements: tuple[str, ...]
    fields: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    way: str = "<->"
    write: Write | None = None
    link: Link | None = None
    read: Read | None = None
    guard: Guard | None = None
    leads: tuple[str, ...] = ()
    reference: Callable[[Resource], Any] | None = None
    lost: tuple[Loss, ...] = ()
    verify: Read | None = None  # after all is read: whether what is only written would come back the same
    absent: tuple[str, str] | None = None  # field, and what is written there where the element is missing
    needed: bool = False  # without it the instance could not be found again, so it does not exist
    words: tuple[str, ...] = ()
    coded: tuple[str, str] = ("", "")
    row: bool = False  # its guard tells one row of a table from the others


@dataclass(frozen=True, slots=True)
class Block:
    """One ``[resource.x]``, compiled. ``child`` is the path of the child record that each instance stands for."""

    name: str
    type: str
    child: tuple[str, ...]
    inside: str | None
    at: str
    meta: Callable[[], Resource] | None
    steps: tuple[Step, ...]
    needs: tuple[Callable[[Resource], Any], ...]
    writes: tuple[Write, ...]
    links: tuple[Link, ...]
    reads: tuple[Read, ...]
    guards: tuple[Guard, ...]
    kin: tuple[Guard, ...]  # those that all rows of its table share: what an item is, whichever row it stands for
    reaches: tuple[tuple[str, str, str], ...]  # ("case.program", "case", "program")
    orphans: tuple[tuple[str, Loss], ...]  # what is lost with the instance when a needed element is not there
    insides: tuple[Block, ...]
    known: frozenset[str]
    owner: bool  # each instance is a child record of its own; other blocks of the same child add to it
    parent: Callable[[Resource], Any] | None  # the reference that says whose instance this is
    absents: tuple[tuple[str, str], ...]  # field to what says "nothing" there
    row: int  # of the rows that an ``each`` names the first, second …; such a block has one instance a record; else 0


def fault(file: str, key: str, got: str, expected: str, next_step: str) -> Refused:
    """A mapping file that cannot be loaded: file, key, what was got, what was expected, what to do."""
    return Refused(f"{file}: {key}" if key else file, got, expected, next_step)
