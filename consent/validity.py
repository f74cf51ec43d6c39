"""Is one consent record in force? The validity tests V-01 to V-08 of consent rules 1.3. Pure.

Each test gives the code that refuses, or None. They run in the order in which a record gets on: state, what it names,
form, time, how it was explained, whether it was free. ``furthest`` picks, of several refused records, the code of the
one that got furthest (shared model 9.4).

Who may decide, V-01 and V-02, is ``authority.py``. A notice of a report to a funder is no consent and opens that alone
(``notice.py``); implied consent opens health care between custodians alone, where the pack allows it (F-03, F-07).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from consent.days import days_after, months_after
from consent.model import Consent, Facts, PackFacts
from consent.model.words import EXPLANATIONS, Basis, CapacityBasis, Code, ConsentState, GivenBy, Purpose, SafetyFlag

CLOCKS_DIFFER = timedelta(days=1)  # [policy] what was written down elsewhere may be ahead of our clock by as much

# from the record that got least far to the one that got furthest: P-8, then P-9
FURTHEST = (
    Code.DN_NO_CONSENT,
    Code.DN_PENDING,
    Code.DN_SUPERSEDED,
    Code.DN_VERBAL_LAPSED,
    Code.DN_WITHDRAWN,
    Code.DN_SUSPENDED,
    Code.DN_OVERBROAD,
    Code.DN_RECORD_INCOMPLETE,
    Code.DN_WRITTEN_REQUIRED,
    Code.DN_EXPIRED,
    Code.DN_NOT_YET_VALID,
    Code.DN_NOT_KNOWLEDGEABLE,
    Code.DN_COERCED,
    Code.DN_RECIPIENT,
    Code.DN_DIRECTION,
    Code.DN_PURPOSE,
)

_REFUSED_STATE = {
    ConsentState.INVALIDATED: Code.DN_NO_CONSENT,  # void from the start
    ConsentState.ABANDONED: Code.DN_NO_CONSENT,
    ConsentState.DRAFT: Code.DN_PENDING,
    ConsentState.SUPERSEDED: Code.DN_SUPERSEDED,
    ConsentState.LAPSED: Code.DN_VERBAL_LAPSED,
    ConsentState.WITHDRAWN: Code.DN_WITHDRAWN,
    ConsentState.SUSPENDED: Code.DN_SUSPENDED,
    ConsentState.EXPIRED: Code.DN_EXPIRED,
    ConsentState.DECLINED: Code.DN_DIRECTIVE,
}

_WRITTEN = (Basis.EXPRESS_WRITTEN, Basis.EXPRESS_ELECTRONIC)

# consent rules 1.2, column M; explained has its own test (V-03), a SELF needs no reference of the decider
_MANDATORY = (
    "consent_id",
    "version",
    "subject_ref",
    "pack",
    "pack_version",
    "given_by",
    "capacity_basis",
    "discloser",
    "recipients",
    "purposes",
    "categories",
    "valid_from",
    "expires_at",
    "basis",
    "text_version",
    "notice_version",
    "language",
    "client_reads",
    "not_condition_of_service",
    "captured_by",
    "captured_at",
    "captured_in",
    "receipt_ref",
)
_mandatory = attrgetter(*_MANDATORY)
# of a notice (settled S7): who told whom of what, in which words and language
_OF_A_NOTICE = (
    "consent_id",
    "version",
    "subject_ref",
    "pack",
    "pack_version",
    "discloser",
    "recipients",
    "purposes",
    "categories",
    "basis",
    "notice_version",
    "language",
    "captured_by",
    "captured_at",
    "captured_in",
)
_of_a_notice = attrgetter(*_OF_A_NOTICE)
_IMPLIED = tuple(name for name in _OF_A_NOTICE if name not in ("notice_version", "language"))
_FIELDS: Mapping[Basis, tuple[tuple[str, ...], Callable[[Consent], tuple[object, ...]]]] = {
    Basis.NOTICE_ONLY: (_OF_A_NOTICE, _of_a_notice),
    Basis.IMPLIED_HEALTH: (_IMPLIED, attrgetter(*_IMPLIED)),
}
_EMPTY = (None, "", ())
# by field, or by the column of a source's row (program systems 9.2)
RECIPIENT_WORDS = frozenset({"recipients", "recipient_org"})
PURPOSE_WORDS = frozenset({"purposes"})
_TOO_BROAD = RECIPIENT_WORDS | PURPOSE_WORDS | {"categories", "onward_sharing", "onward_orgs"}
# what cannot be read there opens nothing: a lift that lifts nothing, times that only inform
_ONLY_LISTED = frozenset({"lifts", "receipt_at", "withdrawn_at", "withdrawn_how"})
_NO_LANGUAGE = ("", "zxx", "und")  # BCP 47: none, not known


def why_not(consent: Consent, facts: Facts) -> Code | None:
    """Why this record is not in force at ``facts.at`` (P-8), or None. It may still be about another pair (P-9)."""
    for test in _TESTS.get(consent.basis or Basis.EXPRESS_WRITTEN, _CONSENT):
        if (code := test(consent, facts)) is not None:
            return code
    return None


def furthest(refusals: Iterable[Code]) -> Code:
    """The code of the record that got furthest."""
    return max(refusals, key=FURTHEST.index)


def missing(consent: Consent) -> tuple[str, ...]:
    """The mandatory fields that a record lacks (consent rules 1.2): it stays DRAFT, or is incomplete if ACTIVE."""
    names, get = _FIELDS.get(consent.basis or Basis.EXPRESS_WRITTEN, (_MANDATORY, _mandatory))
    values = get(consent)
    lacks = () if all(values) else tuple(name for name, got in zip(names, values, strict=True) if got in _EMPTY)
    return (*lacks, "evidence_ref") if consent.basis in _WRITTEN and not consent.evidence_ref else lacks


def lacks(consent: Consent) -> tuple[str, ...]:
    """Every field that keeps a record from opening anything because it is missing or unreadable, for whoever mends it.

    Wider than :func:`missing`: what its own test refuses with a code of its own (explanations), and what a row must
    have to be more than a DRAFT (a signature's day, a note, evidence of authority), is named too.
    """
    found = [*missing(consent), *consent.unreadable]
    if consent.basis is Basis.NOTICE_ONLY:
        return tuple(dict.fromkeys(found))
    found += ["explained"] * (not consent.explained >= EXPLANATIONS)
    found += ["signed_on"] * (consent.basis in _WRITTEN and consent.signed_on is None)
    found += ["verbal_note"] * (consent.basis is Basis.EXPRESS_VERBAL and consent.verbal_note is None)
    by_other = consent.given_by not in (None, GivenBy.SELF)
    found += ["authority_evidence"] * (by_other and consent.given_by_ref is None)  # only the registry can hold it
    found += ["capacity_evidence"] * (not by_other and consent.capacity_basis not in (None, CapacityBasis.PRESUMED))
    return tuple(dict.fromkeys(found))


def life_ends_at(captured_at: datetime, pack: PackFacts) -> datetime:
    """When a consent ends at the latest, whatever it says: over at the end of a local day (C-22, I-05).

    Months end on the same day number, or on the last day of the month. What lies beyond the calendar has ended.
    """
    zone = ZoneInfo(pack.zone)
    try:
        last_on = months_after(captured_at.astimezone(zone).date(), pack.life_months_max)
        return datetime.combine(last_on + timedelta(days=1), time(), zone).astimezone(UTC)
    except (OverflowError, ValueError):
        return datetime.min.replace(tzinfo=UTC)


def _state(consent: Consent, _: Facts) -> Code | None:
    """V-08."""
    return _REFUSED_STATE.get(consent.state)


def _specific(consent: Consent, facts: Facts) -> Code | None:
    """V-05. Words outside their list are too broad (C-54, C-55, C-135); a field that is not there is incomplete."""
    if not _TOO_BROAD.isdisjoint(consent.unreadable):
        return Code.DN_OVERBROAD
    is_read = _ONLY_LISTED.issuperset(consent.unreadable) and consent.pack in facts.pack.pack.split("+")
    return None if is_read and not missing(consent) else Code.DN_RECORD_INCOMPLETE


def _form(consent: Consent, facts: Facts) -> Code | None:
    """V-06. In writing or electronically, or for some days by word of mouth; where a women's service is an end of it
    in writing alone.
    """
    strict = "womens" in (facts.sender.lane, facts.recipient.lane)
    if consent.basis is Basis.EXPRESS_VERBAL and not strict:
        return _spoken(consent, facts)
    signed = consent.basis in (_WRITTEN[:1] if strict else _WRITTEN)
    return None if signed and consent.state is not ConsentState.VERBAL_PENDING else Code.DN_WRITTEN_REQUIRED


def _spoken(consent: Consent, facts: Facts) -> Code | None:
    """V-06 of a verbal consent: with its note, until its signature is due (F-10; C-45 to C-48)."""
    note = consent.verbal_note
    if note is None or not (note.who and note.what and note.how_explained and note.worker and note.taken_at):
        return Code.DN_RECORD_INCOMPLETE
    lapses = days_after(note.taken_at, facts.pack.verbal_days, ZoneInfo(facts.pack.zone))
    over = facts.at >= lapses or (note.signature_due_at is not None and facts.at >= note.signature_due_at)
    return Code.DN_VERBAL_LAPSED if over else None


def _implied(_: Consent, facts: Facts) -> Code | None:
    """V-06 of an implied consent: between custodians, for health care, where the pack has that lane (C-57 to C-59)."""
    between = facts.sender.lane == facts.recipient.lane == "custodian"
    opens = facts.pack.implied_health and between and facts.message.purpose is Purpose.HEALTH_CARE
    return None if opens else Code.DN_NO_CONSENT


def _time(consent: Consent, facts: Facts) -> Code | None:
    """V-07. Half-open: over at the instant it expires (C-17). ``facts.at`` is asked, no job waited for.

    One that was given in time to come is not given yet: its longest life would be counted from there.
    """
    assert consent.valid_from
    assert consent.expires_at
    assert consent.captured_at, "complete: see _specific"
    to_come = consent.captured_at - facts.at > CLOCKS_DIFFER  # a difference: a sum may lie beyond the calendar
    signed_to_come = consent.signed_on is not None and consent.signed_on - facts.at.date() > CLOCKS_DIFFER
    if facts.at < consent.valid_from or to_come or signed_to_come:
        return Code.DN_NOT_YET_VALID
    over = facts.at >= consent.expires_at or facts.at >= life_ends_at(consent.captured_at, facts.pack)
    return Code.DN_EXPIRED if over else None


def _knowledge(consent: Consent, facts: Facts) -> Code | None:
    """V-03. A known text, all of it explained, in a language that the client reads or had interpreted."""
    language = _primary(consent.language)
    reads = {_primary(tag) for tag in consent.client_reads}
    understood = consent.interpreter is not None or (language in reads and language not in _NO_LANGUAGE)
    known_text = consent.text_version in facts.pack.text_versions
    known_notice = consent.notice_version in facts.pack.notice_versions
    informed = understood and known_text and known_notice and consent.explained >= EXPLANATIONS
    return None if informed else Code.DN_NOT_KNOWLEDGEABLE


def _voluntary(consent: Consent, facts: Facts) -> Code | None:
    """V-04. Not a condition of service, nobody known to press; no family member interprets where there is violence, or
    where a women's service is an end of it (1.5).
    """
    person = facts.subjects.get(consent.subject_ref)
    flags = person.flags if person else ()
    free = consent.not_condition_of_service or consent.condition_reason
    by_family = consent.interpreter is not None and consent.interpreter.kind == "FAMILY"
    violence = SafetyFlag.DV in flags or "womens" in (facts.sender.lane, facts.recipient.lane)
    pressed = not free or SafetyFlag.COERCION in flags or (by_family and violence)
    return Code.DN_COERCED if pressed else None


def _told_of(consent: Consent, facts: Facts) -> Code | None:
    """V-03, V-06 of a notice: it opens a report alone, and only in words that the pack knows (settled S7)."""
    if not consent.purposes == (Purpose.FUNDER_REPORT,) == (facts.message.purpose,):
        return Code.DN_WRITTEN_REQUIRED
    return None if consent.notice_version in facts.pack.notice_versions else Code.DN_NOT_KNOWLEDGEABLE


def _told_in_time(consent: Consent, facts: Facts) -> Code | None:
    """V-07 of a notice: it holds as long as its words do, or between the days that it names."""
    assert consent.captured_at, "complete: see _specific"
    to_come = consent.captured_at - facts.at > CLOCKS_DIFFER
    if to_come or (consent.valid_from is not None and facts.at < consent.valid_from):
        return Code.DN_NOT_YET_VALID
    return Code.DN_EXPIRED if consent.expires_at and facts.at >= consent.expires_at else None


def _primary(tag: str | None) -> str:
    """The primary subtag of a BCP 47 tag: ``en-CA`` is read by whoever reads ``en``."""
    return (tag or "").split("-", 1)[0].lower()


_CONSENT = (_state, _specific, _form, _time, _knowledge, _voluntary)
_TESTS = {
    Basis.NOTICE_ONLY: (_state, _specific, _told_of, _told_in_time),
    Basis.IMPLIED_HEALTH: (_state, _specific, _implied, _told_in_time),
}
