"""V1 to V20 of shared model 9.6: the Consent of 13.2 is read by the import, the question goes through ``decide``.

What 13.2 leaves out and consent rules 1.2 asks for is added: which notice was shown. Its wording is one of the pack's.
The vectors speak of single items; here each stands in a message that could go, so with ident, needs and its Task.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from consent.decide import decide
from consent.fhir import Known, read_consent
from consent.model import Agreement, Consent, Decision, Facts, Item, Message, Party, Profile, Referral, SubjectFacts
from consent.model.words import Category, Code, ConsentState, Outcome, Purpose, Risk
from consent.packs import PACKAGED, load_packs
from consent.validity import lacks
from tests.unit.consent.fhir.forms import RECORD, ZONE, example, extension, part

C = Category
PACKS = load_packs(PACKAGED)
PACK = replace(PACKS.facts("ca-on"), text_versions=("sharing-v3", "information-sharing/v3"))
KNOWN = Known(PACK, {"harbour", "lakeside", "other"}.__contains__, {}.get)
CLIENT = "N2VKX7QJ4RAE"
EVENTS = {
    "ReferralRequest": ("add-service-request", Purpose.REFERRAL),
    "EligibilityCheck": ("eligibility-check", Purpose.ELIGIBILITY),
    "HealthSummary": ("health-summary", Purpose.HEALTH_CARE),
    "PlanShared": ("plan-shared", Purpose.COORDINATION),
    "OverrideDisclosure": ("override-disclosure", Purpose.SAFETY),
    "StatusNotice": ("notify-update-process-request", Purpose.REFERRAL),
}


def given(without: int | None = None) -> Consent:
    """The client's Consent, read from its FHIR."""
    resource = example()
    if without is not None:
        del resource["provision"]["provision"][without]
    extension(resource, RECORD)["extension"].append({"url": "notice-version", "valueString": "notice-v2"})
    read = read_consent(resource, KNOWN)
    assert isinstance(read, Consent)
    return replace(read, registry_seq=3)


def refused() -> Any:
    """A second active Consent of the same pair whose root denies."""
    resource = example()
    resource["id"] = resource["identifier"][0]["value"] = "X3BQ5MTJ7RCN"
    actor = resource["provision"]["actor"]
    resource["provision"] = {"type": "deny", "actor": actor}
    return replace(read_consent(resource, KNOWN), registry_seq=4)  # type: ignore[type-var]


def item(category: Category, level: str = "N", *tags: str, at: int = 5, essential: bool = False) -> Item:
    return Item(f"Bundle.entry[{at}].resource", category, CLIENT, level, tags, essential=essential)  # type: ignore[arg-type]


IDENT = item(C.IDENT, at=1, essential=True)
NEEDS = item(C.NEEDS, at=2)
TASK = item(C.SERVICE_STATUS, at=3, essential=True)
WITHDRAWN = replace(given(), version=2, state=ConsentState.WITHDRAWN)
OPENED = Referral("K7QM2XWBR4TD", "harbour", "lakeside", "W4HZ6PKA3NUB", "received", transition="T5")


def ask(
    sent: Iterable[Item] = (IDENT, NEEDS, TASK),
    *,
    kind: str = "ReferralRequest",
    at: str = "2026-03-03T09:02",
    to: str = "lakeside",
    sender: str = "harbour",
    consents: tuple[Consent, ...] = (),
    directives: tuple[Any, ...] = (),
    **message: Any,
) -> Decision:
    """One question; times are local."""
    event, purpose = EVENTS[kind]
    profile = PACKS.profile(kind) or Profile(kind, purpose, (C.IDENT,), (C.NEEDS, C.CONTACT))
    ends = (sender, to)
    agreement = Agreement(
        "all", 1, ends, tuple(Purpose), tuple(C), tuple(event for event, _ in EVENTS.values()), "active", DAY_ONE
    )
    said = Message(kind, event, purpose, tuple(sent), CLIENT, **message)
    known = SubjectFacts(CLIENT, 1, consents=consents or (given(),), directives=directives)
    when = datetime.fromisoformat(at).replace(tzinfo=ZONE)
    return decide(
        Facts(when, PACK, Party(sender), Party(to), said, profile, subjects={CLIENT: known}, agreements=(agreement,))
    )


