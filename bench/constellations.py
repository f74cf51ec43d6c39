"""Facts that decide only together, drawn together: a directive and what lifts it, a closed case and its event.

Each takes a question and a source of chance and gives the question with its constellation, of which again each part may
be missing. ``questions.py`` puts one into every other question: by single facts alone they would hardly ever meet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from consent.model import Consent, Directive, Facts, Finding, Interpreter, Item, Recipient, SubjectFacts, VerbalNote
from consent.model.words import Basis, CapacityBasis, Category, ConsentState, GivenBy, Purpose, SafetyFlag
from tests.builders import K

DAY = timedelta(days=1)


def outage(draw: Random, facts: Facts) -> Facts:
    """The registry is down; how old is the first decision?"""
    age_s = draw.choice((None, 1.0, 900.0, 900.5))
    return replace(facts, system=replace(facts.system, registry="down", decision_age_s=age_s))


def ill_formed(draw: Random, facts: Facts) -> Facts:
    """Of what the hub does not carry no profile is asked, but a schema."""
    facts = _saying(facts, event=draw.choice(("research", "court-order", facts.message.event)))
    agreements = tuple([replace(row, events=(*row.events, facts.message.event)) for row in facts.agreements])
    system = replace(facts.system, schema=draw.random() < 0.5, labelled=draw.random() < 0.5)
    return replace(facts, agreements=agreements, system=draw.choice((system, facts.system)))


def womens_service(draw: Random, facts: Facts) -> Facts:
    """One end is a women's service: may it be named, in which form was it said, and who interpreted?"""
    sender = replace(facts.sender, lane="womens", relayed=draw.random() < 0.8)
    recipient = replace(facts.recipient, lane="womens")
    both = replace(facts, sender=sender, recipient=recipient)
    facts = draw.choice((both, replace(facts, sender=sender), replace(facts, recipient=recipient)))
    facts = _known(facts, deceased=draw.random() < 0.05)
    if draw.random() < 0.1:
        facts = _saying(facts, purpose=Purpose.FUNDER_REPORT)
    return _each_record(
        facts,
        lambda consent: replace(
            consent,
            basis=draw.choice((Basis.EXPRESS_WRITTEN, Basis.EXPRESS_WRITTEN, Basis.EXPRESS_ELECTRONIC, consent.basis)),
            names_discloser=draw.random() < 0.7,
            interpreter=draw.choice((None, None, None, Interpreter("FAMILY", "en", independent=False))),
        ),
    )


def hidden_place(draw: Random, facts: Facts) -> Facts:
    """The client's place is protected, and an item says it; perhaps the service requires it."""
    facts = _known(facts, flags=draw.choice(((SafetyFlag.PROTECTED_LOCATION,), ())))
    place = _one(draw, facts, category=Category.LOCATION, path="Bundle.entry[8].resource.address")
    other = replace(place, category=draw.choice((Category.CONTACT, Category.LOCATION)), path="Bundle.entry[9].resource")
    needed = draw.choice((None, (Category.LOCATION,), (Category.CONTACT,)))
    return _saying(facts, items=(*facts.message.items, place, other), required=needed)


def youth_record(draw: Random, facts: Facts) -> Facts:
    """A young person's record of justice; perhaps it is what the message is about."""
    record = _one(draw, facts, category=Category.JUSTICE_YOUTH, essential=draw.random() < 0.3)
    needed = draw.choice((None, None, (Category.JUSTICE_YOUTH,)))
    return _saying(facts, items=(*facts.message.items, record), required=needed)


def lifted_no(draw: Random, facts: Facts) -> Facts:
    """A directive or a decline, and a record that lifts it: later, by the same person, in force?"""
    said_by = draw.choice((GivenBy.SELF, GivenBy.SELF, GivenBy.SELF, GivenBy.PARENT))
    some = (Category.CONTACT,) if draw.random() < 0.5 else ()
    no = Directive("D0", facts.message.subject or "", 20, draw.choice(((), ("B",))), categories=some, said_by=said_by)
    lifting = _like_first(facts, consent_id="L", lifts=draw.choice((("D0",), ("D0", "N"), ("N",))))
    given_by = draw.choice((GivenBy.SELF, GivenBy.SELF, GivenBy.SELF, None))
    recipients = draw.choice((lifting.recipients, (Recipient("C"),)))
    lifting = replace(lifting, registry_seq=draw.choice((19, 20, 21, 60)), given_by=given_by, recipients=recipients)
    lifting = draw.choice((lifting, lifting, lifting, replace(lifting, state=ConsentState.WITHDRAWN)))
    declined = _like_first(facts, consent_id="N", state=ConsentState.DECLINED, registry_seq=20)
    declined = replace(declined, given_by=draw.choice((None, GivenBy.SELF, GivenBy.PARENT)))
    unreadable = draw.choice(((), ("recipients",), ("recipient_org",), ("purposes",)))
    declined = replace(declined, recipients=draw.choice(((Recipient("B"),), (Recipient("C"),))), unreadable=unreadable)
    declined = draw.choice((declined, replace(declined, purposes=(Purpose.SAFETY,))))
    more = draw.choice(((lifting,), (lifting, declined), (declined,)))
    return _known(facts, directives=draw.choice(((no,), ())), consents=_records(facts) + more)


