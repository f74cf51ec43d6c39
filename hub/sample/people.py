"""Who is there: invented people with their records, as one agency's CMS holds them. Pure, from a seed and a day.

Every person has one scenario, which is one deviation at most; what it must lead to stands beside it as a literal
(settled S55). The first people take the scenarios that the demo tells, one each; from then on they are drawn.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from hub.sample import names

Row = dict[str, Any]


class Scenario(StrEnum):
    """What is particular about a person's record."""

    AGREED = "agreed"
    WITHDRAWS = "withdraws"  # later: a second referral is saved, and the consent is withdrawn while it is under way
    LATE = "late"  # later: the consent is signed after the referral was refused
    NO_CONSENT = "no-consent"
    DRAFT = "draft"  # a mandatory field of the consent is missing
    EXPIRED = "expired"
    DECLINED = "declined"
    ELSEWHERE = "elsewhere"  # the consent names another agency
    NARROW = "narrow"  # the consent leaves out what the referral cannot do without
    NO_AGREEMENT = "no-agreement"  # the two agencies have signed nothing
    CASE_CLOSED = "case-closed"
    BAD_UCI = "bad-uci"
    BAD_CODE = "bad-code"
    BAD_DATE = "bad-date"


UNREADABLE = frozenset({Scenario.BAD_UCI, Scenario.BAD_CODE, Scenario.BAD_DATE})

EXPECTED: Mapping[Scenario, str] = {  # first code of gate 1 about the first referral; an unreadable one is no message
    Scenario.AGREED: "OK_CONSENT",
    Scenario.WITHDRAWS: "OK_CONSENT",
    Scenario.LATE: "DN_NO_CONSENT",
    Scenario.NO_CONSENT: "DN_NO_CONSENT",
    Scenario.DRAFT: "DN_PENDING",
    Scenario.EXPIRED: "DN_EXPIRED",
    Scenario.DECLINED: "DN_DIRECTIVE",
    Scenario.ELSEWHERE: "DN_RECIPIENT",
    Scenario.NARROW: "DN_REQUIRED_BLOCKED",
    Scenario.NO_AGREEMENT: "DN_NO_AGREEMENT",
    Scenario.CASE_CLOSED: "DN_CASE_CLOSED",
}

NEEDED = (Scenario.WITHDRAWS, Scenario.LATE, Scenario.BAD_UCI)  # the demo's acts are about these
TOLD = (*NEEDED, *(scenario for scenario in Scenario if scenario not in NEEDED))  # the first people, one of each
DRAWN: Mapping[Scenario, int] = {  # everyone else: how often, of 100
    Scenario.AGREED: 78,
    Scenario.NO_CONSENT: 6,
    Scenario.DRAFT: 3,
    Scenario.EXPIRED: 3,
    Scenario.DECLINED: 2,
    Scenario.ELSEWHERE: 2,
    Scenario.NARROW: 2,
    Scenario.NO_AGREEMENT: 1,
    Scenario.CASE_CLOSED: 1,
    Scenario.BAD_UCI: 1,
    Scenario.BAD_CODE: 1,
}

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
        programs: agency id to its program.
        open: (from, to, service wanted), each between agencies that have an agreement.
        shut: the same between agencies that have none.
    """

    programs: Mapping[str, str]
    open: Sequence[tuple[str, str, str]]
    shut: Sequence[tuple[str, str, str]]


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
        "form_id": f"F-{person.home}-{person.number}",
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
        "captured_by": f"{person.home}-worker",
        "captured_at": f"{signed_on} 00:00:00",
        "signed_on": signed_on.isoformat(),
        "evidence_ref": f"scan-{person.number}",
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
    scenario = TOLD[index] if index < len(TOLD) else chance.choices(list(DRAWN), list(DRAWN.values()))[0]
    told = index < len(TOLD)
    if scenario is Scenario.NO_AGREEMENT:
        home, to, wanted = chance.choice(ways.shut)
    else:  # those that the demo tells of stand on the first way: one place to look
        home, to, wanted = ways.open[0] if told else chance.choice(ways.open)
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
    levels = {skill: f"{chance.randrange(1, 10):02d}" for skill in ("listening", "speaking", "reading", "writing")}
    assessed = draw.today - timedelta(days=chance.randrange(20, 300))
    about = {"assessed_on": assessed.isoformat(), "kind": "I", "tool": chance.choice(("CLBPT", "CLBA", "BTC"))}
    seat = {"centre_site": "TOR01", "assessor": f"assessor-{index:06d}"}
    return ({"language_id": number, "client_id": number, **about, **levels, **seat},)


def _case(draw: _Draw, home: str, number: int, ways: Ways) -> Row:
    return {
        "case_id": number,
        "client_id": number,
        "program": ways.programs[home],
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
            consent["recipient_org"] = chance.choice(sorted(ways.programs.keys() - {person.home, person.to}))
        case Scenario.NARROW:
            consent["categories"] = "IDENT SERVICE_STATUS CONTACT"
        case Scenario.BAD_UCI:
            uci = {**uci, "value": chance.choice(("123 456 7", "1.1E+09", "11-2345-6"))}
        case Scenario.BAD_CODE:
            referral["urgency"] = "when there is time"
        case Scenario.BAD_DATE:
            client = {**client, "birth_date": f"{client['birth_date'][:4]}-02-30"}
    return Person(
        home=person.home,
        to=person.to,
        wanted=person.wanted,
        number=person.number,
        scenario=scenario,
        client=client,
        identifiers=(uci,),
        languages=person.languages,
        case=person.case,
        consent=consent,
        referral=referral,
        known_there=person.known_there,
    )


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
