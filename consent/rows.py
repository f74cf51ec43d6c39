"""One consent row of a system, or of ``hub consent import``, becomes what the registry files (program systems 9.2).

Rules:
- a value outside its closed list is never kept, as it may be anything: its column is named in ``unreadable``, and the
  field in that of the record, so that the rules refuse what rests on it;
- free text becomes presence, the form's number a keyed digest, the evidence a pointer to the row;
- a mandatory field that is missing or unreadable leaves the record DRAFT (consent rules 1.2), and it is said which;
  a recipient, purpose or category that is on no list is no gap but too broad (C-54, C-55), and the rules say so;
- what is unclear is read as the "no": a withdrawal at an unreadable time is a withdrawal;
- defaults are four, no more: discloser = the agency, ONE_WAY, no onward sharing, pack = the agency's;
- a notice (form NOTICE, settled S7) needs less: nobody was asked. It is for FUNDER_REPORT alone.

It never raises, whatever a row holds. It asks no store and knows no person: whose consent it is, the registry says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from consent import cells as read
from consent.cells import Cells, Effect, Fault
from consent.days import days_after
from consent.model import Authority, Consent, Grant, Interpreter, Onward, PackFacts, Recipient, VerbalNote
from consent.model.words import EXPLANATIONS, Basis, CapacityBasis, Category, ConsentState, GivenBy, Purpose

_Word = TypeVar("_Word", bound=StrEnum)

KEEP_OUT = "KEEP_OUT"  # the client has said to keep somebody out of it, and no more
FORMS = {
    "WRITTEN": Basis.EXPRESS_WRITTEN,
    "ELECTRONIC": Basis.EXPRESS_ELECTRONIC,
    "VERBAL": Basis.EXPRESS_VERBAL,
    "NOTICE": Basis.NOTICE_ONLY,
}
INTERPRETERS: Mapping[str, tuple[Literal["QUALIFIED", "STAFF", "FAMILY"], bool]] = {
    "STAFF": ("STAFF", False),
    "FAMILY": ("FAMILY", False),
    "QUALIFIED": ("QUALIFIED", False),
    "QUALIFIED_INDEPENDENT": ("QUALIFIED", True),
}
RECEIPTS = frozenset({"PAPER", "EMAIL", "PORTAL", "UNSAFE"})
HOW = frozenset({"IN_PERSON", "PHONE", "TELEPHONE", "VIDEO", "EMAIL", "FAX", "LETTER"})  # no form is needed (F-15)
_FIELDS = {  # of the columns that the record calls by another name (consent rules 1.2)
    "recipient_org": "recipients",
    "onward_orgs": "onward_sharing",
    "expires_on": "expires_at",
    "form": "basis",
    "not_condition": "not_condition_of_service",
    "interpreter_kind": "interpreter",
    "receipt_channel": "receipt_ref",
    "declined": "state",
}
_COLUMNS = {field: column for column, field in _FIELDS.items() if field != "state"}  # no column lacks that
# what a notice must say (settled S7): whom it told of, of what, in which words and language, who told it and when
_OF_A_NOTICE = frozenset(
    {"recipient_org", "purposes", "categories", "notice_version", "language", "captured_by", "captured_at", "pack"}
)
_WRITTEN = (Basis.EXPRESS_WRITTEN, Basis.EXPRESS_ELECTRONIC)
_ENDED = (ConsentState.WITHDRAWN, ConsentState.INVALIDATED)
_REPLACED = (ConsentState.SUPERSEDED, ConsentState.ABANDONED, ConsentState.EXPIRED, ConsentState.LAPSED)


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A row as read. Holds no text of the row that is not a word of a list, an id, a day or a time.

    Args:
        draft: every field of the record that the row gives; id, version, subject and state are still to come.
        withdrawn: the row says so, even where it does not say when.
        keep_out: whether a worker has noted that the client may want the recipient out of it: suspended first (F-09,
            C-30). None: the row is silent, which confirms nothing.
        whole: it says all that a record can: what it does not say is not so. Else a narrower tick, and what the client
            kept back, stay as they were.
        decider: of a row that somebody else gave.
        lifts: ids of directives and of declined rows, as the row's own system names them, or its agency's numbers.
        supersedes: its agency's numbers of what it stands in the place of.
    """

    draft: Consent
    faults: tuple[Fault, ...] = ()
    declined: bool = False
    withdrawn: bool = False
    withdrawn_at: datetime | None = None
    withdrawn_how: str | None = None
    keep_out: bool | None = None
    whole: bool = False
    lifts: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    decider: str = ""  # the registry's number of who gave it, where the row says it

    @property
    def missing(self) -> tuple[str, ...]:
        """Mandatory columns that are missing or unreadable: the record is DRAFT."""
        return tuple(fault.column for fault in self.faults if fault.effect is Effect.DRAFT)


