"""The log lines of a running hub, for its operator: a closed list of codes, with ids and codes beside them.

What happened to a person's data stands in the audit log alone. A line here never holds a resource, a name, a value or
raw bytes (INV-1): it takes words without spaces and numbers, and fails at once on anything else.

One JSON object a line, on standard error by default.
"""

from __future__ import annotations

import logging
import re
import sys
from enum import Enum
from typing import TextIO

import structlog

_OWN = ("at", "event", "level")  # when, what and how urgent: written by the line itself
_WORD = re.compile(r"[A-Za-z0-9_.:/@+-]{1,120}")


class LogCode(Enum):
    """What a line can say, and how urgent it is."""

    WORK_STARTED = logging.INFO, "the workers run"
    WORK_STOPPED = logging.INFO, "the workers have finished their step and stopped"
    SERVING = logging.INFO, "HTTP is answered on this port"
    SERVED = logging.INFO, "HTTP is answered no more; `failed` 1: not because somebody asked"
    UNREACHABLE = logging.WARNING, "a system, the bus or the store cannot be reached now; it is tried again"
    REFUSED = logging.ERROR, "a part is set up wrongly, or an adapter refuses its settings; `hub doctor` says what"
    STEP_FAILED = logging.ERROR, "a fault of ours in one part of a step; the rest goes on, it is tried again"
    HALTED = logging.CRITICAL, "stored bytes do not verify; the hub has stopped"

    def __init__(self, level: int, meaning: str) -> None:
        self.level, self.meaning = level, meaning


class Log:
    """Writes log lines to one stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._logger = structlog.wrap_logger(
            structlog.PrintLogger(stream or sys.stderr),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
            wrapper_class=structlog.BoundLogger,
        )

    def write(self, code: LogCode, **ids: str | int) -> None:
        """Write one line.

        Args:
            ids: what it is about: ids, codes, places in code, numbers. Never a text.
        """
        for name, value in ids.items():
            assert name not in _OWN, f"{name} is a word of every line and would be lost"
            assert isinstance(value, int) or _WORD.fullmatch(value), f"{name} is no id, code or number"
        self._logger.msg(code.name, level=logging.getLevelName(code.level).lower(), **ids)
