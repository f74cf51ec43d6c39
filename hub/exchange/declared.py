"""A declared duty of care, as its record says it (settled S22): read, and its words counted and digested. No decision.

A word of no closed list is no word: what it should have said is missing then, and the rules say so (OX_CONTENT). One
exception: what a worker keeps back is read or the record is refused, since what nobody understands would be sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from adapters.contract import RecordKind
from consent.model.words import Category, Risk
from consent.packs.codes import CODES
from hub.errors import RecordUnreadable
from hub.exchange.house import House
from hub.exchange.records import BY_HAND, Declared, LimbSaid, Source, WordRecord
from hub.model.canonical import canonical
from hub.model.fhir import UUID, Resource
from hub.model.record import Record

NO_CODE = "OTHER"  # stands for whatever is none of the list; it is refused (C-160)
CHILD = ("DOC-CHILD", "ST-CHILD-PROTECT", "ST-CHILD-PROTECT-Y")
CONSENT_SOUGHT = ("yes-refused", "not-possible", "unsafe-to-ask")
NOTICE = ("told-before", "tell-after", "withhold")
END_CAUSES = ("danger-passed", "can-decide", "consented", "revoked")
WORDS = ("approval", "self-review")
NOBODY = ("", "system")  # accounts of a CMS that are no person's
SENTENCE_MIN = 30  # [policy] letters: shorter ones are alike in honest reports too (settled S39)
_AFTERWARDS = ("ended_at", "end_cause", "reported_to", "reported_at", "entered_by")
_DANGER_OF: Mapping[str, Risk] = {
    **dict.fromkeys(CHILD, Risk.CHILD_ABUSE),
    "DOC-SELF": Risk.SELF_HARM,
    "DOC-OTHER": Risk.HARM_OTHERS,
    "DOC-UNCON": Risk.NOT_FULLY_CONSCIOUS,
    "ST-RETIREMENT": Risk.RESIDENT_ABUSE,
    "ST-LTC": Risk.RESIDENT_ABUSE,
}
_Word = TypeVar("_Word", bound=StrEnum)


def read_declared(house: House, source: Source, record: Record, person: Resource) -> Declared:
    """What a record declares.

    Args:
        person: the Patient whom it is about; of a child's report the child.

    Raises:
        RecordUnreadable: it keeps something back that nobody understands.
    """
    said = record.fields
    code = said.get("code", "") if said.get("code") in CODES else NO_CODE
    narrative = _tidy(said.get("narrative", ""))
    own = (_DANGER_OF[code],) if code in _DANGER_OF else ()
    digest = house.keys.digest
    return Declared(
        code=code,
        worker=said.get("worker", ""),
        entered_by=digest("account", f"{_where(source)}/{said.get('entered_by', '')}"),
        limbs=tuple(_limbs(record, house.packs.limbs(code))),
        imminent=said.get("imminent") == "1",
        told=_tidy(_told(record)),
        narrative=narrative,
        words=digest("words", folded(narrative)) if narrative else "",
        content=digest("record", _content(record)),
        sentences=tuple(digest("words", sentence) for sentence in sentences(narrative)),
        attempts=_tidy(said.get("attempts", "")),
        consent_sought=_one_of(said.get("consent_sought", ""), CONSENT_SOUGHT),
        notice=_one_of(said.get("notice", ""), NOTICE),
        risks=tuple(dict.fromkeys((*own, *_known(said.get("danger", "").split(), Risk)))),
        narrowed=_narrowed(source, said.get("narrowed", "")),
        covers=said.get("covers", "") if UUID.fullmatch(said.get("covers", "")) else "",
        child_turns_16_on=turns_16(person) if code in CHILD else None,
        ended="ended_at" in said,
        end_cause=_one_of(said.get("end_cause", ""), END_CAUSES) or ("revoked" if "ended_at" in said else ""),
        discharged="reported_to" in said and "reported_at" in said,
    )


def read_word(house: House, source: Source, record: Record) -> WordRecord:
    """What somebody else says of a declaration.

    Raises:
        RecordUnreadable: it is no word that the hub listens to.
    """
    said = record.fields
    if said["kind"] not in WORDS:
        place = f"{source.system.id} {source.key}: kind"
        raise RecordUnreadable(place, "another word", " or ".join(WORDS), "choose one of them and save the row")
    by = said.get("entered_by", "")
    account = house.keys.digest("account", f"{source.system.id}/{by}") if by not in NOBODY else ""
    about = f"override:{said['override_id']}"
    of = int(said["of_version"]) if "of_version" in said else None
    return WordRecord(source, about, said["kind"], said["worker"], account, _tidy(said.get("said", "")), of)


def asserted(kind: RecordKind, record: Record) -> tuple[Risk, ...]:
    """The dangers that a referral asserts; what is no such word asserts nothing."""
    return tuple(_known(record.fields.get(kind.risks, "").split(), Risk)) if kind.risks else ()


def folded(text: str) -> str:
    """A text by its letters and digits alone, so that other signs make no other text."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return " ".join(re.findall(r"[^\W_]+", plain))


def sentences(text: str) -> list[str]:
    """The longer sentences of a text, folded; each once."""
    parts = (folded(part) for part in re.split(r"[.!?\n]+", text))
    return list(dict.fromkeys(part for part in parts if len(part) >= SENTENCE_MIN))


def _content(record: Record) -> str:
    """All that a record declares, in one spelling; how it ended is no part of it."""
    own = {name: value for name, value in record.fields.items() if name not in _AFTERWARDS}
    parts = {name: record.children[name] for name in ("limbs", "danger", "protection") if name in record.children}
    rows = {name: [dict(row.fields) for row in found] for name, found in parts.items()}
    return canonical({**own, **rows}).decode()


def _where(source: Source) -> str:
    """Where an account is: in an agency's system, or on this machine."""
    return "os" if source.key.startswith(BY_HAND) else source.system.id


def _told(record: Record) -> str:
    """What the recipient is told; of a child it stands in a place of its own."""
    rows = (*record.children.get("danger", ()), *record.children.get("protection", ()))
    return rows[0].fields.get("told", "") if rows else ""


def _limbs(record: Record, known: Collection[str]) -> Iterable[LimbSaid]:
    """Those that the code asks for; what is no limb of it is somebody's text, and goes nowhere."""
    for row in record.children.get("limbs", ()):
        if row.fields["limb"] not in known:
            continue
        yield LimbSaid(row.fields["limb"], row.fields.get("attested") == "1", _tidy(row.fields.get("fact", "")))


def _narrowed(source: Source, text: str) -> tuple[Category, ...]:
    words = text.split()
    if any(word not in Category.__members__ for word in words):
        place = f"{source.system.id} {source.key}: narrowed"
        expected = f"some of {', '.join(Category)}, with spaces between them"
        raise RecordUnreadable(place, "another word", expected, "correct it, or leave it out")
    return tuple(_known(words, Category))


def _known(words: Iterable[str], kind: type[_Word]) -> Iterable[_Word]:
    return [kind(word) for word in dict.fromkeys(words) if word in kind.__members__]


def _one_of(word: str, words: Iterable[str]) -> str:
    return word if word in words else ""


def turns_16(person: Resource) -> date | None:
    """The day on which somebody is 16; None where no whole birth date is known (settled S30)."""
    try:
        born = date.fromisoformat(str(person.get("birthDate", "")))
        leap = (born.month, born.day) == (2, 29)
        return date(born.year + 16, 3, 1) if leap else born.replace(year=born.year + 16)
    except ValueError:
        return None


def _tidy(text: str) -> str:
    return " ".join(text.split())