def read_row(
    row: Mapping[str, str],
    *,
    agency: str,
    system: str,
    key: str,
    pack: PackFacts,
    known_agency: Callable[[str], bool],
    digest: Callable[[str], str],
) -> ConsentRow:
    """Read a row; what it cannot say or says in other words is listed, never raised.

    Args:
        row: columns of ``v_hub_consent``, blanks left out; others are not looked at, save ``home_language`` of the
            client where the caller has it (the language of an interpreter).
        agency: whose row it is: the discloser.
        system: the system that holds the row; ``key`` names the row there.
        pack: the agency's pack: zone, known wordings, days to sign.
        known_agency: whether the directory has an agency of this id.
        digest: the keyed digest of a form's number.
    """
    cells, zone, place = Cells(row), ZoneInfo(pack.zone), f"{system}/{key}"
    if not pack.known:
        cells.fault("pack", "nothing", "a pack of the hub for this agency")
    draft = _heading(agency, system, pack)
    draft = _decider(cells, draft)
    draft = _scope(cells, draft, known_agency)
    draft = _time(cells, draft, zone)
    draft = _understanding(cells, draft, pack)
    draft = _form(cells, draft, pack, zone, place, digest)
    withdrawn_at = cells.listed("withdrawn_at", _MOMENT, partial(read.instant_or_day, zone=zone))
    withdrawn_how = cells.listed("withdrawn_how", _among(HOW), _how)
    lifts = cells.several("lifts", _IDS, _named, required=False, unread=Effect.LISTED)
    declined = cells.one("declined", "1 or 0", read.flag, required=False)
    keep_out = cells.listed("keep_out", "1 or 0", read.flag)
    faults = _of_a_notice(cells, draft) if draft.basis is Basis.NOTICE_ONLY else tuple(cells.faults)
    return ConsentRow(
        draft=replace(draft, lifts=lifts, unreadable=_unreadable_fields(faults)),
        faults=faults,
        declined=bool(cells.text("declined")) if declined is None else declined,
        withdrawn=bool(cells.text("withdrawn_at") or cells.text("withdrawn_how")),
        withdrawn_at=withdrawn_at,
        withdrawn_how=withdrawn_how,
        keep_out=True if keep_out is None and cells.text("keep_out") else keep_out,
        lifts=lifts,
        decider=_number_of_decider(cells),
    )


def to_consent(
    row: ConsentRow, *, consent_id: str, version: int, subject_ref: str, previous: Consent | None
) -> Consent:
    """The next version of the record that a row makes, with its state.

    What has ended is opened by a new record only (consent rules 1.4), so its own row does not rewrite it: a
    withdrawal is for good, and a decline stays as it was said until another record lifts it by name (C-105).

    Args:
        previous: the version before, or None at the first one.
    """
    if previous and _stays(previous, row):
        return replace(previous, version=version)
    still_declined = row.declined and previous and previous.state is ConsentState.DECLINED
    silent = row.keep_out is None and previous is not None and previous.suspended_by == KEEP_OUT
    state = ConsentState.DECLINED if still_declined else _state(row, keep_out=row.keep_out or silent)
    draft = row.draft if row.whole or previous is None else _as_narrow_as(previous, row.draft)
    return replace(
        draft,
        consent_id=consent_id,
        version=version,
        subject_ref=subject_ref,
        state=state,
        suspended_by=KEEP_OUT if state is ConsentState.SUSPENDED else "",
    )


def column_of(field: str) -> str:
    """The column of a row that a field of the record is read from, for whoever fills it in."""
    return _COLUMNS.get(field, field)


def _as_narrow_as(previous: Consent, draft: Consent) -> Consent:
    terms = {each.category: each for each in previous.categories if each.purposes or each.expires_at}
    return replace(
        draft,
        exclusions=previous.exclusions,
        categories=tuple([terms.get(each.category, each) for each in draft.categories]),
    )