DAY_ONE = datetime(2024, 1, 1, tzinfo=ZONE)
IMMIG = (IDENT, NEEDS, item(C.IMMIG, "R"))
PERMIT, DENY, REDACTED = Outcome.PERMIT, Outcome.DENY, Outcome.PERMIT_REDACTED


def whole(*more: Item) -> tuple[Item, ...]:
    return (IDENT, NEEDS, TASK, *more)


def vector(number: int, sentence: str, question: dict[str, Any], outcome: Outcome, *codes: Code) -> Any:
    return pytest.param(question, outcome, codes, id=f"V{number} {sentence}")


VECTORS = [
    vector(1, "lang N for referral: the root permits", {"sent": whole(item(C.LANG))}, PERMIT, Code.OK_CONSENT),
    vector(
        2,
        "notes-free R is withheld as free text: exception 0",
        {"sent": whole(item(C.NOTES_FREE, "R"))},
        REDACTED,
        Code.OK_CONSENT,
        Code.RD_FREE_TEXT,
    ),
    vector(
        3,
        "dv R, SDV, raised from a needs assessment, is withheld by its category: exception 1",
        {"sent": whole(item(C.DV, "R", "SDV"))},
        REDACTED,
        Code.OK_CONSENT,
        Code.RD_CATEGORY,
    ),
    vector(
        4,
        "immig R for eligibility: exception 2 permits",
        {"sent": IMMIG, "kind": "EligibilityCheck"},
        PERMIT,
        Code.OK_CONSENT,
    ),
    vector(
        5,
        "immig R for referral is coarse only, and withheld",
        {"sent": whole(item(C.IMMIG, "R"))},
        REDACTED,
        Code.OK_CONSENT,
        Code.RD_PURPOSE_MIN,
    ),
    vector(
        6,
        "immig R for eligibility on 2 June: exception 2 is over, so it is sensitive and not ticked",
        {"sent": IMMIG, "kind": "EligibilityCheck", "at": "2026-06-02T00:00"},
        REDACTED,
        Code.OK_CONSENT,
        Code.RD_SENSITIVE,
    ),
    vector(7, "health care is no kind of coordination of care here", {"kind": "HealthSummary"}, DENY, Code.DN_PURPOSE),
    vector(8, "coordination is not among the purposes", {"kind": "PlanShared"}, DENY, Code.DN_PURPOSE),
    vector(9, "another agency is no recipient", {"to": "other"}, DENY, Code.DN_RECIPIENT),
    vector(10, "at 23:59 of the last day it holds", {"at": "2027-03-01T23:59"}, PERMIT, Code.OK_CONSENT),
    vector(11, "at midnight after the last day it is over", {"at": "2027-03-02T00:00"}, DENY, Code.DN_EXPIRED),
    vector(
        12, "the day before the first it does not hold yet", {"at": "2026-03-01T12:00"}, DENY, Code.DN_NOT_YET_VALID
    ),
    vector(
        13,
        "housing N is not listed, and withheld",
        {"sent": whole(item(C.HOUSING))},
        REDACTED,
        Code.OK_CONSENT,
        Code.RD_CATEGORY,
    ),
    vector(
        14,
        "ident R is above what is ticked; without it there is no referral",
        {"sent": (item(C.IDENT, "R", at=1, essential=True), NEEDS, TASK)},
        DENY,
        Code.DN_REQUIRED_BLOCKED,
        Code.RD_SENSITIVE,
    ),
    vector(15, "no consent opens safety", {"kind": "OverrideDisclosure"}, DENY, Code.DN_PURPOSE),
    vector(
        15,
        "no consent opens safety; with a risk flag an override is offered",
        {"kind": "OverrideDisclosure", "risk_flags": (Risk.SELF_HARM,)},
        Outcome.NEEDS_OVERRIDE,
        Code.NO_SELF_HARM,
    ),
    vector(
        16, "the other way round it gives nothing", {"sender": "lakeside", "to": "harbour"}, DENY, Code.DN_DIRECTION
    ),
    vector(
        16,
        "the other way round, the status of the referral alone passes",
        {"sent": (TASK,), "kind": "StatusNotice", "sender": "lakeside", "to": "harbour", "referral": OPENED},
        PERMIT,
        Code.OK_STATUS_ONLY,
    ),
    vector(
        16,
        "the other way round, ident beside the status is withheld",
        {
            "sent": (TASK, item(C.IDENT, at=1)),
            "kind": "StatusNotice",
            "sender": "lakeside",
            "to": "harbour",
            "referral": OPENED,
        },
        REDACTED,
        Code.OK_STATUS_ONLY,
        Code.RD_CATEGORY,
    ),
    vector(
        17,
        "after a withdrawal nothing goes",
        {"sent": whole(item(C.LANG)), "consents": (WITHDRAWN,)},
        DENY,
        Code.DN_WITHDRAWN,
    ),
    vector(
        18,
        "a second active Consent of the pair whose root denies wins",
        {"sent": whole(item(C.LANG)), "directives": (refused(),)},
        DENY,
        Code.DN_DIRECTIVE,
    ),
    vector(
        19,
        "of ident, needs, lang and a note the note stays behind",
        {"sent": whole(item(C.LANG, at=5), item(C.NOTES_FREE, "R", at=6))},
        REDACTED,
        Code.OK_CONSENT,
        Code.RD_FREE_TEXT,
    ),
    vector(
        20,
        "a ServiceRequest labelled V never goes",
        {"sent": (IDENT, NEEDS, item(C.SERVICE_STATUS, "V", at=3, essential=True))},
        DENY,
        Code.DN_REQUIRED_BLOCKED,
    ),
]


