"""Names of workbooks, and the names under which the hub remembers them. Pure.

Program systems 9.3: ``<MODULE>_<agreement>_<YYYYMM>_<seq>.xlsx``. A workbook of another name is read all the same.
Such a name may be a client's: nobody but the folder sees it, and a digest stands for it in keys, cursors, problems and
memory.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from adapters.icare.layout import modules

ANSWER = ".hub.csv"
TODO = ".todo.csv"  # settled S6: what a worker has still to fill in, of workbooks that the hub writes
AGREEMENT = re.compile(r"[A-Za-z0-9-]{1,20}")
_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv")  # what somebody may take for a workbook
OPEN_IN_OFFICE = "~$"  # a mark of spreadsheet programs beside the file that somebody works on
OPEN_IN = (f"{OPEN_IN_OFFICE}{{}}", ".~lock.{}#")  # Excel; LibreOffice
_DIGEST_LENGTH = 20
_NAME = re.compile(r"([A-Z_]+)_([A-Za-z0-9-]{1,20})_([0-9]{4})(0[1-9]|1[0-2])_([0-9]{1,4})\.xlsx")


@dataclass(frozen=True, slots=True)
class Named:
    """What the name of a workbook says; ``month`` is ``YYYY-MM``."""

    module: str
    agreement: str
    month: str
    seq: int


def named(name: str) -> Named | None:
    """What a name says; None: it is another name."""
    found = _NAME.fullmatch(name)
    if found is None or found[1] not in modules():
        return None
    return Named(found[1], found[2], f"{found[3]}-{found[4]}", int(found[5]))


def label(name: str) -> str:
    """The name under which a file is remembered and spoken of."""
    if named(name) is not None:
        return name.removesuffix(".xlsx")
    return "other-" + hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGEST_LENGTH]


def to_read(name: str) -> bool:
    """Whether a file is one that somebody handed in as a workbook."""
    low = name.lower()
    ours = low.endswith((ANSWER, TODO))
    return low.endswith(_SUFFIXES) and not ours and not name.startswith((".", OPEN_IN_OFFICE))
