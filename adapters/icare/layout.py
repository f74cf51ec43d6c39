"""The templates of iCARE as data: modules, columns, lists with ids, spellings, gates, referral flags.

Program systems 2.3 to 2.12 and 7 (``schemas/records/icare/``, a folder per vintage). It opens no file but these tables
and reads no workbook: a template in hand, with its own lists, wins over what stands here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

TABLES = Path(__file__).parents[2] / "schemas" / "records" / "icare"
VINTAGE = "2018"  # the only one that is public
TITLE = (
    "Immigration, Refugees and Citizenship Canada",
    "iCARE - Immigration Contribution Agreement Reporting Environment",
)
ROWS_MAX = 2_500  # program systems 2.3: prepared rows of a template
FIRST_ROW = 4  # of data; 1 is the title, 2 the technical ids, 3 the labels
LAST_ROW = FIRST_ROW + ROWS_MAX - 1


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a list.

    Args:
        id: of ``LOVIds``, or "" where nobody knows it. Never computed from a place (case 9).
        label: as the template has it, trailing space and curly apostrophe included.
    """

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        position: from 1.
        id: the technical id of row 2, unique within a module. Labels are not (case 1).
        required: ``yes`` (orange in the template), ``conditional`` (our reading), ``no``.
        kind: ``text``, ``date``, ``yes_no``, ``number``, ``list``.
        list: the name of its list, or "".
    """

    module: str
    position: int
    id: str
    label: str
    required: str
    kind: str
    list: str


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the workbook: columns by id, in their order.

    Args:
        code: ours, as in file names: ``NARS``.
        name: the third line of row 1.
        version: number in ``LOV`` row 1; 0 where it is not public.
        start: columns that may say when the service began; the first that is filled does.
        end: the column that says when it ended, or "".
        activity: columns that say which activity of the module it was: one row a month for each.
    """

    code: str
    name: str
    version: int
    start: tuple[str, ...]
    end: str
    activity: tuple[str, ...]
    columns: Mapping[str, Column]

    @property
    def title(self) -> str:
        """The whole text of row 1."""
        return "\n".join((*TITLE, self.name, ""))


@dataclass(frozen=True, slots=True)
class Gate:
    """A Yes/No question, and the columns that it opens (program systems 2.5)."""

    module: str
    id: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral flag of NARS with the columns that speak of the same need.

    Args:
        details: reasons and what else goes with that need.
        gate: the question that it stands behind, or "".
    """

    flag: str
    need: str
    details: tuple[str, ...]
    gate: str

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return (*((self.gate,) if self.gate else ()), self.need, self.flag, *self.details)


@cache
def modules() -> Mapping[str, Module]:
    """All modules by code, in the order in which they are uploaded."""
    by_module = groupby(_rows("columns"), lambda row: row["module"])
    columns = {code: [_column(row) for row in rows] for code, rows in by_module}
    found = {}
    for row in _rows("modules"):
        own = columns[row["module"]]
        assert len(own) == int(row["columns"]), (
            f"columns.csv has other columns of {row['module']} than modules.csv says"
        )
        by_id = MappingProxyType({column.id: column for column in own})
        assert len(by_id) == len(own), "a technical id stands twice in one module"
        start, activity = tuple(row["start"].split()), tuple(row["activity"].split())
        found[row["module"]] = Module(
            row["module"], row["name"], int(row["version"]), start, row["end"], activity, by_id
        )
    return MappingProxyType(found)


@cache
def lists() -> Mapping[str, tuple[Value, ...]]:
    """All lists by name, their values in the order of the template."""
    found: dict[str, list[Value]] = {}
    for row in _rows("lists"):
        found.setdefault(row["list"], []).append(Value(row["id"], row["label"]))
    return MappingProxyType({name: tuple(values) for name, values in found.items()})


@cache
def aliases() -> Mapping[str, Mapping[str, str]]:
    """List name to spelling to the label of :func:`lists` that it stands for (case 4)."""
    found: dict[str, dict[str, str]] = {}
    for row in _rows("aliases"):
        found.setdefault(row["list"], {})[row["spelling"]] = row["label"]
    return MappingProxyType({name: MappingProxyType(own) for name, own in found.items()})


@cache
def gates() -> Mapping[str, tuple[Gate, ...]]:
    """Module code to its gates."""
    found: dict[str, tuple[Gate, ...]] = dict.fromkeys(modules(), ())
    for row in _rows("gates"):
        ids = list(modules()[row["module"]].columns)
        members = ids[ids.index(row["first"]) : ids.index(row["last"]) + 1]
        found[row["module"]] += (Gate(row["module"], row["gate"], tuple(members)),)
    return MappingProxyType(found)


@cache
def referrals() -> Mapping[str, Referral]:
    """Flag column id to what it says a referral of, in the order of the columns."""
    rows = [
        Referral(row["flag"], row["need"], tuple(row["details"].split()), row["gate"]) for row in _rows("referrals")
    ]
    return MappingProxyType({row.flag: row for row in rows})


@cache
def messages() -> Mapping[str, tuple[str, str]]:
    """Our code to the English and French text of a refusal of iCARE's."""
    return MappingProxyType({row["code"]: (row["english"], row["french"]) for row in _rows("messages")})


@dataclass(frozen=True, slots=True)
class Rules:
    """What iCARE asks of a service (program systems 2.4, 2.16).

    Args:
        since: the first day on which it does.
        days_back: how many days before the upload a service may have begun.
        closed_by_month_end: a service ends in the month in which it began, and is never "Ongoing".
        one_row_a_month: a client has one row for each activity and month.
    """

    since: date
    days_back: int
    closed_by_month_end: bool
    one_row_a_month: bool


@cache
def rules() -> tuple[Rules, ...]:
    """The rules, the earliest first."""
    with (TABLES / "rules.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Rules(
                date.fromisoformat(row["since"]),
                int(row["days_back"]),
                row["closed_by_month_end"] == "yes",
                row["one_row_a_month"] == "yes",
            )
            for row in csv.DictReader(file)
        )


def _column(row: Mapping[str, str]) -> Column:
    return Column(
        row["module"], int(row["position"]), row["id"], row["label"], row["required"], row["kind"], row["list"]
    )  # fmt: skip


def _rows(table: str) -> Iterator[dict[str, str]]:
    with (TABLES / VINTAGE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
