"""What the hub says of files from CaMS: ``<packageId>.result.xml`` by a package, ``<file>.hub.csv`` by an extract.

Program systems 9.5, settled S13. Written when all records of a file have an answer, replaced while any may change.
Texts are ours, by code, in English and French; a line names a row, a code and a column or list, never a value.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from adapters.contract import Answer, Verdict
from adapters.eois import faults, outcomes, plans, record, result
from adapters.eois.extract import CLIENT, MARKS, OUTCOMES, PLANS, Extract, Refusal
from adapters.eois.incoming import NAME, FromCams
from adapters.eois.taken import Register
from adapters.mailbox import Folder
from hub.errors import RecordUnreadable, Unavailable

BESIDE = ".hub.csv"
HEADER = ("row", "code", "English", "French")
READ = ("Read; it makes no message of its own.", "Lu; aucun message n'en découle.")
OK = ("Accepted.", "Accepté.")
TEXTS: Mapping[str, tuple[str, str]] = {
    "OK": OK,
    "READ": READ,
    plans.State.PENDING: ("Counted when the plan is closed.", "Compté à la clôture du plan."),
    plans.State.OUTCOME_MISSING: (
        "The plan is closed and 15D does not say why: it waits for that extract.",
        "Le plan est clos et 15D n'en dit pas la raison : en attente de cet extrait.",
    ),
    plans.State.VOID: ("Opened in error: never counted.", "Ouvert par erreur : jamais compté."),
    plans.State.PLAN_MISSING: (
        "15B does not say whose plan it is: it waits for that extract.",
        "15B ne dit pas à qui est ce plan : en attente de cet extrait.",
    ),
    plans.State.SCHEDULED: ("Counted when it has been made.", "Compté une fois fait."),
    MARKS: ("Letters that may have lost their accents.", "Des lettres ont peut-être perdu leurs accents."),
    "REFUSED": ("The file cannot be read: not what it should be.", "Le fichier est illisible ou n'est pas le bon."),
}


_FIELD = re.compile(r"(?:eois RF_[A-Z]+|\S+ \S+):? ([a-z_.]+): got")
_NO_SERVICE = re.compile(r"Bundle\.entry\[\d+\]\.resource\.code: got nothing")  # a label that stands for no service
_WORDS = {"consent": "consent_id", "hub_referral_no": "number"}  # the exchange's own words for what stands there
_CODES = {"client.postal_code": "POSTAL_UNKNOWN", "service": "CODE_UNKNOWN"}


class Answers:
    """The answers to the files of one site."""

    def __init__(self, folder: Folder, incoming: FromCams, register: Register) -> None:
        self._folder, self._incoming, self._register = folder, incoming, register
        self._turn = ""

    def awaiting(self, limit: int) -> list[str]:
        """Keys of records whose answer may change, whole files; files take turns."""
        names = self._open()
        begin = names.index(self._turn) if self._turn in names else 0
        self._turn = ""
        keys: list[str] = []
        for name in names[begin:] + names[:begin]:
            if len(keys) >= limit:
                self._turn = name
                break
            with suppress(Unavailable):  # it cannot be looked at now: it waits, and stops no other
                keys += self._keys(name)
        return keys

    def answer(self, answers: Mapping[str, Answer], now: datetime) -> bool:
        """See :meth:`adapters.contract.Answering.answer`. What cannot be written stops no other file's answer."""
        written, failed, final = False, None, []
        for name in self._open():
            try:
                if not all(key in answers for key in self._keys(name)):
                    continue
                wrote, ended = self._one(name, answers, now)
            except Unavailable as error:
                failed = error
                continue
            written |= wrote
            final += [name] if ended else []
        self._register.settle(final)
        if failed is not None:
            raise failed
        return written

    def _open(self) -> list[str]:
        return sorted(name for name, taken in self._register.all().items() if not taken.settled)

    def _keys(self, name: str) -> list[str]:
        if NAME.fullmatch(name):
            return list(self._incoming.keys_of(name))
        newest = next((each for each in (PLANS, OUTCOMES) if name == self._incoming.newest(each)[0]), None)
        return [raw.key for raw in self._incoming.made(newest)] if newest else []

    def _one(self, name: str, answers: Mapping[str, Answer], now: datetime) -> tuple[bool, bool]:
        """Write the answer to one file where it says something new; whether it did, and whether that is final."""
        if NAME.fullmatch(name):
            said = of_all([answers[key] for key in self._keys(name)])
            ended = said.verdict is not Verdict.WAITS and not said.under_way
            return self._result(of_package(name, said, result.moment(now))), ended
        found = self._incoming.extract(name)
        if found is None:
            return False, True
        if isinstance(found, Extract) and found.report != CLIENT and name != self._incoming.newest(found.report)[0]:
            return False, True  # a newer one speaks: what was said of this one stays
        mine = [answers[key] for key in self._keys(name)]
        ended = not any(said.verdict is Verdict.WAITS or said.under_way for said in mine)
        data = of_extract(found, self._incoming.site(), answers)
        beside = f"{name.removesuffix('.csv')}{BESIDE}"
        if self._folder.read(beside) == data:
            return False, ended
        self._folder.put(beside, data)
        return True, ended

    def _result(self, said: result.Answered) -> bool:
        """Write the answer to a package, unless it stands there already, at whatever time it was written."""
        beside = result.result_name(said.package_id)
        data = self._folder.read(beside)
        try:
            before = result.read(beside, said.package_id, data) if data is not None else None
        except RecordUnreadable:
            before = None
        if before is not None and data == result.write(replace(said, created=before.created)):
            return False
        self._folder.put(beside, result.write(said))
        return True


