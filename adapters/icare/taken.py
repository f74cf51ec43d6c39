"""What is remembered of the workbooks that were taken in, in the adapter's own small store: digests, never a value.

Kept by one process at a time: a list is read, changed and written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from adapters.contract import Memory

_FILES = "files"  # memory key: labels of workbooks that are not settled, in order
_FILE = "file:"  # before a label


@dataclass(frozen=True, slots=True)
class Taken:
    """A workbook that was taken in.

    Args:
        sha256: of its bytes; a name is theirs for good.
        at: when, ISO.
        whole: each of its rows has its first decision, so it may be answered.
        settled: the last answer is final, or nobody waits for it.
        gone: it went before it was settled, and is read anew when it is back.
    """

    sha256: str
    at: str
    whole: bool = False
    settled: bool = False
    gone: bool = False


class Register:
    """The workbooks of one folder, by label (:func:`adapters.icare.names.label`)."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def unsettled(self) -> Iterator[tuple[str, Taken]]:
        """Workbooks that wait for their last answer, the oldest first."""
        for label in self._list():
            if (taken := self.get(label)) is not None:
                yield label, taken

    def get(self, label: str) -> Taken | None:
        """What is known of a workbook."""
        text = self._memory.get(_FILE + label)
        return Taken(**orjson.loads(text)) if text else None

    def put(self, label: str, taken: Taken) -> None:
        """Keep what is known of a workbook, and its place among those that are not settled.

        The list comes first, and last where a workbook leaves it: a label in it that is not known is passed over, but a
        workbook that is known and not in it would never be answered.
        """
        order = self._list()
        if not taken.settled and label not in order:
            self._keep([*order, label])
        self._memory.put(_FILE + label, orjson.dumps(taken).decode())
        if taken.settled and label in order:
            self._keep([each for each in order if each != label])

    def _list(self) -> list[str]:
        return list(orjson.loads(self._memory.get(_FILES) or "[]"))

    def _keep(self, labels: list[str]) -> None:
        self._memory.put(_FILES, orjson.dumps(labels).decode())
