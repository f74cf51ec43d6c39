"""What a worker has still to do in a workbook of the hub's, ``<file>.todo.csv``: missing cells, and rows too late.

Settled S6. Pure. UTF-8 with a mark at its beginning, CRLF, like the ``.hub.csv``; columns row, column id, label,
English, French. No line shows a value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date

from adapters.icare import rules
from adapters.icare.answers import TEXTS
from adapters.icare.layout import Module

_HEAD = ("row", "column", "label", "English", "French")
_LATE = (
    "too late for iCARE (TOO_LATE): take this row out of the workbook",
    "trop tard pour iCARE (TOO_LATE) : retirez cette ligne du classeur",
)


def todo(
    module: Module, rows: Iterable[tuple[int, Mapping[str, str]]], day: date, late: Container[int] = ()
) -> bytes | None:
    """The list of one workbook.

    Args:
        rows: number of the row in the sheet, and its fields.
        day: on which is looked, in Toronto.
        late: numbers of rows that iCARE takes no more.

    Returns:
        Its bytes; None where nothing is to be done.
    """
    lines: list[Sequence[str]] = []
    for number, fields in rows:
        if number in late:
            column = rules.first_of(fields, module.start)
            lines.append((str(number), column, module.columns[column].label, *_LATE))
            continue
        for breach in (*rules.checked(module, fields, day), *rules.closed(module, fields, day)):
            english, french = TEXTS[breach.rule]
            label = module.columns[breach.column].label
            told = f"{english}; got {breach.got}, expected {breach.expected}"
            lines.append((str(number), breach.column, label, told, french))
    if not lines:
        return None
    out = io.StringIO(newline="")
    csv.writer(out).writerows([_HEAD, *lines])
    return out.getvalue().encode("utf-8-sig")
