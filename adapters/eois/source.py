"""The two folders of a CaMS site: what its people put there for the hub, and what the hub puts there for them.

Program systems 3.2, 9.1, 9.5. All input and output of the kind is below this file, in ``adapters/mailbox.py``. It
retries nothing itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from adapters.contract import Answer, Commit, Finding, Gone, Memory, Now, Page, Parcel, Raw, Sent
from adapters.eois.answers import Answers
from adapters.eois.frozen import Plans
from adapters.eois.incoming import FromCams, New
from adapters.eois.outgoing import Slip, ToCams
from adapters.eois.taken import Register
from adapters.mailbox import Folder, Shown
from hub.errors import HubError, RecordUnreadable, Refused, Unavailable

SETTINGS = ("from_cams_path", "to_cams_path", "sds", "language")
LANGUAGES = ("en", "fr")


def connect(settings: Mapping[str, Any], memory: Memory, now: Now) -> EoisSource:
    """Prepare a connection; nothing is opened.

    Args:
        settings: ``from_cams_path`` and ``to_cams_path`` (folders that exist), ``sds`` (the service delivery site),
            ``language`` (of the worksheets: ``en``, which is the default, or ``fr``).
        memory: the adapter's own small store.

    Raises:
        Refused: a setting is missing, unknown or of another type.
    """
    return _connect(settings, memory, now, Folder)


def look(settings: Mapping[str, Any], memory: Memory, now: Now) -> EoisSource:
    """The same for somebody who only looks: no answer is written, and nothing is tidied away.

    Raises:
        Refused: see :func:`connect`.
    """
    return _connect(settings, memory, now, Shown)


def _connect(settings: Mapping[str, Any], memory: Memory, now: Now, folder: type[Folder]) -> EoisSource:
    for name in ("from_cams_path", "to_cams_path", "sds"):
        if not isinstance(settings.get(name), str) or not settings[name]:
            raise Refused(f"eois settings: {name}", "nothing", "a text", "set it and try again")
    if not re.fullmatch(r"[0-9]{4}[A-Z]", settings["sds"]):
        raise Refused("eois settings: sds", "another form", "four digits and a letter, as 3898A", "mend it")
    if settings["from_cams_path"] == settings["to_cams_path"]:
        raise Refused("eois settings: to_cams_path", "the same folder", "a folder for each direction", "mend it")
    if unknown := settings.keys() - set(SETTINGS):
        raise Refused("eois settings", f"{len(unknown)} that are none", f"only {', '.join(SETTINGS)}", "remove them")
    if settings.get("language", "en") not in LANGUAGES:
        raise Refused("eois settings: language", "another word", "en or fr", "mend it")
    return EoisSource(settings, memory, now, folder)


class EoisSource:
    """See :class:`adapters.contract.Answering`."""

    def __init__(self, settings: Mapping[str, Any], memory: Memory, now: Now, folder: type[Folder]) -> None:
        self._from_folder = folder(Path(settings["from_cams_path"]), "eois folder from CaMS")
        self._to_folder = folder(Path(settings["to_cams_path"]), "eois folder to CaMS")
        register = Register(memory)
        self._incoming = FromCams(self._from_folder, settings["sds"], register, Plans(memory), now)
        self._outgoing = ToCams(self._to_folder, settings.get("language", "en"))
        self._answers = Answers(self._from_folder, self._incoming, register)
        self._now = now

    def fetch(self, since: str) -> Page:
        """One page of what is new in the folder, and what CaMS has answered meanwhile.

        The cursor: the files that the page is about, how far it went, and which answers were read.
        """
        new, slips = _cursor(since)
        self._outgoing.keep(slips)
        self._outgoing.tidy()
        self._incoming.settle(new)
        heard = self._outgoing.heard()
        problems = list(heard.problems)
        raws: list[Raw | Gone] = []
        left: New | None = new if new.after is not None else None
        if left is None:
            left, wrong = self._incoming.next()
            problems += wrong
        if left is not None:
            raws, left, wrong = self._incoming.page(left)
            problems += wrong
        raws += heard.received
        return Page(
            raws=tuple(raws),
            cursor=_written(left or New({}), heard.read) if left or heard.read else since,
            problems=tuple(problems),
            rejections=heard.rejections,
        )

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """Read records by key, in the order asked."""
        self._from_folder.reach()
        found = self._incoming.refetch(keys)
        return [self._outgoing.refetch(key) if key.startswith("R/") else found.get(key, Gone(key)) for key in keys]

    def reach(self) -> None:
        """See that packages can be written."""
        self._to_folder.reach()

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        """Write a package and its worksheet for each message."""
        return self._outgoing.send(parcels, commit)

    def awaiting(self, limit: int) -> Sequence[str]:
        """Keys of records whose answer may still change."""
        return self._answers.awaiting(limit)

    def answer(self, answers: Mapping[str, Answer]) -> bool:
        """Write the answers to files all of whose records have one."""
        return self._answers.answer(answers, self._now())

    def check(self) -> list[Finding]:
        """Look at both folders, and at what the hub itself keeps in the one to CaMS."""
        return [
            _looked_at("from_cams_path", self._from_folder.reach, "is there and can be written"),
            _looked_at("to_cams_path", self._to_folder.reach, "is there and can be written"),
            _looked_at("to_cams_path/.spool", self._outgoing.look, "says what was sent"),
        ]

    def close(self) -> None:
        """Nothing is open."""


def _cursor(since: str) -> tuple[New, list[Slip]]:
    try:
        at = orjson.loads(since) if since else {"files": {}, "gone": [], "after": None, "heard": []}
        files = {name: (int(changed), int(size)) for name, (changed, size) in at["files"].items()}
        after = int(at["after"]) if at["after"] is not None else None
        return New(files, tuple(map(str, at["gone"])), after), [Slip.of(each.encode()) for each in at["heard"]]
    except (ValueError, KeyError, TypeError, AttributeError, Unavailable):
        raise RecordUnreadable("eois cursor", "another text", "one of ours", "read from the beginning") from None


def _written(new: New, read: Sequence[Slip]) -> str:
    heard = [slip.octets().decode() for slip in read]
    return orjson.dumps({"files": new.files, "gone": new.gone, "after": new.after, "heard": heard}).decode()


def _looked_at(place: str, look: Callable[[], None], well: str) -> Finding:
    try:
        look()
    except HubError as error:
        return Finding(place, False, error.got, error.next_step)
    return Finding(place, True, well)
