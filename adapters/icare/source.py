"""The folder of one iCARE agreement: workbooks that its workers prepare, the answers to them, and reports to iCARE.

Program systems 2.4, 9.3; settled S1, S6, S9, S12, S13. All input and output of the kind is below this file, in
``folder.py`` and ``outbox.py``. It retries nothing itself. iCARE receives nothing but funder reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from adapters.contract import Answer, Commit, Finding, Gone, Memory, Now, Page, Parcel, Raw, Sent
from adapters.icare import names, reports, rules, templates
from adapters.icare.folder import Folder, Shown
from adapters.icare.incoming import Incoming
from adapters.icare.layout import lists
from adapters.icare.ledger import Ledger
from adapters.icare.outbox import Outbox, ShownOutbox
from adapters.icare.outgoing import ToIcare
from adapters.icare.returned import FromIcare, Heard, Told
from adapters.icare.states import RowState
from hub.errors import HubError, RecordUnreadable, Refused
from hub.model.identifiers import clean

SETTINGS = ("path", "agreement", "postal_code", "institution_type")
_SITE = dict(zip(("postal_code", "institution_type"), reports.SITE, strict=True))  # setting to column
_STATES = {  # what is said of rows, and what their worker does
    RowState.PREPARED: "fill in what .todo.csv lists, upload the workbook, and move it to uploaded",
    RowState.UPLOADED: "once iCARE says Processed, move the workbook to processed, or put what iCARE returned there",
    RowState.REJECTED: "the .hub.csv in processed says why; mend them at their source",
    RowState.TOO_LATE: "iCARE takes them no more: take the rows that .todo.csv lists out of the workbook",
}
_LOST = "their workbooks lie in none of the folders: put these into uploaded or processed"


def connect(settings: Mapping[str, Any], memory: Memory, now: Now) -> IcareSource:
    """Prepare a connection; nothing is opened.

    Args: settings: ``path`` (the folder of the workbooks, which exists), ``agreement`` (iCARE's code of this site, as
    file names have it), ``postal_code`` and ``institution_type`` (of the place of service, for rows that do not say
    it; both may be absent). memory: the adapter's own small store.

    Raises:
        Refused: a setting is missing, unknown or of another form.
    """
    _settled(settings)
    return IcareSource(settings, memory, now, Folder, Outbox)


def look(settings: Mapping[str, Any], memory: Memory, now: Now) -> IcareSource:
    """The same for somebody who only looks: no workbook is answered, and nothing is put right.

    Raises:
        Refused: see :func:`connect`.
    """
    _settled(settings)
    return IcareSource(settings, memory, now, Shown, ShownOutbox)


class IcareSource:
    """See :class:`adapters.contract.Answering`."""

    def __init__(
        self, settings: Mapping[str, Any], memory: Memory, now: Now, folder: type[Folder], outbox: type[Outbox]
    ) -> None:
        path, agreement = Path(settings["path"]), settings["agreement"]
        site = {column: settings[name] for name, column in _SITE.items() if settings.get(name)}
        self._folder, self._now = folder(path), now
        box = outbox(path, "icare folder")
        ledger = Ledger(box, self._folder, memory.digest)
        self._incoming = Incoming(self._folder, agreement, memory, now, ledger)
        self._outgoing = ToIcare(box, self._folder, ledger, agreement, site)
        self._returned = FromIcare(box, self._folder, ledger)

    def fetch(self, since: str) -> Page:
        """One page of the first workbook that is not through, and what iCARE has answered meanwhile.

        The cursor: the workbook and how many of its records were read (``null``: it is through), and what was told of
        rows that were sent.
        """
        label, after, told = _cursor(since)
        kept = self._returned.keep(told)
        self._outgoing.tidy()
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
        heard = self._returned.heard(self._now()) if kept else Heard(told)
        return Page(
            raws=tuple(raws),
            cursor=_written(label, after, heard.told),
            problems=(*problems, *heard.problems),
            rejections=heard.rejections,
            accepted=heard.accepted,
        )

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """Read records by key, in the order asked; of a workbook that was taken away they are gone."""
        return self._incoming.refetch(keys)

    def reach(self) -> None:
        """See that the folder is there and can be written."""
        self._folder.reach()

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        """Write workbooks of reports; of anything else iCARE receives nothing (settled S1)."""
        return self._outgoing.send(parcels, commit, self._now())

    def take_back(self, envelope_ids: Sequence[str]) -> Sequence[str]:
        """Take rows out of workbooks that were not uploaded yet; see :class:`adapters.contract.Gathering`."""
        return self._outgoing.take_back(envelope_ids, self._now())

    def awaiting(self, limit: int) -> Sequence[str]:
        """Keys of workbooks whose answer may still change."""
        return self._incoming.awaiting(limit)

    def answer(self, answers: Mapping[str, Answer]) -> bool:
        """Write the ``.hub.csv`` of workbooks all of whose records have an answer."""
        return self._incoming.answer(answers)

    def check(self) -> list[Finding]:
        """Look at the folder, at the agency's own templates in it, and at what became of the rows that were sent."""
        try:
            self._folder.reach()
            wrong = templates.wrong_ones(self._folder)
            states, lost = self._returned.look(), self._returned.lost()
        except HubError as error:
            return [Finding("path", False, error.got, error.next_step)]
        found = [Finding("path", True, "is there and can be written")]
        next_step = "download an empty template of iCARE and put it there in its place"
        found += [Finding("path/templates", False, text, next_step) for text in wrong]
        found += [] if wrong else [Finding("path/templates", True, "holds nothing that cannot be used")]
        told = [f"rows {state}: {states[state]}; {text}" for state, text in _STATES.items() if state in states]
        told += [f"rows missing: {lost}; {_LOST}"] if lost else []
        return found + [Finding("path/reports", True, text) for text in told]

    def close(self) -> None:
        """Nothing is open."""


