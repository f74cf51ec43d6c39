"""One writer at a time, and owners first: three lock files in front of SQLite's own lock ◆.

SQLite lets waiters poll, so a busy worker that begins again at once can shut out a withdrawal for seconds. Here
whoever wants to write first passes the turnstile, where one waits at a time, and keeps it until the writer before
has left: after its unit a busy worker finds somebody standing there. An owner also closes the gate in front of the
turnstile while it waits, so that only those already inside it go first. Owners are all units that change what answers
rest on: a withdrawal and the directory, but also every filing of consents.

Promised: a writer who has left goes behind the one at the turnstile; an owner goes before every other writer that has
not yet passed the gate. Not promised: any order among those who wait at one file (the kernel keeps none), or a turn for
the others as long as some owner is always waiting. One process cannot bring that about, as it waits for itself; several
that file consents without a pause could, and nothing stops them.

The kernel frees a lock when its process dies. Threads count as separate waiters (each opens the file anew).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hub.errors import Unavailable


@contextmanager
def _flock(path: Path, how: int) -> Iterator[None]:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable(f"store {path.name}", type(error).__name__, next_step="run `hub doctor`") from None
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)


class Turnstile:
    """The queue of writers of one database file, across threads and processes."""

    def __init__(self, database: Path) -> None:
        self._gate = database.with_name(database.name + ".gate")
        self._turnstile = database.with_name(database.name + ".turn")
        self._writer = database.with_name(database.name + ".writer")

    @contextmanager
    def turn(self, *, owner: bool) -> Iterator[None]:
        """Hold the right to write. ``owner`` goes before everybody who has not yet passed the gate."""
        with ExitStack() as writing:
            with ExitStack() as waiting:
                if owner:
                    waiting.enter_context(_flock(self._gate, fcntl.LOCK_SH))
                else:
                    with _flock(self._gate, fcntl.LOCK_EX):
                        pass
                waiting.enter_context(_flock(self._turnstile, fcntl.LOCK_EX))
                writing.enter_context(_flock(self._writer, fcntl.LOCK_EX))
            yield
