"""What the databases that a CMS may have do differently, behind one Protocol. The queries of both are in ``sql``.

Program systems 9.2. An engine knows its driver, its transactions, the types of its columns and the codes of its errors;
it knows no view. Driver errors become ours here, and their texts are not repeated: a trigger of the agency may say
anything, and a server quotes rows. Only the driver's code is, in words of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hub.errors import Unavailable


class Changed(Exception):
    """A statement names what the database does not have, or not so. ``sql`` looks for what it is."""

    def __init__(self, place: str, code: str) -> None:
        super().__init__(place, code)
        self.place, self.code = place, code


class Untold(Unavailable):
    """A query met a row that the database itself cannot tell: a view or function of the agency's fails over it."""


class RowRefused(Exception):
    """The database does not take this row: a constraint, a type, a trigger. The rest goes on from a savepoint."""


@dataclass(frozen=True, slots=True)
class About:
    """What ``check`` tells of the database as a whole."""

    ok: bool
    text: str
    next_step: str = ""


class Engine(Protocol):
    """One connection to the agency's database, opened at first use and anew when it was lost.

    A ``?`` in a statement marks a value. Every method that reaches the database raises ``Unavailable``.
    """

    schema: str
    """The file that says what the database must show."""

    def begin(self, *, write: bool) -> None:
        """Begin a transaction: to read, one consistent picture for all that follows; to write, one of its own."""
        ...

    def commit(self) -> None:
        """Commit. When it raises, the outcome must be looked up: see :meth:`ended`."""
        ...

    def ended(self) -> bool:
        """Whether the transaction of a commit that raised is certainly over, so that what is not there never comes."""
        ...

    def rollback(self) -> None:
        """Undo what is open, if anything is. Raises nothing: a connection that cannot roll back is closed."""
        ...

    def close(self) -> None:
        """Let go of the connection; a later call opens it again."""
        ...

    def rows(self, place: str, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query: text as ``str``, whole numbers and flags as ``int``, days and times as in 9.2.

        Raises:
            Changed: the database has not what the query names.
        """
        ...

    def execute(self, place: str, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement inside the open transaction; how many rows it wrote.

        Raises:
            Changed: the database has not what the statement names.
            RowRefused: it does not take the row.
        """
        ...

    def columns(self, name: str) -> set[str]:
        """Columns of a view or table; none where it is not there."""
        ...

    def denied(self, rights: Mapping[str, tuple[str, tuple[str, ...]]]) -> Mapping[str, str]:
        """By view or table, the first right that the hub's user has not.

        Args:
            rights: by view or table, the rights that are needed, separated by a space, and the columns.
        """
        ...

    def about(self) -> About:
        """How the database is set up."""
        ...

    def clock(self) -> datetime:
        """The database's own time, aware."""
        ...


def unavailable(
    place: str, code: str, troubles: Mapping[str, tuple[str, str]], kind: type[Unavailable] = Unavailable
) -> Unavailable:
    """An error of ours for a driver's code, by the longest beginning of it that is known.

    Args:
        troubles: beginning of a code to what it is and what to do.
    """
    known = max((each for each in troubles if code.startswith(each)), key=len, default=None)
    what, next_step = troubles[known] if known is not None else ("", "run: hub systems check")
    return kind(f"cms {place}", f"{what} ({code})" if what else code, "a database that answers", next_step)