def _settled(settings: Mapping[str, Any]) -> None:
    for name in SETTINGS[:2]:
        if not isinstance(settings.get(name), str) or not settings[name]:
            raise Refused(f"icare settings: {name}", "nothing", "a text", "set it and try again")
    if not names.AGREEMENT.fullmatch(settings["agreement"]):
        raise Refused("icare settings: agreement", "another form", "1 to 20 letters, digits and hyphens", "mend it")
    if unknown := settings.keys() - set(SETTINGS):
        raise Refused("icare settings", f"{len(unknown)} that are none", f"only {', '.join(SETTINGS)}", "remove them")
    _site_settled(settings)


def _site_settled(settings: Mapping[str, Any]) -> None:
    postal = settings.get("postal_code")
    if postal is not None and not rules.is_postal_code(postal):
        raise Refused("icare settings: postal_code", "another form", "A9A9A9: six, upper case, no space", "mend it")
    kind = settings.get("institution_type")
    known = [clean(value.label) for value in lists()["institution_type"]]
    if kind is not None and kind not in known:
        raise Refused("icare settings: institution_type", "another word", f"one of: {'; '.join(known)}", "mend it")


def _cursor(since: str) -> tuple[str | None, int | None, Told]:
    try:
        at = orjson.loads(since) if since else {"file": None, "after": None}
        label, after = at["file"], at["after"]
        heard: Any = at.get("heard", {"rows": {}, "read": []})
        if not isinstance(label, str | None) or not isinstance(after, int | None) or (after or 0) < 0:
            raise TypeError
        told = Told({str(name): str(RowState(said)) for name, said in heard["rows"].items()}, tuple(heard["read"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RecordUnreadable("icare cursor", "another text", "one of ours", "read from the beginning") from None
    return label, after, told


def _written(label: str | None, after: int | None, told: Told) -> str:
    heard = {"heard": {"rows": dict(told.rows), "read": list(told.read)}} if told else {}
    return orjson.dumps({"file": label, "after": after, **heard}).decode()
