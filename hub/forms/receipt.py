"""The receipt: what a record of a consent says, for the person it is about (F-17, F-18). Pure.

It holds the fields of a Kantara consent receipt 1.1 and of ISO/IEC TS 27560 as far as the record has them: which text,
jurisdiction, time with zone, how it was taken, number, who is who, purposes, categories, what ends it, onward sharing,
how to withdraw. It says how the consent stands at the moment of printing: a withdrawal is on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from consent.days import days_after
from consent.model import Consent, Grant, PackFacts
from consent.model.words import OPENING, SENSITIVE, Category, ConsentState
from consent.validity import life_ends_at
from hub.forms.pages import render
from hub.forms.texts import Text

INDEPENDENT = "QUALIFIED_INDEPENDENT"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One consent, as it stands at one instant.

    Args:
        number: the discloser's own of the consent; ``alias``: of the client, likewise.
        names: agency id -> name.
        womens: the discloser is a women's service: whether it may be named is said.
        pack: the discloser's, and how long a consent lives at most by it.
    """

    consent: Consent
    number: str
    alias: str
    names: Mapping[str, str]
    womens: bool
    pack: PackFacts
    made_at: datetime

    @property
    def zone(self) -> ZoneInfo:
        """Whose days the dates are."""
        return ZoneInfo(self.pack.zone)

    @property
    def receipt_id(self) -> str:
        """The number of this receipt: each version of a consent has its own."""
        return f"{self.number}-{self.consent.version}"

    @property
    def ends_at(self) -> datetime | None:
        """When it ends: as it says, and at the latest when the pack ends it (V-07)."""
        consent = self.consent
        longest = life_ends_at(consent.captured_at, self.pack) if consent.captured_at else None
        return min([end for end in (consent.expires_at, longest) if end is not None], default=None)

    @property
    def sign_by(self) -> datetime | None:
        """When a verbal consent lapses (V-06)."""
        note = self.consent.verbal_note
        if note is None or note.taken_at is None:
            return None
        by_pack = days_after(note.taken_at, self.pack.verbal_days, self.zone)
        return min(by_pack, note.signature_due_at) if note.signature_due_at else by_pack

    @property
    def state(self) -> str:
        """A key of the text's ``[state]``; what a clock ends is computed, not waited for (consent rules 1.4)."""
        state = self.consent.state
        if state not in OPENING:
            return state.value
        if self.ends_at is not None and self.made_at >= self.ends_at:
            return "EXPIRED"
        if state is ConsentState.VERBAL_PENDING:
            over = self.sign_by is None or self.made_at >= self.sign_by
            return "LAPSED" if over else state.value
        starts_at = self.consent.valid_from
        return "NOT_YET" if starts_at is not None and self.made_at < starts_at else state.value


def receipt_page(receipt: Receipt, text: Text) -> str:
    """The receipt in the words of a text; of the one that was signed, unless it says otherwise."""
    consent, zone = receipt.consent, receipt.zone
    shown = text.say("page.text", version=consent.text_version, language=consent.language or "?")
    return render(
        "receipt.html",
        text,
        receipt=receipt,
        consent=consent,
        name=lambda agency: receipt.names.get(agency, agency),
        state=text.say(f"state.{receipt.state}", day=_day_of_state(receipt, text)),
        made=moment(receipt.made_at, zone, text),
        taken=moment(consent.captured_at, zone, text) if consent.captured_at else "",
        interpreter=_interpreter(consent, text),
        recipients=[receipt.names.get(each.agency, each.agency) for each in consent.recipients],
        purposes=[text.say(f"purpose.{each}") for each in consent.purposes],
        plain=[_ticked(each, zone, text) for each in consent.categories if each.category not in SENSITIVE],
        private=[_ticked(each, zone, text) for each in consent.categories if each.category in SENSITIVE],
        kept_back=_kept_back(consent, text),
        onward=_onward(receipt, text),
        starts=text.day(consent.valid_from, zone) if consent.valid_from else "",
        ends=last_day(receipt.ends_at, zone, text) if receipt.ends_at else "",
        shown=shown if consent.text_version else "",
        other_text="" if text.version == consent.text_version else text.say("receipt.other_text", version=text.version),
        law=_law(consent, text),
    )


