"""What must not happen, whatever the facts: no accident answers, no "no" opens, no list widens another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import get_args, get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st

from consent.decide import decide
from consent.files import as_directives, as_one
from consent.model import (
    Agreement,
    Anonymous,
    Authority,
    Consent,
    Decider,
    Decision,
    Directive,
    Facts,
    Finding,
    Grant,
    Item,
    Message,
    PackFacts,
    Party,
    Recipient,
    Referral,
    SubjectFacts,
    SystemFacts,
    VerbalNote,
)
from consent.model.words import Category, Code, ConsentState, GivenBy, Outcome, Purpose, SafetyFlag
from tests.builders import AGREEMENT, BASELINE, CLIENT, PROFILES, REFERRAL, K, known

EXAMPLES = settings(max_examples=150, deadline=None)
AGENCIES = st.sampled_from(["A", "A", "B", "B", "C", ""])
INSTANTS = st.one_of(
    st.sampled_from([BASELINE.at, K.valid_from, K.expires_at]),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]),
)
TEXTS = st.sampled_from(
    ["", "K", "D", "X", "B", "en", "LANG", "ReferralRequest", "StatusNotice", "add-service-request"]
)
LEVELS = st.sampled_from(["U", "L", "M", "N", "N", "R", "V"])
CATEGORIES = st.one_of(
    st.sampled_from([Category.IDENT, Category.NEEDS, Category.SERVICE_STATUS]), st.sampled_from(Category)
)


def several(elements: st.SearchStrategy, most: int = 3) -> st.SearchStrategy:
    return st.lists(elements, max_size=most).map(tuple)


def like(base: object, **changes: st.SearchStrategy) -> st.SearchStrategy:
    """A row of the baseline with up to two fields replaced, so that much of what is made gets far."""
    names = st.lists(st.sampled_from(sorted(changes)), max_size=2, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({n: changes[n] for n in chosen})).map(
        lambda change: replace(base, **change)
    )


RECIPIENTS = st.builds(Recipient, AGENCIES, st.sampled_from([None, None, "p"]), st.sampled_from([None, None, "w"]))
GRANTS = st.builds(Grant, CATEGORIES, several(st.sampled_from(Purpose), 1), st.none() | INSTANTS)
CONSENTS = like(
    K,
    consent_id=st.sampled_from(["K", "K2", "M"]),
    version=st.integers(1, 5),
    subject_ref=st.sampled_from([CLIENT, CLIENT, "s-other"]),
    state=st.sampled_from(ConsentState),
    registry_seq=st.integers(0, 50),
    discloser=AGENCIES,
    recipients=several(RECIPIENTS),
    purposes=several(st.sampled_from(Purpose)),
    categories=several(GRANTS, 8),
    given_by=st.none() | st.sampled_from(GivenBy),
    authority=st.none() | st.builds(Authority, TEXTS),
    lifts=several(TEXTS),
    exclusions=several(TEXTS, 1),
    valid_from=st.none() | INSTANTS,
    expires_at=st.none() | INSTANTS,
    captured_at=st.none() | INSTANTS,
    basis=st.none() | st.sampled_from(get_args(get_type_hints(Consent)["basis"])[0]),
    verbal_note=st.none() | st.builds(VerbalNote, *[st.just(True)] * 3, st.none(), st.none(), st.none()),
    text_version=st.none() | TEXTS,
    language=st.none() | TEXTS,
    client_reads=several(TEXTS),
    unreadable=several(st.sampled_from(["recipients", "purposes", "categories", "language", "lifts"]), 1),
)
DIRECTIVES = st.builds(
    Directive,
    directive_id=st.sampled_from(["D", "D2"]),
    subject_ref=st.just(CLIENT),
    registry_seq=st.integers(0, 50),
    recipients=several(AGENCIES),
    worker=st.sampled_from([None, "w"]),
    purposes=several(st.sampled_from(Purpose)),
    categories=several(CATEGORIES),
    items=several(TEXTS),
    said_by=st.sampled_from([GivenBy.SELF, GivenBy.SELF, GivenBy.PARENT]),
    lifted_by=st.sampled_from([None, None, None, "K"]),
)
FINDINGS = st.builds(Finding, INSTANTS, st.none() | INSTANTS)
DECIDERS = st.builds(
    Decider,
    ref=st.sampled_from(["P1", "P2", "X"]),
    role=st.sampled_from(GivenBy),
    available=st.booleans(),
    jointly=st.booleans(),
    access_only=st.booleans(),
    barred=st.sampled_from(["", "", "COURT", "AGE", "ABUSER"]),
    from_at=st.none() | INSTANTS,
    ends_at=st.none() | INSTANTS,
)
DAYS = st.none() | st.sampled_from([date(2020, 2, 29), date(2040, 1, 1), date.min, date.max])
ITEMS = st.builds(
    Item,
    path=st.integers(1, 9).map(lambda at: f"Bundle.entry[{at}].resource"),
    category=CATEGORIES,
    subject=st.sampled_from([CLIENT, CLIENT, CLIENT, "s-other", None]),
    confidentiality=LEVELS,
    sensitivity=several(st.sampled_from(["SDV", "MH", "XYZ"]), 1),
    essential=st.booleans(),
    third_party=st.sampled_from([False, False, False, True]),
    source_agency=st.sampled_from([None, None, "A", "X"]),
    lineage=st.sampled_from([None, None, "K", "X"]),
    mentioned=st.sampled_from([False, False, True]),
    privileged=st.sampled_from([False, False, True]),
    shelter=st.sampled_from([False, False, True]),
    item_id=st.sampled_from([None, "X", "i-1"]),
)
MESSAGES: st.SearchStrategy[Message] = like(
    BASELINE.message,
    type=st.sampled_from([*PROFILES, "FollowUp"]),
    event=st.sampled_from([*AGREEMENT.events, "research", ""]),
    purpose=st.sampled_from(Purpose),
    items=several(ITEMS, 6),
    subject=st.sampled_from([CLIENT, CLIENT, "s-other", None, ""]),
    labelled_purpose=st.none() | TEXTS,
    required=st.none() | several(CATEGORIES),
    referral=st.just(REFERRAL) | st.builds(Referral, TEXTS, AGENCIES, AGENCIES, st.none() | TEXTS, TEXTS),
    case_closed=st.booleans(),
    pinned=st.none() | st.tuples(TEXTS, st.integers(1, 5)),
    transition_allowed=st.booleans(),
    state_unchanged=st.booleans(),
    token=st.none() | st.tuples(TEXTS, st.integers(1, 5)),
    own_decision=st.booleans(),
    redisclosure_notice=st.booleans(),
    channel=st.sampled_from(["", "MAIL", "PHONE"]),
    anonymous=st.none() | st.builds(Anonymous, several(TEXTS, 2), st.none() | st.integers(0, 20)),
)
PARTIES = like(
    Party("A"),
    agency=AGENCIES,
    lane=st.sampled_from(get_args(get_type_hints(Party)["lane"])),
    status=st.sampled_from(["active", "suspended", "ended"]),
    known=st.booleans(),
    person=st.none() | TEXTS,
    knows_abuser=st.booleans(),
)
AGREEMENTS: st.SearchStrategy[Agreement] = like(
    AGREEMENT,
    categories=several(CATEGORIES, 8),
    purposes=several(st.sampled_from(Purpose)),
    status=st.sampled_from(["active", "suspended", "ended"]),
    valid_from=INSTANTS,
    expires_at=st.none() | INSTANTS,
    discloser=st.none() | AGENCIES,
)
PACKS: st.SearchStrategy[PackFacts] = like(
    BASELINE.pack,
    known=st.booleans(),
    zone=st.sampled_from(["America/Toronto", "Asia/Kathmandu", "America", "../x", "", "Nowhere/At_All"]),
    life_months_max=st.sampled_from([24, 0, -1, 1, 10**6, 10**12]),
    implied_health=st.booleans(),
    redisclosure=several(CATEGORIES),
)
SYSTEMS = like(
    SystemFacts(),
    authenticated=st.booleans(),
    schema=st.booleans(),
    identity=st.sampled_from(["one", "none", "ambiguous"]),
    registry=st.sampled_from(["up", "down"]),
    decision_age_s=st.none() | st.floats(allow_nan=True),
)


@st.composite
def facts(draw: st.DrawFn, *, wild: bool = True) -> Facts:
    """Facts of any kind; not ``wild``: those of an orderly hub, where the person's records decide."""
    subject = SubjectFacts(
        CLIENT,
        1,
        consents=(draw(st.just(K) | CONSENTS), *draw(several(CONSENTS, 2))),
        directives=draw(several(DIRECTIVES, 1)),
        flags=draw(several(st.sampled_from(SafetyFlag), 1)) if wild else (),
        deceased=draw(st.booleans()) if wild else False,
        turns_16_on=draw(DAYS) if wild else None,
        turns_18_on=draw(DAYS) if wild else None,
        deciders=draw(several(DECIDERS, 2)) if wild else (),
        findings=draw(several(FINDINGS, 1)) if wild else (),
        alleged_abusers=draw(several(st.sampled_from(["P1", "w", "X"]), 1)) if wild else (),
        unproven_no=draw(st.booleans()) if wild else False,
    )
    made = replace(BASELINE, subjects={CLIENT: subject})
    if not wild:
        sent = draw(st.just(BASELINE.message.items) | st.just(())) + draw(several(ITEMS, 4))
        status = {"type": "StatusNotice", "event": AGREEMENT.events[1], "referral": REFERRAL}
        message = replace(BASELINE.message, items=sent, **draw(st.sampled_from([{}, status])))
        made = replace(made, message=message, profile=PROFILES[message.type])
        back = message.referral is not None and draw(st.booleans())
        return replace(made, sender=made.recipient, recipient=made.sender) if back else made
    message = draw(MESSAGES)
    changes = {
        "at": INSTANTS,
        "profile": st.none(),
        "sender": PARTIES,
        "recipient": PARTIES,
        "agreements": several(AGREEMENTS, 2),
        "pack": PACKS,
        "system": SYSTEMS,
    }
    return draw(like(replace(made, message=message, profile=PROFILES.get(message.type)), **changes))


