"""What a pack says of afterwards: who is told when something went wrong, and how long what is kept is kept.

``[breach]`` and ``[breach.<lane>]`` (consent rules 5), ``[retention]`` and ``[retention.files]`` (4.2). Every lane of
the directory has its table. A client file's years have no default: a kind that is not named is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import get_args

from consent.packs.reading import Table
from hub.model.directory import Lane

NOTIFY_DAYS_MAX = 60  # the longest that any of these statutes' guides speaks of
RECHECK_DAYS_MAX = 30  # consent rules 3.7
YEARS_MAX = 100
BREACH_MONTHS_MIN = 24  # SOR/2018-64 s.6: no pack keeps a breach record for less
BREACH_MONTHS_MAX = 12 * YEARS_MAX
FILE_KINDS = ("icare", "eois")
"""Kinds of systems whose client files an agreement with the funder keeps: iCARE and Employment Ontario (4.2)."""


class When(StrEnum):
    """In which cases somebody is told of a breach."""

    always = "always"
    risk = "risk"  # a real risk of significant harm
    listed = "listed"  # one of the cases of O. Reg. 329/04 s.6.3
    never = "never"


@dataclass(frozen=True, slots=True)
class Threshold:
    """What binds an agency of one lane."""

    law: str
    regulator: str
    individual: When
    told: When


@dataclass(frozen=True, slots=True)
class BreachRules:
    """When whom is told, by lane, and within how many days after a breach is determined."""

    notify_days: int
    recheck_days: int
    lanes: Mapping[str, Threshold]


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long what is kept is kept.

    Args:
        files: kind of system to years; a kind of ``FILE_KINDS`` that is not there is kept without end.
    """

    event_years: int
    service_years: int
    from_18_years: int
    breach_months: int
    files: Mapping[str, int]


def read_breach(table: Table) -> BreachRules:
    """The ``[breach]`` table of a pack.

    Raises:
        Refused: a lane is missing or unknown, or a word that is not understood.
    """
    notify, recheck = table.count("notify_days", NOTIFY_DAYS_MAX), table.count("recheck_days", RECHECK_DAYS_MAX)
    lanes = {lane: _threshold(table.table(lane)) for lane in get_args(Lane)}
    table.done()
    return BreachRules(notify, recheck, lanes)


def read_keeping(table: Table) -> Keeping:
    """The ``[retention]`` table of a pack.

    Raises:
        Refused: a number is missing or out of bounds, or a kind of system that no agreement speaks of.
    """
    files = table.table("files")
    found = Keeping(
        event_years=table.count("event_years", YEARS_MAX),
        service_years=table.count("service_years", YEARS_MAX),
        from_18_years=table.count("from_18_years", YEARS_MAX),
        breach_months=table.count("breach_months", BREACH_MONTHS_MAX),
        files={kind: files.count(kind, YEARS_MAX) for kind in FILE_KINDS if files.has(kind)},
    )
    if found.breach_months < BREACH_MONTHS_MIN:
        raise table.fault("breach_months", f"`{found.breach_months}`", f"at least {BREACH_MONTHS_MIN}")
    files.done()
    table.done()
    return found


def _threshold(table: Table) -> Threshold:
    found = Threshold(
        law=table.take("law", str),
        regulator=table.take("regulator", str),
        individual=table.word("individual", When),
        told=table.word("told", When),
    )
    if found.individual is When.listed:
        raise table.fault("individual", "`listed`", "always, risk or never")
    if not found.law or not found.regulator:
        raise table.fault("law, regulator", "an empty text", "who is to be told, under which statute")
    table.done()
    return found