def _stays(previous: Consent, row: ConsentRow) -> bool:
    if previous.state is ConsentState.DECLINED:
        return not row.declined
    said_no = row.withdrawn or row.declined
    return previous.state in _ENDED or (previous.state in _REPLACED and not said_no)


def _state(row: ConsentRow, *, keep_out: bool) -> ConsentState:
    if row.declined:  # before a withdrawal, as it is the wider "no": the order of reading must not decide
        return ConsentState.DECLINED
    if row.withdrawn:
        return ConsentState.WITHDRAWN
    if keep_out:  # before a draft, beside which the version before it would open still (C-37)
        return ConsentState.SUSPENDED
    if row.missing:
        return ConsentState.DRAFT
    return ConsentState.VERBAL_PENDING if row.draft.basis is Basis.EXPRESS_VERBAL else ConsentState.ACTIVE


_MOMENT = "a local day or time, YYYY-MM-DD or YYYY-MM-DD HH:MM:SS"
_IDS = "ids of consents or directives, one space between them"
_NUMBER = re.compile(r"[A-Z2-7]{12}")  # design §4: 12 characters, base32
_DAY = "a local day, YYYY-MM-DD"


def _word(words: type[_Word], text: str) -> _Word | None:
    return words.__members__.get(text)


def _listed(words: Collection[str], text: str) -> str | None:
    return text if text in words else None


def _named(text: str) -> str | None:
    """An id, or a number of the hub's, which may have no digit."""
    return text if _NUMBER.fullmatch(text) else read.named_id(text)


def _how(text: str) -> str | None:
    return _listed(HOW, text.upper().replace(" ", "_"))


def _among(words: Iterable[str]) -> str:
    return f"one of {', '.join(sorted(words))}"


def _heading(agency: str, system: str, pack: PackFacts) -> Consent:
    return Consent(
        consent_id="",
        version=0,
        subject_ref="",
        state=ConsentState.DRAFT,
        registry_seq=0,
        discloser=agency,
        recipients=(),
        purposes=(),
        categories=(),
        pack=pack.pack,
        pack_version=pack.version,
        captured_in=system,
    )


def _unreadable_fields(faults: Iterable[Fault]) -> tuple[str, ...]:
    """As the record names them; what nothing rests on is not among them, as the rules refuse a record that has any."""
    return tuple(
        _FIELDS.get(fault.column, fault.column)
        for fault in faults
        if fault.unreadable and fault.effect is not Effect.LISTED
    )


def _decider(cells: Cells, draft: Consent) -> Consent:
    given_by = cells.one("given_by", _among(GivenBy), partial(_word, GivenBy))
    capacity = cells.one("capacity_basis", _among(CapacityBasis), partial(_word, CapacityBasis))
    authority = None
    if given_by not in (None, GivenBy.SELF):
        # the kind alone proves nothing, and the column may hold anything: presence is enough to know
        authority = Authority(kind="STATED") if cells.text("authority_kind") else None
        cells.fault("authority_kind", "no evidence", "evidence of this decider's authority in the registry")
    if capacity not in (None, CapacityBasis.PRESUMED):
        cells.fault("capacity_basis", f"`{capacity}`", "who assessed it, when and for which decision, in the registry")
    return replace(draft, given_by=given_by, authority=authority, capacity_basis=capacity)


def _number_of_decider(cells: Cells) -> str:
    """The column holds the kind of evidence, or the number that the registry gave to the decider."""
    text = cells.text("authority_kind") or ""
    return text if _NUMBER.fullmatch(text) else ""


def _scope(cells: Cells, draft: Consent, known_agency: Callable[[str], bool]) -> Consent:
    def agency(text: str) -> str | None:
        return text if known_agency(text) else None

    recipient = cells.one("recipient_org", "the id of one agency of the directory", agency, unread=Effect.BROAD)
    purposes = cells.several("purposes", _among(Purpose), partial(_word, Purpose), unread=Effect.BROAD)
    categories = cells.several("categories", _among(Category), partial(_word, Category), unread=Effect.BROAD)
    onward = cells.several(
        "onward_orgs", "ids of agencies of the directory", agency, required=False, unread=Effect.BROAD
    )
    return replace(
        draft,
        recipients=(Recipient(recipient),) if recipient else (),
        purposes=purposes,
        categories=tuple(Grant(category) for category in categories),
        onward_sharing=tuple(Onward(to, purpose) for to in onward for purpose in purposes),
    )


