"""Who is there: invented people with their records, in the columns of a CMS. Pure, from a seed and a day.

Every person has one scenario (``scenarios.py``), which is one deviation at most (``deviations.py``). The first people
take the scenarios that the demo tells; from then on they are drawn. People come one after the other and none is kept:
a million of them take no more room than one.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from hub.sample import names
from hub.sample.database import Row
from hub.sample.scenarios import DRAWN, EXPECTED, TOLD, UNREADABLE, Leg, Scenario
from hub.sample.situation import Situation

Way = tuple[str, str, str]  # from, to, service wanted

ALWAYS = ("IDENT", "NEEDS", "SERVICE_STATUS")  # without these a referral is of no use
SOMETIMES = (
    "CONTACT", "LANG", "NOTES_FREE", "EMPLOY", "EDUC", "FAMILY", "DV", "HEALTH_MENTAL", "HEALTH_PHYS",
)  # fmt: skip
REASON_OF = {  # service wanted -> why, in the CMS's words
    "settlement": "settlement", "language-training": "language", "language-assessment": "language",
    "employment": "employment", "credentials": "employment", "education": "education", "community": "isolation",
    "housing": "housing", "income": "income", "health": "settlement", "family": "settlement",
}  # fmt: skip

_BORN_FROM, _BORN_UNTIL = date(1960, 1, 1), date(2007, 1, 1)
_BIRTHDAYS = (_BORN_UNTIL - _BORN_FROM).days
_NAMED = len(names.GIVEN) * _BIRTHDAYS  # given name and birthday: nobody resembles another
PEOPLE_MAX = 1_000_000
_STEP, _NUMBERS = 1_000_003, 89_000_000  # a prime: a walk by it comes to every place once
assert PEOPLE_MAX <= _NAMED, "a given name and a birthday for each"


@dataclass(frozen=True, slots=True)
class Person:
    """One client of one agency, with everything that its CMS holds. Rows are columns of ``cms.sql``.

    Args:
        home: agency id; ``to`` and ``wanted`` are where the referral leads.
        number: ``client_id``, and the number of case, consent and referral too.
        kin: clients of the same agency who are not referred.
        situation: rows of tables that say how the person lives; a CMS alone has them.
        group: a word of CaMS for a group that a person belongs to; a CaMS site alone asks.
        known_there: the agency addressed knows this person already, as a client of its own: by a number, or by name
            alone.
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
    kin: tuple[Row, ...] = ()
    situation: Situation = field(default_factory=dict)
    group: str = ""
    known_there: Literal["", "number", "name"] = ""

    @property
    def expected(self) -> str | None:
        """The first code of gate 1 about the referral; None: it is unreadable."""
        return None if self.scenario in UNREADABLE else EXPECTED[self.scenario]


@dataclass(frozen=True, slots=True)
class Ways:
    """Who refers to whom, with what.

    Args:
        centre: the agency that keeps no cases; ``programs``: of each of the others.
        open: each between agencies that have an agreement; the first is the one that the demo tells of.
        shut: the same between agencies that have none.
        special: the ways of scenarios that need an agency of their own.
        can: agency to the scenarios that its kind of system has a place for; who is not here can say all of them.
        bare: agencies whose records say little but who it is: a name alone is no referral (I-16).
    """

    centre: str
    programs: Mapping[str, str]
    open: Sequence[Way]
    shut: Sequence[Way]
    special: Mapping[Scenario, Sequence[Way]]
    can: Mapping[str, Collection[Scenario]]
    bare: Collection[str]

    def of(self, leg: Leg) -> Way:
        """The way that the demo tells of: the first one, so that there is one place to look."""
        ends = {Leg.TOLD: (False, False), Leg.FROM_CENTRE: (True, False), Leg.TO_CENTRE: (False, True)}[leg]
        return next(way for way in self.open if (way[0] == self.centre, way[1] == self.centre) == ends)

    def drawn(self, chance: random.Random, scenario: Scenario, leg: Leg | None) -> Way:
        """A way that somebody of a scenario goes."""
        if scenario in self.special:
            return chance.choice(self.special[scenario])
        ways = self.shut if scenario is Scenario.NO_AGREEMENT else self.open
        if leg is not None and scenario is not Scenario.NO_AGREEMENT:
            return self.of(leg)
        return chance.choice([way for way in ways if way[0] not in self.can or scenario in self.can[way[0]]])


