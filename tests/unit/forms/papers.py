"""Forms and receipts for the tests of this room, and how their pages are read. All people and agencies are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lxml.html import document_fromstring

from consent.model import Agreement, Consent, Grant, Interpreter, Onward, Recipient, StateEvent, VerbalNote
from consent.model.words import Basis, CapacityBasis, Category, ConsentState, GivenBy, Purpose
from consent.packs import PACKAGED as PACKS
from consent.packs import Packs, load_packs
from hub.forms.form import End, Form, form_page
from hub.forms.offer import ASKED, Offer, offer
from hub.forms.receipt import Receipt, receipt_page
from hub.forms.texts import PACKAGED, Text, load_texts

SINCE = datetime(2025, 6, 1, 4, tzinfo=UTC)
NOON = datetime(2026, 6, 1, 16, tzinfo=UTC)
END = datetime(2027, 1, 1, 5, tzinfo=UTC)  # midnight in Toronto
TEXTS = load_texts(PACKAGED)
EN, FR = TEXTS.of("2026-1", "en"), TEXTS.of("2026-1", "fr")
RULES: Packs = load_packs(PACKS)
BLOCKS = {"h1", "h2", "p", "li", "legend", "label", "dt", "dd", "div", "th", "td"}
INNER = f"*[{' or '.join(f'self::{tag}' for tag in sorted(BLOCKS))}]"


def agreement(**changes: Any) -> Agreement:
    """Harbour and Lakeside have agreed on everything that there is."""
    row = Agreement(
        agreement_id="harbour-lakeside",
        version=1,
        parties=("harbour", "lakeside"),
        purposes=tuple(Purpose),
        categories=tuple(Category),
        events=tuple(RULES.profiles.events),
        status="active",
        valid_from=SINCE,
    )
    return replace(row, **changes)


def everything() -> Offer:
    """All that a form may ever ask."""
    return offer([agreement()], RULES)


def form(**changes: Any) -> Form:
    """The widest form: every purpose and category, between two agencies of any kind."""
    widest = Form(
        discloser=End("harbour", "Harbour Centre", womens=False),
        recipient=End("lakeside", "Lakeside Work", womens=False),
        offer=everything(),
        months_max=24,
        verbal_days=14,
        notice="notice-v2",
    )
    return replace(widest, **changes)


def of_shelter(**changes: Any) -> Form:
    """A women's service shares."""
    return form(discloser=End("rosewood", "Rosewood House", womens=True), **changes)


def consent(**changes: Any) -> Consent:
    """Signed at noon in Toronto, for referrals, until the end of the year."""
    record = Consent(
        consent_id="c-1",
        version=2,
        subject_ref="s-1",
        state=ConsentState.ACTIVE,
        registry_seq=7,
        discloser="harbour",
        recipients=(Recipient("lakeside"),),
        purposes=(Purpose.REFERRAL,),
        categories=(Grant(Category.IDENT), Grant(Category.NEEDS), Grant(Category.SUBSTANCE)),
        pack="ca-on",
        pack_version=1,
        given_by=GivenBy.SELF,
        capacity_basis=CapacityBasis.PRESUMED,
        valid_from=NOON,
        expires_at=END,
        basis=Basis.EXPRESS_WRITTEN,
        text_version="2026-1",
        notice_version="notice-v2",
        language="en-CA",
        captured_at=NOON,
    )
    return replace(record, **changes)


def receipt(record: Consent | None = None, **changes: Any) -> Receipt:
    """Its receipt, printed on the same day."""
    plain = Receipt(
        consent=record or consent(),
        number="ABCDEFGHIJKL",
        alias="MNOPQRSTUVWX",
        names={"harbour": "Harbour Centre", "lakeside": "Lakeside Work", "hill": "Hill Clinic"},
        womens=False,
        pack=RULES.facts("ca-on"),
        made_at=NOON,
    )
    return replace(plain, **changes)


def withdrawn() -> Consent:
    """Taken back on the third of June, which the registry heard on the fourth."""
    event = StateEvent(
        ConsentState.WITHDRAWN, 9, datetime(2026, 6, 4, 16, tzinfo=UTC), datetime(2026, 6, 3, 16, tzinfo=UTC), "w"
    )
    return consent(state=ConsentState.WITHDRAWN, version=3, state_events=(event,))


