"""The two folders of a HARTS site: files that come from it, files that go to it, and the answers to both.

Program systems 9.4. All input and output of the kind is below this file, in ``adapters/mailbox.py``. It retries nothing
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from adapters.contract import Answer, Commit, Finding, Gone, Memory, Now, Page, Parcel, Raw, Sent
from adapters.harts import values
from adapters.harts.incoming import FromHarts
from adapters.harts.outgoing import Slip, ToHarts
from adapters.mailbox import Folder, Shown
from hub.errors import HubError, RecordUnreadable, Refused

SETTINGS = ("from_harts_path", "to_harts_path", "site", "batch_every_s", "cuaet_eligible", "reports")
BATCH_EVERY_S = 86_400  # program systems 4.4: nightly


def connect(settings: Mapping[str, Any], memory: Memory, now: Now) -> HartsSource:
    """Prepare a connection; nothing is opened.

    Args:
        settings: ``from_harts_path`` and ``to_harts_path`` (folders that exist), ``site`` (HARTS' place code),
            ``batch_every_s`` (seconds between two files to HARTS, default a day), ``cuaet_eligible`` (the site takes
            CUAET holders into federal courses: ``yes`` or ``no``, which is the default), ``reports`` (where the site
            reports its federal courses: ``harts``, which is the default, or ``icare``; case 45).
        memory: the adapter's own small store.

    Raises:
        Refused: a setting is missing, unknown or of another type.
    """
    for name in ("from_harts_path", "to_harts_path", "site"):
        if not isinstance(settings.get(name), str) or not settings[name]:
            raise Refused(f"harts settings: {name}", "nothing", "a text", "set it and try again")
    if values.site(settings["site"]) is None or len(settings["site"]) > 6:
        raise Refused("harts settings: site", "another form", "1 to 6 letters, digits and hyphens", "mend it")
    if settings["from_harts_path"] == settings["to_harts_path"]:
        raise Refused("harts settings: to_harts_path", "the same folder", "a folder for each direction", "mend it")
    if unknown := settings.keys() - set(SETTINGS):
        raise Refused("harts settings", f"{len(unknown)} that are none", f"only {', '.join(SETTINGS)}", "remove them")
    if settings.get("cuaet_eligible", "no") not in ("yes", "no"):
        raise Refused("harts settings: cuaet_eligible", "another word", "yes or no", "mend it")
    if settings.get("reports", "harts") not in ("harts", "icare"):
        raise Refused("harts settings: reports", "another word", "harts or icare", "mend it")
    batch_every(settings)
    return HartsSource(settings, memory, now, Folder)


def look(settings: Mapping[str, Any], memory: Memory, now: Now) -> HartsSource:
    """The same for somebody who only looks: a file that is refused gets no answer, and nothing is tidied away.

    Raises:
        Refused: see :func:`connect`.
    """
    connect(settings, memory, now)
    return HartsSource(settings, memory, now, Shown)


def batch_every(settings: Mapping[str, Any]) -> timedelta:
    """How often a file to HARTS is closed.

    Raises:
        Refused: no whole number of seconds.
    """
    every = settings.get("batch_every_s", BATCH_EVERY_S)
    if type(every) is not int or every < 0:
        raise Refused("harts settings: batch_every_s", type(every).__name__, "seconds, 0 or more", "mend it")
    return timedelta(seconds=every)


class HartsSource:
    """See :class:`adapters.contract.Answering`."""

    def __init__(self, settings: Mapping[str, Any], memory: Memory, now: Now, folder: type[Folder]) -> None:
        self._from_folder = folder(Path(settings["from_harts_path"]), "harts folder from HARTS")
        self._to_folder = folder(Path(settings["to_harts_path"]), "harts folder to HARTS")
        eligible = settings.get("cuaet_eligible", "no") == "yes"
        elsewhere = settings.get("reports", "harts") == "icare"
        self._incoming = FromHarts(
            self._from_folder, settings["site"], memory, cuaet_eligible=eligible, reports_elsewhere=elsewhere
        )
        self._outgoing = ToHarts(self._to_folder, settings["site"])
        self._now = now

    def fetch(self, since: str) -> Page:
        """One page of the oldest file that is not through, and what HARTS has answered meanwhile.

        The cursor: the file and the line to go on after (``null``: the file is through), and which answers were read.
        """
        name, line, slips = _cursor(since)
        self._outgoing.keep(slips)
        self._outgoing.tidy()
        if name is not None and line is None:
            self._incoming.is_whole(name)
        heard = self._outgoing.heard()
        problems: list[str] = list(heard.problems)
        reading = line is not None
        if not reading:
            found, wrong = self._incoming.next_file(self._now())
            problems += wrong
            reading = found is not None
            name, line = (found, 0) if found is not None else (name, None)
        raws: list[Raw] = []
        if name is not None and line is not None:
            page = self._incoming.page(name, line)
            name, (raws, line) = (name, page) if page is not None else (None, ([], None))
        cursor = {"file": name, "line": line, "heard": [slip.octets().decode() for slip in heard.read]}
        return Page(
            raws=tuple(raws),
            cursor=orjson.dumps(cursor).decode(),
            problems=tuple(problems),
            rejections=heard.rejections,
            numbers=heard.numbers,
        )

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """Read lines by key, in the order asked; of a file that HARTS took away they are gone."""
        return self._incoming.refetch(keys)

    def reach(self) -> None:
        """See that files can be written for HARTS."""
        self._to_folder.reach()

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        """Write one file."""
        return self._outgoing.send(parcels, commit, self._now())

    def awaiting(self, limit: int) -> Sequence[str]:
        """Keys of files that HARTS has no final answer to."""
        return self._incoming.awaiting(limit)

    def answer(self, answers: Mapping[str, Answer]) -> bool:
        """Write the ``.ACK`` of files all of whose lines have an answer."""
        return self._incoming.answer(answers, self._now())

    def check(self) -> list[Finding]:
        """Look at both folders, and at what the hub itself keeps in the one to HARTS."""
        return [
            _looked_at("from_harts_path", self._from_folder.reach, "is there and can be written"),
            _looked_at("to_harts_path", self._to_folder.reach, "is there and can be written"),
            _looked_at("to_harts_path/.spool", self._outgoing.look, "says what was sent"),
        ]

    def close(self) -> None:
        """Nothing is open."""


def _cursor(since: str) -> tuple[str | None, int | None, list[Slip]]:
    try:
        at = orjson.loads(since) if since else {"file": None, "line": None, "heard": []}
        return at["file"], at["line"], [Slip.of(each.encode()) for each in at["heard"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RecordUnreadable("harts cursor", "another text", "one of ours", "read from the beginning") from None


def _looked_at(place: str, look: Callable[[], None], well: str) -> Finding:
    try:
        look()
    except HubError as error:
        return Finding(place, False, error.got, error.next_step)
    return Finding(place, True, well)
