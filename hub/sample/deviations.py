"""The papers of everybody, and what deviates in somebody's record: one thing at most. Pure.

What a scenario changes stands in tables: columns of the consent, of the referral, of the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from hub.sample import situation
from hub.sample.database import Row
from hub.sample.names import FILLER, GIVEN
from hub.sample.people import ALWAYS, SOMETIMES, Draw, Person, Ways, consent_row, drawn, referral_row
from hub.sample.scenarios import VERBAL_DAYS, Scenario

MANDATORY = ("given_by", "capacity_basis", "notice_version", "captured_by", "receipt_channel", "signed_on")
HIDING_PLACE = "28 Kingfisher Lane"  # where those live who may not be found
GROUPS = ("", "", "visible-minority", "person-with-disability")  # CaMS' words
_WITH_A_CHILD = 0.15
_BAD_UCIS = ("123 456 7", "1.1E+09", "11-2345-6")
_WITHOUT = frozenset({Scenario.NO_CONSENT, Scenario.LATE})

Change = Callable[[Draw, Person], Row]


def people(count: int, seed: int, today: date, ways: Ways) -> Iterator[Person]:
    """So many people with all that their agencies hold of them; the same arguments give the same ones."""
    for draw, person in drawn(count, seed, today, ways):
        yield _with_papers(draw, person, ways)


def in_force(valid_from: date, expires_on: date) -> Row:
    """From one day to another, and signed on the first."""
    return {
        "valid_from": valid_from.isoformat(),
        "expires_on": expires_on.isoformat(),
        "signed_on": valid_from.isoformat(),
        "captured_at": f"{valid_from} 00:00:00",
        "receipt_at": f"{valid_from} 00:00:00",
    }


def spoken(on: date) -> Row:
    """On the telephone, and noted in full."""
    said = {"form": "VERBAL", "signed_on": None, "evidence_ref": None, "verbal_note": "Told by telephone."}
    return {**said, "valid_from": on.isoformat(), "captured_at": f"{on} 12:00:00"}


def _before(days: int) -> Change:
    return lambda draw, _: spoken(draw.today - timedelta(days=days))


def _same(**row: object) -> Change:
    return lambda _draw, _person: dict(row)


def _elsewhere(ways: Ways) -> Change:
    ends = sorted({home for home, *_ in ways.open})
    return lambda draw, person: {
        "recipient_org": draw.chance.choice([each for each in ends if each not in (person.home, person.to)])
    }


# at the edges of what is allowed; a day apart where a run may last over midnight
_OF_THE_CONSENT: Mapping[Scenario, Change] = {
    Scenario.DRAFT: lambda draw, _: {draw.chance.choice(MANDATORY): None},
    Scenario.EXPIRED: lambda draw, _: in_force(draw.today - timedelta(days=366), draw.today - timedelta(days=1)),
    Scenario.LAST_DAY: lambda draw, _: in_force(draw.today - timedelta(days=300), draw.today),
    Scenario.NOT_YET: lambda draw, _: {"valid_from": (draw.today + timedelta(days=2)).isoformat()},
    Scenario.WITHDRAWN: lambda draw, _: {
        "withdrawn_at": f"{draw.today - timedelta(days=1)} 07:00:00",
        "withdrawn_how": "TELEPHONE",
    },
    Scenario.DECLINED: _same(declined=1),
    Scenario.ANY_AGENCY: _same(recipient_org="any community agency"),
    Scenario.OTHER_PURPOSE: _same(purposes="COORDINATION"),
    Scenario.ALL_PURPOSES: _same(purposes="all"),
    Scenario.NARROW: _same(categories="IDENT SERVICE_STATUS CONTACT"),
    Scenario.VERBAL: _before(VERBAL_DAYS - 2),
    Scenario.VERBAL_LAPSED: _before(VERBAL_DAYS + 1),
    Scenario.VERBAL_BARE: lambda draw, _: {**spoken(draw.today - timedelta(days=3)), "verbal_note": None},
    Scenario.NOTICE: _same(form="NOTICE"),
    Scenario.NOT_EXPLAINED: _same(explained="what who why may-refuse"),
    Scenario.UNREAD: _same(client_reads="fa"),
    Scenario.INTERPRETED: _same(client_reads="fa", interpreter_kind="QUALIFIED_INDEPENDENT"),
    Scenario.CONDITION: _same(not_condition=0),
    Scenario.SPOUSE: _same(given_by="SPOUSE"),
    Scenario.UNPROVEN: _same(capacity_basis="ASSESSED_INCAPABLE"),
    Scenario.CHILD: _same(given_by="PARENT", capacity_basis="ASSESSED_INCAPABLE", authority_kind="birth record"),
}
_OF_THE_REFERRAL: Mapping[Scenario, Row] = {Scenario.BAD_CODE: {"urgency": "when there is time"}}


def _named(name: str, born: date) -> Row:
    return {"first_name": name, "birth_date": born.isoformat(), "arrival_date": None, "status_date": None}


_OF_THE_CLIENT: Mapping[Scenario, Change] = {
    Scenario.CHILD: lambda draw, _: _named(*draw.young(years=5, days=1800)),
    Scenario.YOUTH: lambda draw, _: _named(*draw.young(years=15, days=300)),
    Scenario.DECEASED: lambda draw, _: {"deceased_date": (draw.today - timedelta(days=3)).isoformat()},
    Scenario.CLAIMANT: _same(status_in_canada="RC"),
    Scenario.SINGLE_NAME: _same(first_name=FILLER),
    Scenario.NEW_YEAR: lambda _, person: {
        "birth_date": f"{person.client['birth_date'][:4]}-01-01",
        "birth_date_quality": "Y",
    },
    Scenario.HIDDEN: _same(address_line=HIDING_PLACE, address_confidential=1),
    Scenario.BAD_DATE: lambda _, person: {"birth_date": f"{person.client['birth_date'][:4]}-02-30"},
}


def _with_papers(draw: Draw, person: Person, ways: Ways) -> Person:
    """The same person with consent and referral, and with what is particular about them."""
    chance, scenario = draw.chance, person.scenario
    sent_on = draw.today - timedelta(days=chance.randrange(1, 15))
    bare = person.home in ways.bare
    ticked = (*ALWAYS, *(word for word in SOMETIMES if chance.random() < 0.55 or (bare and word == "CONTACT")))
    text = f"Prefers mornings. Note {draw.index:06d} of {person.home}." if chance.random() < 0.5 else None
    referral = referral_row(person, person.wanted, f"{sent_on} 09:30:00", text)
    referral["urgency"] = chance.choice(("routine", "routine", "urgent", "asap", None))
    consent = consent_row(person, person.to, sent_on - timedelta(days=chance.randrange(0, 20)), ticked)
    changes = {**_OF_THE_CONSENT, Scenario.ELSEWHERE: _elsewhere(ways)}
    if scenario in changes:
        consent |= changes[scenario](draw, person)
    client = {**person.client, **(_OF_THE_CLIENT[scenario](draw, person) if scenario in _OF_THE_CLIENT else {})}
    kin = _kin(draw, person) if person.home in ways.programs else None
    return replace(
        person,
        client=client,
        identifiers=_identifiers(draw, person),
        consent=None if scenario in _WITHOUT else consent,
        referral={**referral, **_OF_THE_REFERRAL.get(scenario, {})},
        kin=(kin[0],) if kin else (),
        situation=_situation(draw, person, kin) if person.home in ways.programs else {},
        group=chance.choice(GROUPS) if bare else "",
    )


def _identifiers(draw: Draw, person: Person) -> tuple[Row, ...]:
    if person.scenario is Scenario.CLAIMANT:
        return ()
    bad = {"value": draw.chance.choice(_BAD_UCIS)} if person.scenario is Scenario.BAD_UCI else {}
    return tuple({**row, **bad} for row in person.identifiers)


def _kin(draw: Draw, person: Person) -> tuple[Row, tuple[str, str]] | None:
    """Somebody of the same household who is a client there too, whom nobody refers: a row, and what each is to the
    other.
    """
    own = person.client
    if person.scenario is Scenario.TWIN:  # born on the same day into the same family, under another given name
        other = GIVEN[(GIVEN.index(own["first_name"]) + 1) % len(GIVEN)]
        return _relative(draw, person, other, own["birth_date"]), ("sibling", "sibling")
    if person.scenario is Scenario.AGREED and draw.chance.random() < _WITH_A_CHILD:
        given, born = draw.young(years=11, days=1200)
        return _relative(draw, person, given, born.isoformat()), ("child", "parent")
    return None


def _relative(draw: Draw, person: Person, given: str, born: str) -> Row:
    number, own = draw.count(person.home), person.client
    same = ("last_name", "birth_date_quality", "service_language", "official_language")
    named = {"client_id": number, "file_no": f"{draw.today.year}-{number:06d}", "first_name": given}
    return {**named, "birth_date": born, **{name: own[name] for name in same}}


def _situation(draw: Draw, person: Person, kin: tuple[Row, tuple[str, str]] | None) -> situation.Situation:
    found = situation.drawn(draw.chance, draw.index, person.number, draw.today)
    if kin is None:
        return found
    relative, words = kin
    numbers = draw.count(f"relations of {person.home}"), draw.count(f"relations of {person.home}")
    return {**found, **situation.related(numbers, (person.number, relative["client_id"]), words)}