@dataclass(slots=True)
class Draw:
    """What one person takes from: nobody gets what another has.

    Args:
        index: of the person; ``chance``: theirs alone.
        counts: clients of each agency so far.
    """

    index: int
    chance: random.Random
    start: int
    today: date
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, of: str) -> int:
        """The next number, from 1: of an agency's clients, or of what else is counted."""
        self.counts[of] = self.counts.get(of, 0) + 1
        return self.counts[of]

    def young(self, *, years: int, days: int) -> tuple[str, date]:
        """A given name, and a birthday of somebody of so many years and up to so many days: nobody else's."""
        place = self.count(f"aged {years}")
        born = self.today - timedelta(days=years * 366 + place % days)
        return names.GIVEN[place // days % len(names.GIVEN)], born

    def given_and_birthday(self) -> tuple[str, date]:
        """A pair that nobody else has."""
        place = (self.start + self.index * _STEP) % _NAMED
        return names.GIVEN[place // _BIRTHDAYS], _BORN_FROM + timedelta(days=place % _BIRTHDAYS)

    def uci(self) -> str:
        """Ten digits that nobody else has."""
        return f"11{10_000_000 + (self.start + self.index * _STEP) % _NUMBERS:08d}"


def drawn(count: int, seed: int, today: date, ways: Ways) -> Iterator[tuple[Draw, Person]]:
    """So many people without their papers, and what each takes from; the same arguments give the same ones."""
    assert 0 < count <= PEOPLE_MAX, "there is a name and a birthday for each of at most PEOPLE_MAX people"
    start = random.Random(f"people/{seed}").randrange(_NAMED)  # noqa: S311 (a sample is seeded, not secret)
    counts: dict[str, int] = {}
    for index in range(count):
        chance = random.Random(f"person/{seed}/{index}")  # noqa: S311 (as above)
        draw = Draw(index, chance, start, today, counts)
        yield draw, _person(draw, ways)


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
        "text_version": "sharing-v3",  # wordings that pack ca-on knows
        "notice_version": "notice-v2",
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


def _person(draw: Draw, ways: Ways) -> Person:
    chance = draw.chance
    told = TOLD[draw.index] if draw.index < len(TOLD) else None
    scenario = told[0] if told else chance.choices(list(DRAWN), list(DRAWN.values()))[0]
    home, to, wanted = ways.drawn(chance, scenario, told[1] if told else None)
    number = draw.count(home)
    return Person(
        home=home,
        to=to,
        wanted=wanted,
        number=number,
        scenario=scenario,
        client=_client(draw, number),
        identifiers=(_uci(draw, number),),
        languages=_languages(draw, number),
        case=_case(draw, home, number, ways),
        consent=None,
        referral={},
        known_there=chance.choice(("number", "name")) if scenario is Scenario.AGREED and chance.random() < 0.1 else "",
    )


def _client(draw: Draw, number: int) -> Row:
    chance = draw.chance
    given, born = draw.given_and_birthday()
    family = chance.choice(names.BEFORE_FAMILY) + "-".join(
        (chance.choice(names.FAMILY_FIRST), chance.choice(names.FAMILY_SECOND))
    )
    home_language, country = chance.choice(names.ORIGINS)
    official = chance.choice(("en", "en", "fr", "unknown"))
    arrived = draw.today - timedelta(days=chance.randrange(60, 900))
    return {
        "client_id": number,
        "file_no": f"{draw.today.year}-{number:06d}",
        "last_name": family,
        "first_name": given,
        "preferred_name": None,
        "birth_date": born.isoformat(),
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
        "email": f"{_ascii(given)}.{draw.index}@example.org",
        "email_safe": chance.choice((1, 1, 0)),
        "address_line": f"{chance.randrange(10_000, 99_999)} {chance.choice(names.STREETS)} Street",
        "city": "Toronto",
        "province": "ON",
        "postal_code": chance.choice(names.POSTAL_CODES),
        "address_confidential": 0,
    }


def _uci(draw: Draw, number: int) -> Row:
    digits = draw.uci()
    written = f"{digits[:2]}-{digits[2:6]}-{digits[6:]}" if draw.chance.random() < 0.3 else digits
    return {"identifier_id": number, "client_id": number, "type": "UCI", "value": written}


def _languages(draw: Draw, number: int) -> tuple[Row, ...]:
    chance = draw.chance
    if chance.random() < 0.25:
        return ()
    levels = {skill: f"{chance.randrange(1, 9):02d}" for skill in ("listening", "speaking", "reading", "writing")}
    assessed = draw.today - timedelta(days=chance.randrange(20, 300))
    about = {"assessed_on": assessed.isoformat(), "kind": "I", "tool": chance.choice(("CLBPT", "CLBA", "BTC"))}
    seat = {"centre_site": "TOR01", "assessor": f"A-{draw.index:06d}"}
    return ({"language_id": number, "client_id": number, **about, **levels, **seat},)


def _case(draw: Draw, home: str, number: int, ways: Ways) -> Row:
    return {
        "case_id": number,
        "client_id": number,
        "program": ways.programs.get(home),  # the centre keeps no cases
        "opened_on": (draw.today - timedelta(days=draw.chance.randrange(40, 300))).isoformat(),
        "worker": f"{home}-worker",
        "status": "OPEN",
    }


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return plain.lower()