def paths(decision: Decision) -> set[tuple[str, Category]]:
    return {(gone.path, gone.category) for gone in decision.withheld}


@EXAMPLES
@given(facts())
def test_every_question_has_an_answer_and_the_same_one_twice(asked: Facts) -> None:
    decision = decide(asked)

    assert decision == decide(asked)
    assert decision.outcome in (Outcome.PERMIT, Outcome.PERMIT_REDACTED, Outcome.DENY)
    assert decision.permits == decision.codes[0].startswith("OK_")
    assert (decision.outcome is Outcome.PERMIT_REDACTED) == bool(decision.withheld)


@EXAMPLES
@given(facts(wild=False))
def test_without_a_consent_nothing_passes(asked: Facts) -> None:
    assert not decide(known(asked, consents=())).permits


@EXAMPLES
@given(facts(wild=False))
def test_a_permit_cites_a_record_in_force_and_an_agreement(asked: Facts) -> None:
    decision = decide(asked)

    if decision.permits:
        valid = [c for c in asked.subjects[CLIENT].consents if c.state is ConsentState.ACTIVE]
        names = {f"consent:{c.consent_id}/{c.version}" for c in valid if c.given_by is GivenBy.SELF}
        cited = {name for name in decision.basis if name.startswith("consent:")}
        assert cited & names
        assert "agreement:AB/1" in decision.basis


