"""What the workbooks of a month say of one referral: said first, said again, said otherwise later. Pure.

Program systems 2.4, 9.3; settled S9. Agencies fill a month's template little by little and hand it in again, whole: the
same client, month and flag is the same referral, wherever it stands. Said again in the same words it makes no second
message; said in other words it speaks in the place of the earlier one, under the same number.

A row that cannot be read says nothing. The number is a keyed digest of whose, which month and which flag, so it is the
same whatever file says it: a workbook that went, has another name or lies there twice sends nothing a second time. Of
the client it tells nothing: without the hub's key nobody can try numbers out.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from adapters.icare.details import Key
from adapters.icare.groups import Sheet

_NUMBER_LENGTH = 12  # characters of base32, settled S9


@dataclass(frozen=True, slots=True)
class Statement:
    """One row's word about one referral.

    Args:
        key: the source key.
        what: whose and which month, and which flag.
        words: a digest of what it says.
    """

    key: str
    what: tuple[Key, str]
    words: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of all statements, by source key.

    Args:
        again: those that only say again what was said.
        over: those in whose place a later one speaks.
    """

    again: frozenset[str]
    over: frozenset[str]


def statements(label: str, sheet: Sheet) -> tuple[Statement, ...]:
    """The statements of one workbook, in their order."""
    return tuple(
        Statement(group.key, (group.row.key, group.flag), hashlib.sha256(group.own()).digest())
        for group in sheet.groups(label)
        if not group.row.stops
    )


def standing(workbooks: Iterable[Sequence[Statement]]) -> Standing:
    """What stands of the statements of several workbooks, given in the order in which they were taken in."""
    last: dict[tuple[Key, str], Statement] = {}
    again, over = set(), set()
    for said in (each for workbook in workbooks for each in workbook):
        before = last.get(said.what)
        if before is not None and before.words == said.words:
            again.add(said.key)
            continue
        if before is not None:
            over.add(before.key)
        last[said.what] = said
    return Standing(frozenset(again), frozenset(over))


def number_of(agreement: str, key: Key, flag: str, digest: Callable[[str], str]) -> str:
    """The number under which the agency's side knows a referral (PLAC), whatever file says it.

    Args:
        digest: see :meth:`adapters.contract.Memory.digest`.
    """
    text = "\n".join((key.octets().decode(), flag, agreement))  # JSON has no line break in it, nor a flag
    return b32encode(bytes.fromhex(digest(text))).decode()[:_NUMBER_LENGTH]