def _time(cells: Cells, draft: Consent, zone: ZoneInfo) -> Consent:
    return replace(
        draft,
        valid_from=cells.one("valid_from", _DAY, partial(read.day_start, zone=zone)),
        expires_at=cells.one("expires_on", _DAY, partial(read.day_end, zone=zone)),
        captured_at=cells.one("captured_at", "a local time, YYYY-MM-DD HH:MM:SS", partial(read.instant, zone=zone)),
        captured_by=cells.one("captured_by", "a worker's id", read.worker),
        receipt_ref=_receipt(cells, zone),
    )


def _of_a_notice(cells: Cells, draft: Consent) -> tuple[Fault, ...]:
    """Without the fields that only a consent must have. A notice opens nothing but a report (V-05 refuses the rest)."""
    if draft.purposes and draft.purposes != (Purpose.FUNDER_REPORT,):
        wrong = Fault("purposes", "other purposes", "FUNDER_REPORT alone: a notice is no consent", Effect.BROAD, True)
        cells.faults.append(wrong)
    return tuple(fault for fault in cells.faults if fault.unreadable or fault.column in _OF_A_NOTICE)


def _receipt(cells: Cells, zone: ZoneInfo) -> str | None:
    channel = cells.one("receipt_channel", _among(RECEIPTS), partial(_listed, RECEIPTS))
    at = cells.listed("receipt_at", _MOMENT, partial(read.instant_or_day, zone=zone))
    return f"{channel} {at.isoformat()}" if channel and at else channel


def _understanding(cells: Cells, draft: Consent, pack: PackFacts) -> Consent:
    known = "a wording that the pack knows"
    interpreter = cells.one("interpreter_kind", _among(INTERPRETERS), INTERPRETERS.get, required=False)
    language = read.tag(cells.text("home_language"))
    return replace(
        draft,
        text_version=cells.one("text_version", known, partial(_listed, pack.text_versions)),
        notice_version=cells.one("notice_version", known, partial(_listed, pack.notice_versions)),
        language=cells.one("language", "a BCP 47 tag, as `fr-CA`", read.tag),
        client_reads=cells.several("client_reads", "BCP 47 tags, one space between them", read.tag),
        interpreter=Interpreter(interpreter[0], language, interpreter[1]) if interpreter else None,
        explained=frozenset(cells.several("explained", _among(EXPLANATIONS), partial(_listed, EXPLANATIONS))),
        not_condition_of_service=cells.one("not_condition", "1 or 0", read.flag),
        condition_reason=bool(cells.text("condition_reason")),
    )


def _form(
    cells: Cells, draft: Consent, pack: PackFacts, zone: ZoneInfo, place: str, digest: Callable[[str], str]
) -> Consent:
    basis = cells.one("form", _among(FORMS), FORMS.get)
    signed = basis in _WRITTEN
    signed_on = cells.one(
        "signed_on", _DAY, read.day, required=signed, unread=Effect.DRAFT if signed else Effect.LISTED
    )
    evidence = bool(cells.text("evidence_ref"))
    if signed and not evidence:
        cells.fault("evidence_ref", "nothing", "where the agency keeps the signed form")
    number = cells.text("form_id")
    return replace(
        draft,
        basis=basis,
        signed_on=signed_on,
        evidence_ref=place if evidence else None,
        verbal_note=_verbal(cells, draft, pack, zone) if basis is Basis.EXPRESS_VERBAL else None,
        form_id=digest(number) if number else None,
    )


def _verbal(cells: Cells, draft: Consent, pack: PackFacts, zone: ZoneInfo) -> VerbalNote | None:
    if not cells.text("verbal_note"):
        cells.fault("verbal_note", "nothing", "who consented, to what, and how it was explained (the note stays there)")
        return None
    at = draft.captured_at
    return VerbalNote(
        who=draft.given_by is not None,
        what=bool(draft.categories),
        how_explained=True,
        worker=draft.captured_by,
        taken_at=at,
        signature_due_at=days_after(at, pack.verbal_days, zone) if at else None,
    )
