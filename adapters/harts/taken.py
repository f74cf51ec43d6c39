"""What is remembered of the files that were taken in from one HARTS site, in the adapter's own small store.

Kept by one process at a time: a list is read, changed and written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from adapters.contract import Memory
from adapters.harts import dat

_FILES = "files"  # memory key: identities of files that are not settled, in order
_AWAY = "away"  # memory key: names of files that went before they were settled, and are looked at when they are back


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was taken in.

    Args:
        whole: each of its lines has its first decision, so it may be answered.
        settled: the last answer is final, or nobody waits for it.
        made: digest of the keys of its records, as they were when it was read.
    """

    name: str
    sha256: str
    at: str
    whole: bool = False
    settled: bool = False
    made: str = ""


class Register:
    """The files of one site by identity (:attr:`adapters.harts.dat.Header.identity`)."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def unsettled(self) -> Iterator[tuple[str, Taken]]:
        """Files that wait for their last answer, in the order in which they were taken in."""
        for identity in self._list(_FILES):
            if (taken := self.get(identity)) is not None:
                yield identity, taken

    def get(self, identity: str) -> Taken | None:
        """What is known of a file."""
        text = self._memory.get(identity)
        return Taken(**orjson.loads(text)) if text else None

    def put(self, identity: str, taken: Taken) -> None:
        """Keep what is known of a file, and its place among those that are not settled.

        The list comes first, and last where a file leaves it: a name in it that is not known is passed over, but a file
        that is known and not in it would never be answered.
        """
        order = self._list(_FILES)
        if not taken.settled and identity not in order:
            self._keep(_FILES, [*order, identity])
        self._memory.put(identity, orjson.dumps(taken).decode())
        if taken.settled and identity in order:
            self._keep(_FILES, [each for each in order if each != identity])

    def away(self) -> list[str]:
        """Names of files that went before they were settled."""
        return self._list(_AWAY)

    def went(self, name: str) -> None:
        """A file is no longer there, or has other bytes."""
        self._keep(_AWAY, sorted({*self.away(), name}))

    def came_back(self, name: str) -> None:
        """A file was looked at."""
        if name in (away := self.away()):
            self._keep(_AWAY, [each for each in away if each != name])

    def _list(self, key: str) -> list[str]:
        return list(orjson.loads(self._memory.get(key) or "[]"))

    def _keep(self, key: str, names: list[str]) -> None:
        self._memory.put(key, orjson.dumps(names).decode())


def where_of(name: str) -> str:
    """The part of a record key that a file's name says: site, year and sequence."""
    return f"{name[2:8].rstrip('_')}/{name[8:12]}/{name[16:19]}"


def identity_of(where: str) -> str:
    """As :attr:`adapters.harts.dat.Header.identity`."""
    place, _, seq = where.rpartition("/")
    return f"{place}/{dat.FROM_HARTS}/{seq}"
