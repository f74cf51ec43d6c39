"""Which files of one site's folder were taken in, in the adapter's own small store: names and stamps alone.

Kept by one process at a time: it is read, changed and written again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import orjson

from adapters.contract import Memory

Stamp = tuple[int, int]  # time of change (ns) and size
_FILES = "files"  # memory key


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was taken in. ``settled``: its answer is final."""

    stamp: Stamp
    settled: bool = False


class Register:
    """The files that lie there and were taken in, by name."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._text, self._files = "{}", dict[str, Taken]()  # what was read last: another process may have written

    def all(self) -> Mapping[str, Taken]:
        """All of them."""
        text = self._memory.get(_FILES) or "{}"
        if text != self._text:
            rows = orjson.loads(text)
            self._files = {name: Taken((changed, size), settled) for name, (changed, size, settled) in rows.items()}
            self._text = text
        return self._files

    def take(self, files: Mapping[str, Stamp]) -> bool:
        """These were read through, and judged. Whether any of them is new."""
        known = self.all()
        new = {name: Taken(stamp) for name, stamp in files.items() if name not in known or known[name].stamp != stamp}
        if new:
            self._keep({**known, **new})
        return bool(new)

    def settle(self, names: Iterable[str], *, settled: bool = True) -> None:
        """The answer to these is final, or may change again."""
        files = dict(self.all())
        for name in names:
            if name in files:
                files[name] = replace(files[name], settled=settled)
        if files != self.all():
            self._keep(files)

    def forget(self, names: Iterable[str]) -> None:
        """These lie there no more."""
        gone = set(names) & self.all().keys()
        if gone:
            self._keep({name: taken for name, taken in self.all().items() if name not in gone})

    def _keep(self, files: dict[str, Taken]) -> None:
        rows = {name: (*taken.stamp, taken.settled) for name, taken in files.items()}
        self._memory.put(_FILES, orjson.dumps(rows).decode())
