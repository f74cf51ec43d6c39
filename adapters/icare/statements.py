"""What the workbooks of a month say of one referral: said first, said again, said otherwise later. Pure.

Program systems 2.4, 9.3; settled S9. Agencies fill a month's template little by little and hand it in again, whole: the
same client, month and flag is the same referral, wherever it stands. Said again in the same words it makes no second
message; said in other words it speaks in the place of the earlier one, under the number of the first.

A row that cannot be read says nothing. The number is made of the place of the first statement, and of nothing of the
client: a number made of the client's would be one that others could try out.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode
from collections.abc import Iterable, Mapping, Sequence
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
        first: of each statement, the key of the first about the same.
    """

    again: frozenset[str]
    over: frozenset[str]
    first: Mapping[str, str]


def statements(label: str, sheet: Sheet) -> tuple[Statement, ...]:
    """The statements of one workbook, in their order."""
    return tuple(
        Statement(group.key, (group.row.key, group.flag), hashlib.sha256(group.own()).digest())
        for group in sheet.groups(label)
        if not group.row.stops
    )


def standing(workbooks: Iterable[Sequence[Statement]]) -> Standing:
    """What stands of the statements of several workbooks, given in the order in which they were taken in."""
    first: dict[tuple[Key, str], str] = {}
    last: dict[tuple[Key, str], Statement] = {}
    again, over, firsts = set(), set(), {}
    for said in (each for workbook in workbooks for each in workbook):
        firsts[said.key] = first.setdefault(said.what, said.key)
        before = last.get(said.what)
        if before is not None and before.words == said.words:
            again.add(said.key)
            continue
        if before is not None:
            over.add(before.key)
        last[said.what] = said
    return Standing(frozenset(again), frozenset(over), firsts)


def number_of(agreement: str, first: str) -> str:
    """The number under which the agency's side knows a referral (PLAC), of the key of its first statement."""
    place, _, flag = first.rpartition("/")
    digest = hmac.new(f"{agreement}/{place}".encode(), flag.encode(), hashlib.sha256).digest()
    return b32encode(digest).decode()[:_NUMBER_LENGTH]