def capacity(draw: Random, facts: Facts) -> Facts:
    """A finding that the client cannot decide: before or after the record, lifted or not, seen by whom?"""
    found = facts.at - draw.choice((1, 100, 700)) * DAY
    lifted = draw.choice((None, found + draw.choice((1, 50, 400)) * DAY, facts.at, facts.at + DAY))
    finding = Finding(found, lifted, draw.choice(("", "", "A", "C")))
    who = (GivenBy.SELF, GivenBy.SELF, GivenBy.PARENT, None)
    facts = _known(facts, findings=(finding,))
    who = draw.choice((who, (GivenBy.PARENT,)))
    return _each_record(facts, lambda consent: replace(consent, given_by=draw.choice(who)))


def versions(draw: Random, facts: Facts) -> Facts:
    """A newer version, or a record of another file, beside the one that opens."""
    states = (ConsentState.DRAFT, ConsentState.ABANDONED, ConsentState.SUSPENDED, ConsentState.ACTIVE)
    newer = _like_first(facts, version=9, state=draw.choice(states), subject_ref=draw.choice((None, None, "s-other")))
    kept = draw.choice((newer, replace(newer, purposes=(Purpose.SAFETY,))))
    return _known(facts, consents=(*_records(facts), kept))


def spoken(draw: Random, facts: Facts) -> Facts:
    """By word of mouth, with a note of which a part may be missing; something sensitive is asked for."""
    taken = facts.at - draw.choice((DAY, 13 * DAY, 14 * DAY, 15 * DAY))
    parts = [draw.random() < 0.9 for _ in range(3)]
    note = VerbalNote(*parts, draw.choice(("w-301",) * 5 + (None,)), taken, facts.at + draw.choice((-1, 0, 1, 5)) * DAY)
    facts = _each_record(
        facts,
        lambda consent: replace(
            consent,
            basis=Basis.EXPRESS_VERBAL,
            state=draw.choice((ConsentState.VERBAL_PENDING, ConsentState.ACTIVE)),
            verbal_note=note,
        ),
    )
    return _saying(facts, items=(*facts.message.items, _one(draw, facts, category=draw.choice(tuple(Category)))))


def other_way(draw: Random, facts: Facts) -> Facts:
    """The records are about the other direction, another purpose, or a program there."""
    reach = ((Recipient("A"),), (Recipient("B"),), (Recipient("B", program="p"),), (Recipient("C"),))
    return _each_record(
        facts,
        lambda consent: replace(
            consent,
            discloser=draw.choice(("B", "B", "A", "C")),
            recipients=draw.choice(reach),
            purposes=draw.choice((consent.purposes, consent.purposes, (Purpose.FOLLOW_UP,))),
        ),
    )


def danger(draw: Random, facts: Facts) -> Facts:
    """A danger to the client: somebody there, or the way by which it comes."""
    flag = draw.choice((SafetyFlag.ALLEGED_ABUSER, SafetyFlag.MAIL_UNSAFE, SafetyFlag.PHONE_UNSAFE))
    facts = _known(facts, flags=(flag,), alleged_abusers=draw.choice(((), ("w-9",))))
    return _saying(facts, channel=draw.choice(("", "MAIL", "PHONE")))


def closed_case(draw: Random, facts: Facts) -> Facts:
    """The case is closed, and the event opens something new; or not."""
    facts = _saying(facts, case_closed=draw.random() < 0.8, event=draw.choice(("add-service-request", "notify")))
    return replace(facts, agreements=tuple([replace(a, events=(facts.message.event,)) for a in facts.agreements]))


def pinned(draw: Random, facts: Facts) -> Facts:
    """The sender names the version on which it decides; it may be about others, or unknown to the sender."""
    other = _like_first(facts, consent_id="P", discloser=draw.choice("AC"), recipients=(Recipient(draw.choice("ACD")),))
    other = replace(other, state=draw.choice((ConsentState.ACTIVE, ConsentState.ACTIVE, ConsentState.EXPIRED)))
    facts = _known(facts, consents=(*_records(facts), other))
    return _saying(facts, pinned=(draw.choice(("P", "P", "K0", "X")), draw.choice((3, 3, 2))))


def another_purpose(draw: Random, facts: Facts) -> Facts:
    """The purpose, the type and the profile are not of one kind, and all else allows it."""
    purpose = draw.choice((Purpose.REFERRAL, Purpose.ELIGIBILITY, Purpose.COORDINATION, Purpose.RESEARCH))
    facts = _each_record(facts, lambda consent: replace(consent, purposes=(purpose,)))
    agreements = tuple([replace(row, purposes=(purpose,)) for row in facts.agreements])
    profile = replace(facts.profile, purpose=draw.choice((purpose, purpose, Purpose.SAFETY))) if facts.profile else None
    label = draw.choice((None, None, purpose, Purpose.FOLLOW_UP))
    facts = _saying(facts, purpose=purpose, labelled_purpose=label)
    return replace(facts, agreements=agreements, profile=profile)