def in_talk(**changes: Any) -> Consent:
    """Said in talk, with its note."""
    note = VerbalNote(True, True, True, "w", NOON, None)
    fields: dict[str, Any] = {"basis": Basis.EXPRESS_VERBAL, "state": ConsentState.VERBAL_PENDING, "verbal_note": note}
    return consent(**{**fields, **changes})


def every_form(text: Text) -> dict[str, str]:
    """Every variant of the form, by what it is."""
    forms = {
        "all purposes and categories": form(),
        "of a women's service": of_shelter(),
        "to a women's service": form(recipient=End("rosewood", "Rosewood House", womens=True)),
        "without a notice": form(notice=""),
        **{f"for {purpose} alone": form(offer=offer([agreement()], RULES, [purpose])) for purpose in ASKED},
    }
    return {name: form_page(each, text) for name, each in forms.items()}


def every_receipt(text: Text) -> dict[str, str]:
    """Every variant of the receipt, by what it is."""
    everything_ = consent(
        purposes=tuple(Purpose),
        categories=tuple(Grant(each) for each in Category),
        onward_sharing=(Onward("hill", Purpose.REFERRAL),),
    )
    kinds = (("QUALIFIED", True), ("QUALIFIED", False), ("STAFF", False), ("FAMILY", False))
    receipts = {
        "of everything": receipt(everything_),
        "of a women's service": receipt(everything_, womens=True),
        "in other words": receipt(consent(text_version="sharing-v3")),
        "of an empty record": receipt(withdrawn_and_empty()),
        **{f"state {state}": receipt(consent(state=state)) for state in STATES},
        "withdrawn": receipt(withdrawn()),
        "in talk": receipt(in_talk()),
        "not signed in time": receipt(in_talk(), made_at=datetime(2026, 7, 1, 16, tzinfo=UTC)),
        "over": receipt(made_at=END),
        "to come": receipt(consent(valid_from=datetime(2026, 6, 2, 4, tzinfo=UTC))),
        "on a screen": receipt(consent(basis=Basis.EXPRESS_ELECTRONIC)),
        **{f"given by {each}": receipt(consent(given_by=each)) for each in GivenBy},
        **{f"interpreted {kind}": receipt(consent(interpreter=Interpreter(*kind_of(kind)))) for kind in kinds},
    }
    return {name: receipt_page(each, text) for name, each in receipts.items()}


STATES = (ConsentState.SUSPENDED, ConsentState.SUPERSEDED, ConsentState.INVALIDATED, ConsentState.EXPIRED)


def kind_of(kind: tuple[Any, bool]) -> tuple[Any, str, bool]:
    return (kind[0], "fa", kind[1])


def withdrawn_and_empty() -> Consent:
    """A "no" whose record held nothing else that could be read."""
    empty: dict[str, Any] = dict.fromkeys(("given_by", "valid_from", "expires_at", "basis", "captured_at", "language"))
    return replace(withdrawn(), recipients=(), purposes=(), categories=(), notice_version=None, **empty)


class Page:
    """A page as a browser has it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.root = document_fromstring(source)

    def all(self, path: str) -> list[Any]:
        """Elements by XPath."""
        found: list[Any] = self.root.xpath(path)
        return found

    def boxes(self) -> list[str]:
        """The ids of all boxes, in their order."""
        return [each.get("id") for each in self.all("//input[@type='checkbox']")]

    def label(self, box: str) -> str:
        """What stands beside a box."""
        (label,) = self.all(f"//label[@for='{box}']")
        return text_of(label)

    def said(self) -> list[str]:
        """What a reader reads, block by block, without the words that go into the record."""
        for code in self.all("//code | //style"):
            code.drop_tree()
        blocks = [each for each in self.all("//*") if each.tag in BLOCKS and not each.xpath(f".//{INNER}")]
        return [text for each in blocks if (text := text_of(each))]


def text_of(element: Any) -> str:
    return " ".join(element.text_content().split())