@EXAMPLES
@given(facts(wild=False))
def test_dropping_the_only_record_never_turns_a_refusal_into_a_permit(asked: Facts) -> None:
    """With several, dropping the narrower one widens what is left (C-106): so each alone must be refused too."""
    consents = [c for c in asked.subjects[CLIENT].consents if not c.lifts]
    noes = [c for c in consents if c.state is ConsentState.DECLINED or c.exclusions]
    each = [decide(known(asked, consents=(c, *(no for no in noes if no is not c)))) for c in consents]

    if not any(decision.permits for decision in each):
        assert not decide(known(asked, consents=tuple(consents))).permits


@EXAMPLES
@given(facts(wild=False), DIRECTIVES)
def test_one_more_directive_never_opens_and_only_withholds_more(asked: Facts, no: Directive) -> None:
    before = decide(asked)
    after = decide(known(asked, directives=(*asked.subjects[CLIENT].directives, no)))

    assert before.permits or not after.permits
    if after.permits:
        assert paths(after) >= paths(before)


@EXAMPLES
@given(facts(wild=False), st.data())
def test_taking_a_tick_away_only_withholds_more(asked: Facts, data: st.DataObject) -> None:
    gone = data.draw(CATEGORIES)
    fewer = tuple(
        replace(c, categories=tuple(grant for grant in c.categories if grant.category is not gone))
        for c in asked.subjects[CLIENT].consents
    )
    if any(not c.categories for c in fewer):
        return  # an empty list makes the record incomplete: another rule
    before, after = decide(asked), decide(known(asked, consents=fewer))

    assert before.permits or not after.permits
    if after.permits:
        assert paths(after) >= paths(before)


@EXAMPLES
@given(facts(wild=False), AGREEMENTS)
def test_an_agreement_that_says_less_only_withholds_more(asked: Facts, other: Agreement) -> None:
    less = replace(AGREEMENT, categories=tuple(c for c in AGREEMENT.categories if c in other.categories))
    before, after = decide(asked), decide(replace(asked, agreements=(less,)))

    assert before.permits or not after.permits
    if after.permits:
        assert paths(after) >= paths(before)


@EXAMPLES
@given(facts(wild=False))
def test_what_no_consent_opens_never_passes(asked: Facts) -> None:
    decision = decide(asked)

    if decision.permits:
        for item in asked.message.items:
            barred = item.confidentiality == "V" or item.third_party or item.subject != CLIENT
            if barred or item.category is Category.JUSTICE_YOUTH:
                assert (item.path, item.category) in paths(decision)


