"""Who is there: invented people with their records, in the columns of a CMS. Pure, from a seed and a day.

Every person has one scenario (``scenarios.py``), which is one deviation at most. The first people take the scenarios
that the demo tells; from then on they are drawn.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from hub.sample import names
from hub.sample.scenarios import DRAWN, EXPECTED, TOLD, UNREADABLE, Leg, Scenario

Row = dict[str, Any]


ALWAYS = ("IDENT", "NEEDS", "SERVICE_STATUS")  # without these a referral is of no use
SOMETIMES = ("CONTACT", "LANG", "NOTES_FREE", "EMPLOY", "EDUC", "FAMILY")
MANDATORY = ("given_by", "capacity_basis", "notice_version", "captured_by", "receipt_channel", "signed_on")
TEXT_VERSION, NOTICE_VERSION = "sharing-v3", "notice-v2"  # wordings that pack ca-on knows

REASON_OF = {  # service wanted -> why, in the CMS's words
    "settlement": "settlement", "language-training": "language", "language-assessment": "language",
    "employment": "employment", "credentials": "employment", "education": "education", "community": "isolation",
    "housing": "housing", "income": "income",
}  # fmt: skip

_BORN_FROM, _BORN_UNTIL = date(1960, 1, 1), date(2007, 1, 1)
PEOPLE_MAX = (_BORN_UNTIL - _BORN_FROM).days  # a birthday each: nobody resembles a namesake


@dataclass(frozen=True, slots=True)
class Person:
    """One client of one agency, with everything that its CMS holds. Rows are columns of ``cms.sql``.

    Args:
        home: agency id; ``to`` and ``wanted`` are where the referral leads.
        number: ``client_id``, and the number of case, consent and referral too.
        known_there: the agency addressed knows this person already, as a client of its own.
    """

    home: str
    to: str
    wanted: str
    number: int
    scenario: Scenario
    client: Row
    identifiers: tuple[Row, ...]
    languages: tuple[Row, ...]
    case: Row
    consent: Row | None
    referral: Row
    known_there: bool = False

    @property
    def expected(self) -> str | None:
        """The first code of gate 1 about the referral; None: it is unreadable."""
        return None if self.scenario in UNREADABLE else EXPECTED[self.scenario]


@dataclass(frozen=True, slots=True)
class Ways:
    """Who refers to whom, with what.

    Args:
        centre: the agency that keeps no cases; ``programs``: of each of the others.
        open: (from, to, service wanted), each between agencies that have an agreement.
        shut: the same between agencies that have none.
    """

    centre: str
    programs: Mapping[str, str]
    open: Sequence[tuple[str, str, str]]
    shut: Sequence[tuple[str, str, str]]

    def of(self, leg: Leg) -> tuple[str, str, str]:
        """The way that the demo tells of: the first one, so that there is one place to look."""
        ends = {Leg.TOLD: (False, False), Leg.FROM_CENTRE: (True, False), Leg.TO_CENTRE: (False, True)}[leg]
        return next(way for way in self.open if (way[0] == self.centre, way[1] == self.centre) == ends)


@dataclass(slots=True)
class _Draw:
    """What each person takes from: nobody gets what another has."""

    chance: random.Random
    today: date
    families: Iterator[str]
    birthdays: Iterator[date]
    numbers: Iterator[int]
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, home: str) -> int:
        self.counts[home] = self.counts.get(home, 0) + 1
        return self.counts[home]


def people(count: int, seed: int, today: date, ways: Ways) -> list[Person]:
    """So many people; the same arguments give the same ones."""
    assert 0 < count <= PEOPLE_MAX, "there is a birthday for each of at most PEOPLE_MAX people"
    chance = random.Random(f"people/{seed}")  # noqa: S311 (a sample is seeded, not secret)
    span = (_BORN_UNTIL - _BORN_FROM).days
    draw = _Draw(
        chance,
        today,
        families=iter(_families(chance)),
        birthdays=(_BORN_FROM + timedelta(days=n) for n in chance.sample(range(span), count)),
        numbers=iter(chance.sample(range(10_000_000, 99_000_000), count)),
    )
    return [_person(draw, index, ways) for index in range(count)]


def consent_row(person: Person, recipient: str, signed_on: date, categories: Sequence[str]) -> Row:
    """A signed consent with everything to be ACTIVE, for one recipient and referrals."""
    language = person.client["service_language"]
    return {
        "client_id": person.number,
        **signed(person.home, person.number, language, recipient, signed_on, categories),
    }


def signed(home: str, number: int, language: str, recipient: str, signed_on: date, categories: Sequence[str]) -> Row:
    """The same without the client: what the form with this number says."""
    return {
        "form_id": f"F-{home}-{number}",
        "given_by": "SELF",
        "capacity_basis": "PRESUMED",
        "form": "WRITTEN",
        "valid_from": signed_on.isoformat(),
        "expires_on": (signed_on + timedelta(days=365)).isoformat(),
        "recipient_org": recipient,
        "purposes": "REFERRAL",
        "categories": " ".join(categories),
        "text_version": TEXT_VERSION,
        "notice_version": NOTICE_VERSION,
        "language": language,
        "client_reads": language,
        "explained": "what who why risk may-refuse",
        "not_condition": 1,
        "captured_by": f"{home}-worker",
        "captured_at": f"{signed_on} 00:00:00",
        "signed_on": signed_on.isoformat(),
        "evidence_ref": f"scan-{number}",
        "receipt_at": f"{signed_on} 00:00:00",
        "receipt_channel": "PAPER",
    }


def referral_row(person: Person, wanted: str, sent_at: str, text: str | None = None) -> Row:
    """A referral that is to leave by the hub."""
    return {
        "case_id": person.number,
        "direction": "OUT",
        "from_org": person.home,
        "to_org": person.to,
        "service_wanted": wanted,
        "urgency": "routine",
        "reason_code": REASON_OF[wanted],
        "reason_text": text,
        "channel": "hub",
        "sent_at": sent_at,
        "status": "SENT",
        "status_at": sent_at,
        "worker": f"{person.home}-worker",
    }


def _families(chance: random.Random) -> list[str]:
    families = [
        f"{before}{first}-{second}"
        for before in names.BEFORE_FAMILY
        for first in names.FAMILY_FIRST
        for second in names.FAMILY_SECOND
    ]
    pairs = len(names.FAMILY_FIRST) * len(names.FAMILY_SECOND)
    plain, rest = families[:pairs], families[pairs:]
    chance.shuffle(plain)
    chance.shuffle(rest)
    return plain + rest


def _person(draw: _Draw, index: int, ways: Ways) -> Person:
    chance = draw.chance
    told = TOLD[index] if index < len(TOLD) else None
    scenario = told[0] if told else chance.choices(list(DRAWN), list(DRAWN.values()))[0]
    home, to, wanted = _way(chance, scenario, told[1] if told else None, ways)
    number = draw.count(home)
    person = Person(
        home=home,
        to=to,
        wanted=wanted,
        number=number,
        scenario=scenario,
        client=_client(draw, number),
        identifiers=(_uci(draw, number),),
        languages=_languages(draw, number, index),
        case=_case(draw, home, number, ways),
        consent=None,
        referral={},
        known_there=scenario is Scenario.AGREED and chance.random() < 0.1,
    )
    return _with_papers(draw, person, index, ways)


def _way(chance: random.Random, scenario: Scenario, leg: Leg | None, ways: Ways) -> tuple[str, str, str]:
    if scenario is Scenario.NO_AGREEMENT:
        return chance.choice([way for way in ways.shut if leg is None or ways.centre not in way])
    if leg is not None:
        return ways.of(leg)
    cases = scenario is Scenario.CASE_CLOSED
    return chance.choice([way for way in ways.open if not cases or way[0] in ways.programs])


def _client(draw: _Draw, number: int) -> Row:
    chance = draw.chance
    given, family = chance.choice(names.GIVEN), next(draw.families)
    home_language, country = chance.choice(names.ORIGINS)
    official = chance.choice(("en", "en", "fr", "unknown"))
    arrived = draw.today - timedelta(days=chance.randrange(60, 900))
    return {
        "client_id": number,
        "file_no": f"{draw.today.year}-{number:06d}",
        "last_name": family,
        "first_name": given,
        "preferred_name": None,
        "birth_date": next(draw.birthdays).isoformat(),
        "birth_date_quality": "E",
        "gender": chance.choice(("woman", "man", "woman", "man", "non-binary", "prefer not to say")),
        "status_in_canada": chance.choice(("PR", "PP", "RC", "CUAET", "WP")),
        "status_date": (arrived + timedelta(days=30)).isoformat(),
        "arrival_date": arrived.isoformat(),
        "country_of_origin": country,
        "home_language": home_language,
        "service_language": "fr" if official == "fr" else "en",
        "official_language": official,
        "interpreter_needed": chance.choice((0, 0, 1)),
        "phone": f"{chance.choice(names.AREA_CODES)}-555-01{chance.randrange(100):02d}",
        "phone_safe": chance.choice((1, 1, 1, 0, None)),
        "email": f"{_ascii(given)}.{_ascii(family)}@example.org",
        "email_safe": chance.choice((1, 1, 0)),
        "address_line": f"{chance.randrange(10_000, 99_999)} {chance.choice(names.STREETS)} Street",
        "city": "Toronto",
        "province": "ON",
        "postal_code": chance.choice(names.POSTAL_CODES),
        "address_confidential": 1 if chance.random() < 0.05 else 0,
    }


def _uci(draw: _Draw, number: int) -> Row:
    digits = f"11{next(draw.numbers):08d}"
    written = f"{digits[:2]}-{digits[2:6]}-{digits[6:]}" if draw.chance.random() < 0.3 else digits
    return {"identifier_id": number, "client_id": number, "type": "UCI", "value": written}


def _languages(draw: _Draw, number: int, index: int) -> tuple[Row, ...]:
    chance = draw.chance
    if chance.random() < 0.25:
        return ()
    levels = {skill: f"{chance.randrange(1, 9):02d}" for skill in ("listening", "speaking", "reading", "writing")}
    assessed = draw.today - timedelta(days=chance.randrange(20, 300))
    about = {"assessed_on": assessed.isoformat(), "kind": "I", "tool": chance.choice(("CLBPT", "CLBA", "BTC"))}
    seat = {"centre_site": "TOR01", "assessor": f"A-{index:06d}"}
    return ({"language_id": number, "client_id": number, **about, **levels, **seat},)


def _case(draw: _Draw, home: str, number: int, ways: Ways) -> Row:
    return {
        "case_id": number,
        "client_id": number,
        "program": ways.programs.get(home),  # the centre keeps no cases
        "opened_on": (draw.today - timedelta(days=draw.chance.randrange(40, 300))).isoformat(),
        "worker": f"{home}-worker",
        "status": "OPEN",
    }


def _with_papers(draw: _Draw, person: Person, index: int, ways: Ways) -> Person:
    """The same person with consent and referral, and with what is wrong with them."""
    chance, scenario = draw.chance, person.scenario
    sent_on = draw.today - timedelta(days=chance.randrange(1, 15))
    ticked = (*ALWAYS, *(word for word in SOMETIMES if chance.random() < 0.55))
    text = f"Prefers mornings. Note {index:06d} of {person.home}." if chance.random() < 0.5 else None
    referral = referral_row(person, person.wanted, f"{sent_on} 09:30:00", text)
    referral["urgency"] = chance.choice(("routine", "routine", "urgent", "asap", None))
    consent: Row | None = consent_row(person, person.to, sent_on - timedelta(days=chance.randrange(0, 20)), ticked)
    assert consent is not None
    uci, client = person.identifiers[0], person.client
    match scenario:
        case Scenario.NO_CONSENT | Scenario.LATE:
            consent = None
        case Scenario.DRAFT:
            consent[chance.choice(MANDATORY)] = None
        case Scenario.EXPIRED:
            consent |= _in_force(draw.today - timedelta(days=400), draw.today - timedelta(days=35))
        case Scenario.DECLINED:
            consent["declined"] = 1
        case Scenario.ELSEWHERE:
            consent["recipient_org"] = chance.choice(
                sorted({home for home, *_ in ways.open} - {person.home, person.to})
            )
        case Scenario.NARROW:
            consent["categories"] = "IDENT SERVICE_STATUS CONTACT"
        case Scenario.BAD_UCI:
            uci = {**uci, "value": chance.choice(("123 456 7", "1.1E+09", "11-2345-6"))}
        case Scenario.BAD_CODE:
            referral["urgency"] = "when there is time"
        case Scenario.BAD_DATE:
            client = {**client, "birth_date": f"{client['birth_date'][:4]}-02-30"}
    return replace(person, client=client, identifiers=(uci,), consent=consent, referral=referral)


def _in_force(valid_from: date, expires_on: date) -> Row:
    return {
        "valid_from": valid_from.isoformat(),
        "expires_on": expires_on.isoformat(),
        "signed_on": valid_from.isoformat(),
        "captured_at": f"{valid_from} 00:00:00",
        "receipt_at": f"{valid_from} 00:00:00",
    }


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.lower()