def passed_under_notice(draw: Random, facts: Facts) -> Facts:
    """What goes needs the notice that forbids passing it on."""
    pack = replace(facts.pack, redisclosure=(draw.choice((Category.NEEDS, Category.SUBSTANCE, Category.CONTACT)),))
    return replace(_saying(facts, redisclosure_notice=draw.random() < 0.5), pack=pack)


def locked(draw: Random, facts: Facts) -> Facts:
    """One item, by its number, or one category is kept from the recipient."""
    items = draw.choice((("i-1",), ("i-2", "i-7"), ()))
    kinds = draw.choice(((), (Category.CONTACT, Category.HEALTH_MENTAL)))
    no = Directive("D5", facts.message.subject or "", 5, ("B",), categories=kinds, items=items)
    sent = tuple([replace(each, item_id=draw.choice(("i-1", "i-3", "i-3", None))) for each in facts.message.items])
    return _known(_saying(facts, items=draw.choice((sent, facts.message.items))), directives=(no,))


def another_person(draw: Random, facts: Facts) -> Facts:
    """Items of a required category that another would have to allow, or another agency; one of its kind may be left."""
    change = draw.choice(({"subject": "s-other"}, {"third_party": True}, {"mentioned": True}, {"lineage": "X"}))
    more = draw.choice(({}, {}, {"shelter": True}, {"source_agency": "C"}))
    kind = draw.choice((Category.NEEDS, Category.NEEDS, Category.CONTACT, Category.SERVICE_STATUS))
    theirs = _one(draw, facts, category=kind, essential=draw.random() < 0.2, **{**change, **more})
    own = [] if draw.random() < 0.3 else [_one(draw, facts, category=kind)]
    return _saying(facts, items=(*facts.message.items[: draw.choice((1, 5))], theirs, *own))


def tagged(draw: Random, facts: Facts) -> Facts:
    """Labels that are higher than they look: a tag, a level above the ordinary, a coarse category."""
    kind = draw.choice((Category.NEEDS, Category.CONTACT, Category.IMMIG, Category.SUBSTANCE, Category.HEALTH_MENTAL))
    tags = draw.choice(((), ("MH",), ("SUD",), ("HIV",), ("VIO",), ("RACE",), ("XYZ",), ("MH", "SUD")))
    level = draw.choice(("N", "N", "U", "R", "R", "V"))
    high = _one(draw, facts, category=kind, sensitivity=tags, confidentiality=level)
    return _saying(facts, items=(*facts.message.items, high))


def reading(draw: Random, facts: Facts) -> Facts:
    """In which language was it explained, who interpreted, was it free? Where there is violence a relative is none."""
    flags = draw.choice(((), (SafetyFlag.DV,), (SafetyFlag.COERCION,)))
    return _each_record(
        _known(facts, flags=flags),
        lambda consent: replace(
            consent,
            language=draw.choice(("en", "EN-gb", "zxx", "und", "fr")),
            client_reads=draw.choice((("en",), ("fr", "en-CA"), ("zxx", "und"))),
            interpreter=draw.choice(
                (None, None, Interpreter(draw.choice(("FAMILY", "STAFF")), "en", independent=True))
            ),
            not_condition_of_service=draw.random() < 0.6,
            condition_reason=draw.random() < 0.5,
            capacity_basis=draw.choice((*CapacityBasis, CapacityBasis.PRESUMED, CapacityBasis.PRESUMED)),
        ),
    )


ALL: tuple[Callable[[Random, Facts], Facts], ...] = (
    outage,
    ill_formed,
    womens_service,
    hidden_place,
    youth_record,
    lifted_no,
    capacity,
    versions,
    spoken,
    other_way,
    danger,
    closed_case,
    pinned,
    another_purpose,
    passed_under_notice,
    locked,
    another_person,
    tagged,
    reading,
)


def _person(facts: Facts) -> SubjectFacts:
    return facts.subjects[facts.message.subject or ""]


def _records(facts: Facts) -> tuple[Consent, ...]:
    return _person(facts).consents


def _known(facts: Facts, **change: Any) -> Facts:
    return replace(facts, subjects={_person(facts).subject_ref: replace(_person(facts), **change)})


def _saying(facts: Facts, **change: Any) -> Facts:
    return replace(facts, message=replace(facts.message, **change))


def _each_record(facts: Facts, change: Callable[[Consent], Consent]) -> Facts:
    return _known(facts, consents=tuple([change(consent) for consent in _records(facts)]))


def _like_first(facts: Facts, **change: Any) -> Consent:
    """Another record like the client's first, or like that of the baseline; what is None stays as it is."""
    first = next(iter(_records(facts)), replace(K, valid_from=facts.at - 30 * DAY, captured_at=facts.at - 30 * DAY))
    return replace(first, **{name: value for name, value in change.items() if value is not None})


def _one(draw: Random, facts: Facts, **change: Any) -> Item:
    """An item about the client."""
    return replace(
        Item(f"Bundle.entry[{draw.randint(20, 10**9)}].resource", Category.NEEDS, facts.message.subject), **change
    )