@EXAMPLES
@given(facts(wild=False))
def test_only_what_the_client_did_not_allow_is_marked(asked: Facts) -> None:
    agreed = set(AGREEMENT.categories)
    for gone in decide(asked).withheld:
        if gone.marked:
            assert gone.category in agreed
            assert gone.code in (Code.RD_CATEGORY, Code.RD_SENSITIVE, Code.RD_FREE_TEXT)


def never_more(before: Decision, after: Decision) -> None:
    """Nothing opens that was shut, and nothing passes that stayed behind."""
    assert before.permits or not after.permits
    if before.permits and after.permits:
        assert paths(after) >= paths(before)


@EXAMPLES
@given(facts())
def test_the_order_of_records_never_matters(asked: Facts) -> None:
    turned = {
        ref: replace(
            each,
            consents=each.consents[::-1],
            directives=each.directives[::-1],
            flags=each.flags[::-1],
            deciders=each.deciders[::-1],
            findings=each.findings[::-1],
        )
        for ref, each in asked.subjects.items()
    }
    one, other = decide(asked), decide(replace(asked, subjects=turned, agreements=asked.agreements[::-1]))

    assert (one.outcome, one.stage, one.codes[0]) == (other.outcome, other.stage, other.codes[0])
    assert paths(one) == paths(other)
    assert {*one.basis} == {*other.basis}


@EXAMPLES
@given(facts(), st.sampled_from(SafetyFlag))
def test_a_flag_more_never_opens(asked: Facts, flag: SafetyFlag) -> None:
    flagged = known(asked, flags=(*asked.subjects[CLIENT].flags, flag))

    never_more(decide(asked), decide(flagged))


@EXAMPLES
@given(facts(), FINDINGS)
def test_where_nobody_decides_for_the_client_a_finding_never_opens(asked: Facts, finding: Finding) -> None:
    alone = known(asked, deciders=())

    never_more(decide(alone), decide(known(alone, findings=(*asked.subjects[CLIENT].findings, finding))))


@EXAMPLES
@given(facts(), DECIDERS, st.sampled_from(["COURT", "AGE", "ABUSER"]))
def test_one_more_who_is_barred_never_opens(asked: Facts, somebody: Decider, barred: str) -> None:
    more = replace(somebody, ref="P3", barred=barred)

    never_more(decide(asked), decide(known(asked, deciders=(*asked.subjects[CLIENT].deciders, more))))


@EXAMPLES
@given(facts(), st.sampled_from(["deceased", "unproven_no", "corrupt"]))
def test_a_death_or_a_no_that_is_perhaps_theirs_never_opens(asked: Facts, fact: str) -> None:
    never_more(decide(known(asked, **{fact: False})), decide(known(asked, **{fact: True})))


@EXAMPLES
@given(facts())
def test_what_names_somebody_else_or_where_somebody_is_never_passes(asked: Facts) -> None:
    decision = decide(asked)

    if decision.permits:
        kept_back = {gone.path for gone in decision.withheld}
        hidden = [item for item in asked.message.items if item.mentioned or item.privileged or item.shelter]
        assert {item.path for item in hidden} <= kept_back


@EXAMPLES
@given(facts(), facts(), st.booleans())
def test_i_07_another_file_of_the_client_never_opens(asked: Facts, elsewhere: Facts, confirmed: bool) -> None:
    own, other = asked.subjects[CLIENT], elsewhere.subjects[CLIENT]
    theirs = [replace(each, subject_ref="s-other", consent_id=f"other-{each.consent_id}") for each in other.consents]
    file = replace(other, subject_ref="s-other", consents=tuple(theirs))
    one = as_one(own, [file] if confirmed else [], [] if confirmed else [file], asked.recipient.agency)

    never_more(decide(asked), decide(replace(asked, subjects={CLIENT: one})))


@EXAMPLES
@given(facts(wild=False), facts(wild=False))
def test_s37_what_is_kept_when_files_are_parted_forbids_no_less_than_the_other_file(one: Facts, other: Facts) -> None:
    own, gone = one.subjects[CLIENT], replace(other.subjects[CLIENT], subject_ref="s-other")
    gone = replace(gone, consents=tuple([replace(each, subject_ref="s-other") for each in gone.consents]))
    linked = as_one(own, [gone], [], one.recipient.agency)
    kept = [replace(no, directive_id=f"kept-{at}", subject_ref=CLIENT) for at, no in enumerate(as_directives(gone))]
    parted = replace(own, directives=(*own.directives, *kept))

    never_more(decide(replace(one, subjects={CLIENT: linked})), decide(replace(one, subjects={CLIENT: parted})))