def of_all(said: Sequence[Answer]) -> Answer:
    """The answer to a package of several records: the first that waits or was refused speaks for all."""
    wrong = [each for each in said if each.verdict is not Verdict.ACCEPTED]
    return next(iter(wrong), None) or max(said, key=lambda each: (each.under_way, bool(each.code)))


def of_package(name: str, said: Answer, created: str) -> result.Answered:
    """The answer to a package."""
    number = name.removesuffix(".xml").rpartition("_")[2]
    if said.verdict is Verdict.ACCEPTED and not said.code:
        return result.Answered(number, created, result.Result.ACCEPTED)
    waits = said.verdict is not Verdict.REFUSED
    code, path = _wrong(said.place)
    issue = result.Issue(code or said.code or faults.UNREADABLE, path or faults.ROOT, waits)
    return result.Answered(number, created, result.Result.WARNED if waits else result.Result.REFUSED, (issue,))


def _wrong(place: str) -> tuple[str, str]:
    """Code and path of what an error names: of the package itself, of a field of its record, or of the message."""
    code, path = faults.told(place)
    if path:
        return code, path
    found = _FIELD.match(place)
    field = "service" if _NO_SERVICE.match(place) else found[1] if found else ""
    field = _WORDS.get(field, field)
    return _CODES.get(field, ""), record.PATHS.get(field, "")


def of_extract(found: Extract | Refusal, site: plans.Site, answers: Mapping[str, Answer]) -> bytes:
    """The lines about an extract: UTF-8 with a byte order mark, so that a spreadsheet shows its accents."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    writer.writerows(_lines(found, site, answers))
    return out.getvalue().encode("utf-8-sig")


def _lines(found: Extract | Refusal, site: plans.Site, answers: Mapping[str, Answer]) -> Iterator[tuple[str, ...]]:
    if isinstance(found, Refusal):
        yield ("0", "REFUSED", *TEXTS["REFUSED"])
        return
    lines: dict[int, list[tuple[str, ...]]] = {number: [] for number, _ in found.rows}
    for fault in (*found.faults, *plans.faults(found)):
        english, french = TEXTS.get(fault.code) or faults.texts(fault.code)
        at = f"{fault.column}: " if fault.column else ""
        lines.setdefault(fault.row, []).append((fault.code, f"{at}{english}", f"{at}{french}"))
    for item in {PLANS: plans.items, OUTCOMES: outcomes.items}.get(found.report, lambda _: iter(()))(site):
        lines[item.row].append(_of_item(item, answers))
    for number in sorted(lines):
        for line in lines[number] or [("READ", *READ)]:
            yield (str(number), *line)


def _of_item(item: plans.Item, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    at = f"{item.what}: "
    if item.state is not plans.State.MADE:
        english, french = TEXTS[item.state]
        return (item.state.value, at + english, at + french)
    said = answers[item.key]
    if said.verdict is Verdict.ACCEPTED and not said.code:
        return ("OK", at + OK[0], at + OK[1])
    code = _wrong(said.place)[0] or said.code or faults.UNREADABLE
    english, french = faults.texts(code, waits=said.verdict is Verdict.WAITS)
    return (code, at + english, at + french)