def document(receipt: Receipt, text: Text) -> Mapping[str, Any]:
    """The same for a program."""
    consent = receipt.consent
    return {
        "receipt": receipt.receipt_id,
        "made_at": receipt.made_at.isoformat(),
        "state": receipt.state,
        "text_version": consent.text_version,
        "language": consent.language,
        "notice_version": consent.notice_version,
        "words_of": {"text_version": text.version, "language": text.language},
        "jurisdiction": consent.pack,
        "alias": receipt.alias,
        "given_by": consent.given_by,
        "captured_at": consent.captured_at.astimezone(receipt.zone).isoformat() if consent.captured_at else None,
        "zone": receipt.pack.zone,
        "basis": consent.basis,
        "discloser": consent.discloser,
        "recipients": [each.agency for each in consent.recipients],
        "purposes": list(consent.purposes),
        "categories": [each.category for each in consent.categories],
        "narrower": [
            {
                "category": each.category,
                "purposes": list(each.purposes),
                "ends_at": each.expires_at.isoformat() if each.expires_at else None,
            }
            for each in consent.categories
            if each.purposes or each.expires_at
        ],
        "kept_back": list(consent.exclusions),
        "sensitive": [each.category for each in consent.categories if each.category in SENSITIVE],
        "onward": [{"agency": each.agency, "purpose": each.purpose} for each in consent.onward_sharing],
        "valid_from": consent.valid_from.isoformat() if consent.valid_from else None,
        "ends_at": receipt.ends_at.isoformat() if receipt.ends_at else None,
    }


def moment(at: datetime, zone: ZoneInfo, text: Text) -> str:
    """A local day and time with its zone and offset: which of two three o'clocks in autumn it was."""
    local = at.astimezone(zone)
    offset = local.strftime("%z")
    return text.say(
        "day.at", day=text.day(at, zone), time=f"{local:%H:%M}", zone=f"{zone.key}, {offset[:3]}:{offset[3:]}"
    )


def last_day(at: datetime, zone: ZoneInfo, text: Text) -> str:
    """The last whole local day before an end, which is over at its own instant (I-05)."""
    return text.day(at.astimezone(zone) - timedelta(days=1), zone)


def _day_of_state(receipt: Receipt, text: Text) -> str:
    if receipt.state == ConsentState.VERBAL_PENDING and receipt.sign_by is not None:
        return last_day(receipt.sign_by, receipt.zone, text)
    events = [each for each in receipt.consent.state_events if each.state is receipt.consent.state]
    return text.day(events[-1].effective_at if events else receipt.made_at, receipt.zone)


def _interpreter(consent: Consent, text: Text) -> str:
    found = consent.interpreter
    if found is None:
        return ""
    kind = text.say(f"interpreter.{INDEPENDENT if found.independent else found.kind}")
    return text.say("receipt.language", kind=kind, language=found.language) if found.language else kind


def _ticked(grant: Grant, zone: ZoneInfo, text: Text) -> str:
    """A category, with what it is for and how long where that is less than the whole says."""
    said = text.say(f"category.{grant.category}")
    if grant.purposes:
        purposes = ", ".join(text.say(f"purpose.{each}") for each in grant.purposes)
        said = text.say("receipt.only_for", category=said, purposes=purposes)
    if grant.expires_at is not None:
        said = text.say("receipt.only_until", category=said, day=last_day(grant.expires_at, zone, text))
    return said


def _kept_back(consent: Consent, text: Text) -> list[str]:
    """What the client kept back: categories by their words, records by their number only."""
    categories = [text.say(f"category.{each}") for each in consent.exclusions if each in Category.__members__]
    records = len(consent.exclusions) - len(categories)
    return [*categories, *([text.say("receipt.records", count=records)] if records else [])]


def _onward(receipt: Receipt, text: Text) -> list[str]:
    passes = [
        text.say(
            "receipt.passes_on",
            agency=receipt.names.get(each.agency, each.agency),
            purpose=text.say(f"purpose.{each.purpose}"),
        )
        for each in receipt.consent.onward_sharing
    ]
    return passes or [text.say("receipt.no_onward")]


def _law(consent: Consent, text: Text) -> str:
    law = text.words["jurisdiction"].get(consent.pack, consent.pack.upper())
    return text.say("receipt.law_version", law=law, version=consent.pack_version)
