"""Whatever happens to a Consent on its way: it comes back as it went, or it is refused, or it opens nothing more."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from consent.decide import decide
from consent.fhir import NotAConsent, as_fhir, read_consent
from consent.model import (
    Authority,
    Consent,
    Decision,
    Directive,
    Facts,
    Grant,
    Interpreter,
    Onward,
    Profile,
    Recipient,
    VerbalNote,
)
from consent.model.words import (
    EXPLANATIONS,
    SENSITIVE,
    Basis,
    CapacityBasis,
    Category,
    ConsentState,
    GivenBy,
    Outcome,
    Purpose,
)
from hub.errors import HubError
from hub.model.codes import kebab
from tests.builders import AGREEMENT, BASELINE, CLIENT, directive, item, known
from tests.unit.consent.fhir.forms import FULL, KNOWN, RECORD, ZONE, extension, imported, written
from tests.unit.consent.fhir.oracle import Asked, verdict

EXAMPLES = settings(max_examples=250, deadline=None)
C = Category
PLAIN = [each for each in Category if each not in SENSITIVE]
PURPOSES = [each for each in Purpose if each.name not in ("CAPACITY_ENQUIRY", "SAFETY", "RESEARCH", "FUNDRAISING")]
IDS = st.sampled_from(["K", "W4HZ6PKA3NUB", "c-1.2", "3"])
WORKERS = st.sampled_from(["w-301", "w_under", "cms-a/consent/1"])  # who has a blank in the name is refused below
NAMES = st.sampled_from(["w-301", "w_under", "cms-a/consent/1", "F 9", "a|b"])
YEARS = (datetime(1901, 1, 2), datetime(2198, 12, 30))  # noqa: DTZ001 - the strategy adds the zone
INSTANTS = st.datetimes(YEARS[0], YEARS[1], timezones=st.just(UTC)) | st.sampled_from(
    [FULL.valid_from, FULL.expires_at, datetime(2025, 11, 2, 5, 30, tzinfo=UTC), datetime(2025, 3, 9, 7, tzinfo=UTC)]
)
DAYS = st.dates(date(1901, 1, 1), date(2198, 12, 31))
TAGS = st.sampled_from(["en", "fr-CA", "zh-Hant", "am"])


def several(elements: st.SearchStrategy[Any], least: int = 0, most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(elements, min_size=least, max_size=most, unique=True).map(tuple)


@st.composite
def consents(draw: st.DrawFn) -> Consent:
    """Any record that shared model 8 can spell, its lists in the order in which they are spelled."""
    basis = draw(st.sampled_from(Basis))
    spoken = basis is Basis.EXPRESS_VERBAL
    states = [
        s for s in ConsentState if s.name != "DECLINED" and (spoken or s.name not in ("VERBAL_PENDING", "LAPSED"))
    ]
    purposes = (Purpose.FUNDER_REPORT,) if basis is Basis.NOTICE_ONLY else draw(several(st.sampled_from(PURPOSES), 1))
    own = st.builds(
        Grant, st.sampled_from(Category), several(st.sampled_from(purposes), 0, 2), st.none() | INSTANTS
    ).filter(lambda each: each.category in SENSITIVE or each.purposes or each.expires_at)
    at_root = draw(several(st.sampled_from(PLAIN), 1))
    given_by = draw(st.none() | st.sampled_from(GivenBy))
    by_other = given_by not in (None, GivenBy.SELF)
    interpreter = st.builds(
        Interpreter, st.sampled_from(["QUALIFIED", "STAFF", "FAMILY"]), st.none() | TAGS, st.booleans()
    )
    note = st.builds(VerbalNote, *[st.booleans()] * 3, WORKERS, INSTANTS, INSTANTS)
    names = draw(several(IDS))
    return Consent(
        consent_id=draw(IDS),
        version=draw(st.integers(0, 10**6)),
        subject_ref=draw(st.sampled_from([CLIENT, "N2VKX7QJ4RAE"])),
        state=draw(st.sampled_from(states)),
        registry_seq=0,
        discloser=draw(st.sampled_from(["A", "B"])),
        recipients=draw(
            several(
                st.builds(
                    Recipient, st.sampled_from(["A", "B", "C"]), st.sampled_from([None, "p-1", "program-stream#women"])
                )
                | st.sampled_from([Recipient("A", None, "w-301"), Recipient("B", None, "w-b")]),
                1,
            )
        ),
        purposes=purposes,
        categories=(*(Grant(each) for each in at_root), *draw(several(own))),
        pack="ca-on",
        pack_version=1,
        given_by=given_by,
        given_by_ref=draw(st.none() | NAMES) if by_other else None,
        authority=draw(
            st.none()
            | st.builds(
                Authority,
                st.sampled_from(["STATED", "DECIDER"]),
                st.none() | DAYS,
                st.none() | WORKERS,
                st.none() | INSTANTS,
                st.lists(NAMES, max_size=2).map(tuple),
                st.booleans(),
            )
        ),
        capacity_basis=draw(st.none() | st.sampled_from(CapacityBasis)),
        form_id=draw(st.none() | NAMES),
        supersedes=names,
        lifts=names,
        exclusions=(
            *(each.value for each in draw(several(st.sampled_from(Category)))),
            *draw(several(st.sampled_from(["item-7", "cms-a/note/3"]))),
        ),
        onward_sharing=draw(several(st.builds(Onward, st.sampled_from(["B", "C"]), st.sampled_from(PURPOSES)))),
        valid_from=draw(st.none() | INSTANTS),
        expires_at=draw(st.none() | INSTANTS),
        basis=basis,
        verbal_note=draw(st.none() | note),
        text_version="sharing-v3",
        notice_version=draw(st.sampled_from([None, "notice-v2"])),
        language=draw(st.none() | TAGS),
        client_reads=draw(several(TAGS)),
        interpreter=draw(st.none() | interpreter),
        explained=draw(st.frozensets(st.sampled_from(sorted(EXPLANATIONS)))),
        not_condition_of_service=draw(st.sampled_from([None, True, False])),
        condition_reason=draw(st.booleans()),
        captured_by=draw(st.none() | WORKERS),
        captured_at=draw(st.none() | INSTANTS),
        captured_in=draw(st.sampled_from([None, "cms-a", "https://harbour.example.org/cms"])),
        signed_on=draw(st.none() | DAYS),
        evidence_ref=draw(st.none() | NAMES),
        receipt_ref=draw(st.sampled_from([None, "PAPER", "UNSAFE", "EMAIL 2025-01-10T05:00:00+00:00"])),
        names_discloser=draw(st.booleans()),
    )


NOES = st.builds(
    Directive,
    directive_id=IDS,
    subject_ref=st.just(CLIENT),
    registry_seq=st.just(0),
    recipients=several(st.sampled_from(["A", "B", "C"])),
    purposes=several(st.sampled_from(PURPOSES)),
    categories=several(st.sampled_from(Category)),
    said_by=st.just(GivenBy.SELF),
    taken_by=st.sampled_from(["A", "B"]),
)


@EXAMPLES
@given(consents())
def test_a_consent_comes_back_as_it_went(record: Consent) -> None:
    assert read_consent(json.loads(json.dumps(as_fhir(record, ZONE))), KNOWN) == record


@EXAMPLES
@given(NOES | st.just(directive(registry_seq=0, worker="w-b", taken_by="A")))
def test_a_standing_no_comes_back_as_it_went(no: Directive) -> None:
    assert read_consent(as_fhir(no, ZONE), KNOWN) == no


@EXAMPLES
@given(consents())
def test_a_declined_form_comes_back_as_it_went(record: Consent) -> None:
    flat = tuple(dict.fromkeys(Grant(each.category) for each in record.categories))
    declined = replace(record, state=ConsentState.DECLINED, categories=flat, exclusions=())

    assert read_consent(as_fhir(declined, ZONE), KNOWN) == declined


# ---------------------------------------------------------------------------------------- something happens to it

ORIGINAL = replace(FULL, exclusions=("CONTACT", "DV"), verbal_note=None)
ITEMS = tuple(
    item(each, at, confidentiality="R" if each in SENSITIVE else "N", sensitivity=("SDV",) if each is C.DV else ())
    for at, each in enumerate((each for each in Category if each is not C.JUSTICE_YOUTH), start=1)
)
MOMENTS = [datetime(2025, 1, 10, 5, tzinfo=UTC) - timedelta(seconds=1), BASELINE.at, FULL.expires_at]
MOMENTS += [FULL.valid_from, datetime(2025, 9, 1, 4, tzinfo=UTC), FULL.expires_at + timedelta(days=90)]
ASKED = [(at, purpose) for at in MOMENTS for purpose in (Purpose.REFERRAL, Purpose.ELIGIBILITY)]
TYPES = {Purpose.REFERRAL: ("ReferralRequest", "add-service-request"), Purpose.ELIGIBILITY: ("EligibilityCheck", "x")}


def question(at: datetime, purpose: Purpose, record: Consent | Directive) -> Facts:
    """All categories at once, where the profile and the agreement let everything pass."""
    kind, event = TYPES[purpose]
    agreement = replace(AGREEMENT, purposes=tuple(Purpose), categories=tuple(Category), events=("x", *AGREEMENT.events))
    message = replace(BASELINE.message, type=kind, event=event, purpose=purpose, items=ITEMS, required=())
    made = replace(
        BASELINE,
        at=at,
        message=message,
        profile=Profile(kind, purpose, (), tuple(Category)),
        agreements=(agreement,),
    )
    if isinstance(record, Directive):
        return known(made, consents=(FULL_YES,), directives=(record,))
    return known(made, consents=(replace(record, registry_seq=30),))


FULL_YES = replace(FULL, exclusions=(), registry_seq=5)


def passes(decision: Decision) -> set[Category]:
    if decision.outcome not in (Outcome.PERMIT, Outcome.PERMIT_REDACTED):
        return set()
    gone = {each.path for each in decision.withheld}
    return {each.category for each in ITEMS if each.path not in gone}


JUNK: list[Any] = [None, "", " ", 0, -1, 1.5, True, False, {}, [], [None], "x", "Ottilie", {"x": 1}, "2025-13-01", [[]]]
JUNK += ["2025-06-01T12:00:00", "2025", {"coding": [{"code": "x"}]}, {"url": "http://x.example", "valueBoolean": True}]
NEW_NAMES = ["modifierExtension", "contained", "implicitRules", "class", "code", "action", "data", "dataPeriod", "x"]
NEW_NAMES += ["verification", "policyRule", "provision", "_status", "period", "extension", "text", "sourceAttachment"]
KIND = "https://hub.example.org/fhir/CodeSystem/client-data-category"
LEVEL = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
MEANT: list[Any] = [  # what may stand in a Consent: so that much of what is changed is accepted
    *({"system": KIND, "code": kebab(each)} for each in Category),
    {"system": LEVEL, "code": "R"},
    {"system": LEVEL, "code": "N"},
    {"system": LEVEL, "code": "V"},
    {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "SDV"},
    *("permit", "deny", "active", "draft", "rejected", "declined", "withdrawn", "suspended", "verbal-pending"),
    *("2025-01-10", "2025-05-31", "2025-06-01T12:00:00-04:00", "2026-01-09", "2030-01-01"),
    *("referral", "eligibility", "coordination", "COC", "CAREMGT", "TREAT", "R", "N", "contact", "immig", "dv"),
    *("Organization/B", "Organization/C", "Organization/A", "Patient/s-client", "PractitionerRole/w-b"),
    {"type": "permit", "securityLabel": [{"system": LEVEL, "code": "R"}, {"system": KIND, "code": "immig"}]},
    {"type": "deny", "securityLabel": [{"system": KIND, "code": "ident"}]},
    {"type": "deny", "purpose": [{"system": KIND, "code": "ident"}]},
    {"start": "2025-01-10", "end": "2025-05-31"},
    {"end": "2025-05-31"},
]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, below in steps:
        yield from places(below, (*path, step))


def at(node: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        node = node[step]
    return node


WHOLE = written(ORIGINAL)
PLACES = list(places(WHOLE))


@st.composite
def changes(draw: st.DrawFn, values: list[Any], *, adding: bool) -> Any:
    """The Consent with something deleted, replaced, doubled or added somewhere."""
    made = copy.deepcopy(WHOLE)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(PLACES))
        try:
            holder, last = at(made, path[:-1]), path[-1]
            there = holder[last]
        except (KeyError, IndexError, TypeError):
            continue
        if not isinstance(holder, dict | list):
            continue
        what = draw(st.sampled_from(["delete", "replace", "double", "add", "add"]))
        if what == "delete":
            del holder[last]
        elif what == "replace":
            holder[last] = copy.deepcopy(draw(st.sampled_from(values)))
        elif what == "double" and isinstance(holder, list):
            holder.append(copy.deepcopy(there))
        elif isinstance(there, dict):
            there[draw(st.sampled_from(NEW_NAMES))] = copy.deepcopy(draw(st.sampled_from(values)))
        elif isinstance(there, list) and adding:
            there.append(copy.deepcopy(draw(st.sampled_from(values))))
    return made


def says(resource: Any, when: datetime, purpose: Purpose) -> set[Category]:
    """What a Consent permits by shared model 9, whoever reads it."""
    found = set()
    for each in ITEMS:
        asked = Asked(
            kebab(each.category),
            each.confidentiality,
            each.sensitivity,
            "A",
            "B",
            kebab(purpose),
            CLIENT,
            when,
            ZONE,
        )
        if verdict(resource, asked) == "PERMIT":
            found.add(each.category)
    return found


@pytest.mark.parametrize(("when", "purpose"), ASKED)
def test_untouched_it_permits_what_shared_model_9_says_and_no_less(when: datetime, purpose: Purpose) -> None:
    """Or the tests below would hold of a reader that refuses everything."""
    opens = passes(decide(question(when, purpose, imported(WHOLE))))

    assert opens == says(WHOLE, when, purpose)
    assert bool(opens) == (FULL.valid_from <= when < FULL.expires_at)


@settings(max_examples=1_500, deadline=None)
@given(changes(MEANT + JUNK, adding=True))
def test_whatever_it_becomes_it_is_refused_or_permits_no_more_than_it_says(resource: Any) -> None:
    """Against an evaluator of shared model 9 that shares nothing with the reader."""
    try:
        record = imported(resource)
    except NotAConsent:
        return
    for when, purpose in ASKED:
        opens = passes(decide(question(when, purpose, record)))
        assert opens <= (says(resource, when, purpose) if isinstance(record, Consent) else opens)


@settings(max_examples=1_500, deadline=None)
@given(changes(JUNK, adding=True))
def test_whatever_in_it_is_lost_or_unreadable_it_is_refused_or_permits_no_more_than_before(resource: Any) -> None:
    """Save one thing: without an exception, or a limit of one, it is another consent, which nobody can tell from it."""
    exceptions = resource.get("provision", {}).get("provision") if isinstance(resource.get("provision"), dict) else None
    assume(exceptions == WHOLE["provision"]["provision"])
    try:
        record = imported(resource)
    except NotAConsent:
        return
    for when, purpose in ASKED:
        assert passes(decide(question(when, purpose, record))) <= passes(decide(question(when, purpose, ORIGINAL)))


NO = written(directive(registry_seq=0, taken_by="A"))


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_a_no_to_which_something_happens_still_forbids_or_is_refused(data: st.DataObject) -> None:
    made = copy.deepcopy(NO)
    path = data.draw(st.sampled_from(list(places(NO))))
    holder = at(made, path[:-1])
    if data.draw(st.booleans()):
        del holder[path[-1]]
    else:
        holder[path[-1]] = data.draw(st.sampled_from(JUNK))
    try:
        record = imported(made)
    except HubError:
        return
    assert isinstance(record, Directive)
    assert not passes(decide(question(BASELINE.at, Purpose.REFERRAL, record)))


def test_a_no_without_which_it_would_pass() -> None:
    assert passes(decide(known(question(BASELINE.at, Purpose.REFERRAL, FULL_YES), directives=())))


def test_most_changes_with_meaning_are_read() -> None:
    """A change of one label, say, is another consent, and it is read as such: the property above is no empty one."""
    made = copy.deepcopy(WHOLE)
    made["provision"]["securityLabel"].append({"system": KIND, "code": "housing"})

    assert C.HOUSING in passes(decide(question(BASELINE.at, Purpose.REFERRAL, imported(made))))
    assert extension(made, RECORD)
