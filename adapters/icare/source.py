"""The folder of one iCARE agreement: workbooks that its workers prepare, and the answers to them.

Program systems 2.4, 9.3; settled S1, S9, S12, S13. All input and output of the kind is below this file, in
``folder.py``. It retries nothing itself. It only reads: iCARE receives nothing but funder reports, which are not sent
from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from adapters.contract import Answer, Commit, Finding, Gone, Memory, Now, Page, Parcel, Raw, Sent, SentState
from adapters.icare import names, templates
from adapters.icare.folder import Folder, Shown
from adapters.icare.incoming import Incoming
from hub.errors import HubError, RecordUnreadable, Refused

SETTINGS = ("path", "agreement")
NOT_CARRIED = "DN_OFF_BUS"  # the consent rules' word for what the hub does not carry


def connect(settings: Mapping[str, Any], memory: Memory, now: Now) -> IcareSource:
    """Prepare a connection; nothing is opened.

    Args: settings: ``path`` (the folder of the workbooks, which exists), ``agreement`` (iCARE's code of this site, as
    file names have it). memory: the adapter's own small store.

    Raises:
        Refused: a setting is missing, unknown or of another form.
    """
    _settled(settings)
    return IcareSource(settings, memory, now, Folder)


def look(settings: Mapping[str, Any], memory: Memory, now: Now) -> IcareSource:
    """The same for somebody who only looks: no workbook is answered.

    Raises:
        Refused: see :func:`connect`.
    """
    _settled(settings)
    return IcareSource(settings, memory, now, Shown)


class IcareSource:
    """See :class:`adapters.contract.Answering`."""

    def __init__(self, settings: Mapping[str, Any], memory: Memory, now: Now, folder: type[Folder]) -> None:
        self._folder = folder(Path(settings["path"]))
        self._incoming = Incoming(self._folder, settings["agreement"], memory, now)

    def fetch(self, since: str) -> Page:
        """One page of the first workbook that is not through.

        The cursor: the workbook and how many of its records were read (``null``: it is through).
        """
        label, after = _cursor(since)
        if label is not None and after is None:
            self._incoming.is_whole(label)
        problems: list[str] = []
        reading = after is not None
        if not reading:
            found, problems = self._incoming.next_file()
            reading = found is not None
            label, after = (found, 0) if found is not None else (label, None)
        raws: list[Raw] = []
        if reading and label is not None and after is not None:
            page = self._incoming.page(label, after)
            label, (raws, after) = (label, page) if page is not None else (None, ([], None))
        cursor = orjson.dumps({"file": label, "after": after}).decode()
        return Page(tuple(raws), cursor, tuple(problems))

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """Read records by key, in the order asked; of a workbook that was taken away they are gone."""
        return self._incoming.refetch(keys)

    def reach(self) -> None:
        """See that the folder is there and can be written."""
        self._folder.reach()

    def send(self, parcels: Sequence[Parcel], _: Commit) -> list[Sent]:
        """Nothing: iCARE receives no message of the hub (settled S1)."""
        return [Sent(parcel.envelope_id, SentState.FAILED, NOT_CARRIED) for parcel in parcels]

    def awaiting(self, limit: int) -> Sequence[str]:
        """Keys of workbooks whose answer may still change."""
        return self._incoming.awaiting(limit)

    def answer(self, answers: Mapping[str, Answer]) -> bool:
        """Write the ``.hub.csv`` of workbooks all of whose records have an answer."""
        return self._incoming.answer(answers)

    def check(self) -> list[Finding]:
        """Look at the folder, and at the agency's own templates in it."""
        try:
            self._folder.reach()
            wrong = templates.wrong_ones(self._folder)
        except HubError as error:
            return [Finding("path", False, error.got, error.next_step)]
        found = [Finding("path", True, "is there and can be written")]
        next_step = "download an empty template of iCARE and put it there in its place"
        found += [Finding("path/templates", False, text, next_step) for text in wrong]
        return found if wrong else [*found, Finding("path/templates", True, "holds nothing that cannot be used")]

    def close(self) -> None:
        """Nothing is open."""


def _settled(settings: Mapping[str, Any]) -> None:
    for name in SETTINGS:
        if not isinstance(settings.get(name), str) or not settings[name]:
            raise Refused(f"icare settings: {name}", "nothing", "a text", "set it and try again")
    if not names.AGREEMENT.fullmatch(settings["agreement"]):
        raise Refused("icare settings: agreement", "another form", "1 to 20 letters, digits and hyphens", "mend it")
    if unknown := settings.keys() - set(SETTINGS):
        raise Refused("icare settings", f"{len(unknown)} that are none", f"only {', '.join(SETTINGS)}", "remove them")


def _cursor(since: str) -> tuple[str | None, int | None]:
    try:
        at = orjson.loads(since) if since else {"file": None, "after": None}
        label, after = at["file"], at["after"]
        if not isinstance(label, str | None) or not isinstance(after, int | None) or (after or 0) < 0:
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise RecordUnreadable("icare cursor", "another text", "one of ours", "read from the beginning") from None
    return label, after