@pytest.mark.parametrize(("question", "outcome", "codes"), VECTORS)
def test_vector(question: dict[str, Any], outcome: Outcome, codes: tuple[Code, ...]) -> None:
    decision = ask(**question)

    assert (decision.outcome, decision.codes[: len(codes)]) == (outcome, codes)


def test_all_twenty_are_here() -> None:
    numbers = {str(each.id).split(" ", 1)[0] for each in VECTORS}

    assert numbers == {f"V{number}" for number in range(1, 21)}


def test_v19_the_note_alone_is_gone() -> None:
    sent = whole(item(C.LANG, at=5), item(C.NOTES_FREE, "R", at=6))

    assert [each.path for each in ask(sent).withheld] == ["Bundle.entry[6].resource"]


@pytest.mark.parametrize(
    ("exception", "question"),
    [
        pytest.param(1, {"sent": whole(item(C.DV, "R", "SDV"))}, id="V3"),
        pytest.param(2, {"sent": IMMIG, "kind": "EligibilityCheck"}, id="V4"),
    ],
)
def test_without_its_exception_a_vector_comes_out_otherwise(exception: int, question: dict[str, Any]) -> None:
    """V2 rests on free text as well: its code is the same with and without exception 0."""
    consent = given(without=exception)

    assert Code.RD_SENSITIVE in ask(**question, consents=(consent,)).codes
    assert Code.RD_SENSITIVE not in ask(**question).codes


def test_the_example_as_printed_misses_what_the_rules_ask_for_and_opens_nothing() -> None:
    read = read_consent(example(), KNOWN)
    assert isinstance(read, Consent)

    assert lacks(read) == ("notice_version", "signed_on")
    assert ask(consents=(read,)).codes[0] is Code.DN_RECORD_INCOMPLETE


def test_the_example_in_the_words_of_a_pack_that_has_not_its_wording_is_refused() -> None:
    with pytest.raises(Exception, match=r"Consent\.policy\[0\]\.uri"):
        read_consent(example(), replace(KNOWN, pack=PACKS.facts("ca-on")))


def test_what_it_says_of_the_rest_of_the_record_is_kept() -> None:
    read = given()

    assert part(example(), "form-id")["valueString"] == read.form_id
    assert (read.evidence_ref, read.captured_by) == ("consent-form-88120", "w-301-role")
    assert read.receipt_ref == "PAPER 2026-03-02T05:00:00+00:00"
    assert read.client_reads == ("am", "en")
