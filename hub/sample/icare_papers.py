"""What an iCARE site has of its people, as rows of workbooks and as consents; and services, as rows of a CMS. Pure.

The people are those of ``people.py``, in the columns of a CMS; here they are written as iCARE has them (program systems
2.6, 2.7), by tables of its own. iCARE knows nobody by name: a row is of a number and a birth date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import count

from hub.sample.database import Row
from hub.sample.icare_book import IDENTITY, Fields, plain, referrals
from hub.sample.people import Person, Way
from hub.sample.scenarios import UNREADABLE, Scenario

FLAGS = {  # service wanted -> the flag that says that a referral was made; what is not here, nobody is referred to
    "settlement": "knwl_life_referrals_ind", "language-training": "language_skills_referrals_ind",
    "language-assessment": "language_non_CIC_referrals_ind", "employment": "find_employment_referrals_ind",
    "credentials": "professional_networks_referrals_ind", "education": "edu_skills_devt_referrals_ind",
    "community": "community_services_referrals_ind", "housing": "housing_accommodation_referrals_ind",
    "income": "financial_referrals_ind",
}  # fmt: skip
UNSAID = frozenset(
    {  # what a row cannot tell: it has always a number, and no case, death, family, or mark of an address or a birthday
        *(Scenario.CLAIMANT, Scenario.CASE_CLOSED, Scenario.DECEASED, Scenario.HIDDEN, Scenario.NEW_YEAR),
        *(Scenario.TWIN, Scenario.CHILD, Scenario.FROM_SHELTER, Scenario.TO_HOSPITAL),
        # nor can a file of consents: the command refuses such a line
        *(Scenario.ANY_AGENCY, Scenario.ALL_PURPOSES, Scenario.NOTICE),
    }
)
FUNDER = "ircc"
FUNDED = ("IDENT", "CONTACT", "LANG", "NEEDS", "SERVICE_STATUS")  # what an agency and the funder have signed for
NOTICE_CATEGORIES = ("IDENT", "LANG", "NEEDS", "SERVICE_STATUS")
NOTICES_FROM = 6_000_000  # numbers of the notices that clients were given
_KIND = "FOSS/GCMS Client ID"
_OFFICIAL = {"en": "English", "fr": "French"}
_NOBODY_SAYS, _NO_SUCH = "Unknown/No preference", "A cousin of a friend"  # the latter is in no list
_OTHER_NEED, _OTHER_GATE = "hlth_mental_wellness_needs_ind", "non_cic_program_needs_services_required"
_OTHER_EVERY = 3  # people: one has another need too, which is nobody's business
_DETAILS = {
    "language_skills_referrals_ind": ("language_skills_needs_reason_id", "Find employment"),
    "find_employment_referrals_ind": ("find_employment_period_id", "Within one year"),
}
_ASSESSED = {  # what is the same for everybody
    "institution_type_id": "Settlement service provider", "intention_canadian_citizen_ind": "Unknown/Not sure",
    "support_required_services_required": "No", "support_received_ind": "No", "settlement_plan_ind": "Yes",
}  # fmt: skip
_SESSION = {
    "program": "NEWCOMER", "activity": "orientation", "minutes": 90, "format": "group", "delivery": "in person",
    "site_id": "S1", "language": "en",
}  # fmt: skip
_SESSION_OF = 10  # people in one session
_SESSION_DAYS = 20  # of the month on which there is one


def routed(ways: Iterable[Way]) -> list[Way]:
    """Of these the ways that an iCARE site can go: a flag leads to one service, so the first of each is taken."""
    found: dict[str, Way] = {}
    for way in ways:
        if way[2] in FLAGS:
            found.setdefault(FLAGS[way[2]], way)
    return list(found.values())


def routes(ways: Iterable[Way]) -> bytes:
    """The agency's ``routes.csv``; services are named as in ``directory.py``."""
    lines = [f"icare,NARS,{FLAGS[wanted]},{to}-{wanted}" for _, to, wanted in ways]
    assert len({line.split(",")[2] for line in lines}) == len(lines), "a flag that leads to two services"
    return "".join(f"{line}\n" for line in ("kind,list,code,service", *lines)).encode()


def whose(person: Person) -> tuple[str, str]:
    """Number and birth date, as a row has them."""
    return str(person.identifiers[0]["value"]), str(person.client["birth_date"])


def plain_number(person: Person) -> str:
    """The number as it is compared."""
    return plain(whose(person)[0])


def held(person: Person) -> set[str]:
    """Categories of which a row and its profile say something that a referral may carry."""
    speaks = {"LANG"} if person.client["official_language"] in _OFFICIAL else set[str]()
    return {"IDENT", "NEEDS", "CONTACT", *speaks}


def profile_of(person: Person) -> Fields:
    """A row of a Client Profile."""
    row = person.client
    number, name, kind = row["address_line"].split(" ")
    return {
        **_identity(person),
        "phone_no": row["phone"],
        "email_txt_ind": "Yes",
        "email_txt": row["email"],
        "street_no": number,
        "street_nme": name,
        "street_type_id": kind,
        "city_txt": row["city"],
        "province_id": "Ontario",
        "postal_txt": row["postal_code"].replace(" ", ""),
        "official_language_id": _official(row),
        "consent_ind": "No",
    }


def assessment_of(person: Person, day: date, postal_code: str) -> Fields:
    """A row of NARS with the one referral that was made, and for some with a need that nobody was told of.

    Args:
        postal_code: of the place of service.
    """
    flag = FLAGS[person.wanted]
    own, row = referrals()[flag], person.client
    at, told = _DETAILS.get(flag, ("", ""))
    other = {_OTHER_NEED: "Yes", _OTHER_GATE: "Yes"} if person.number % _OTHER_EVERY == 0 else {}
    fields = {
        **_ASSESSED,
        **_identity(person),
        "postal_cd": postal_code,
        "assessment_start_dt": day.isoformat(),
        "assessment_completed_dt": day.isoformat(),
        "assessment_language_id": _OFFICIAL[row["service_language"]],
        "preferred_official_language_id": _official(row),
        "assessment_referral_id": _NO_SUCH if person.scenario is Scenario.BAD_CODE else "Family / friends",
        _OTHER_GATE: "No",
        **other,
        flag: "Yes",
        own["need"]: "Yes",
        **({at: told} if at else {}),
    }
    return fields | ({own["gate"]: "Yes"} if own["gate"] else {})


def consent_of(person: Person, consent: Row) -> Row | None:
    """A consent as the file of the import command has it; None: its line would name nobody."""
    if person.scenario in UNREADABLE - {Scenario.BAD_CODE}:
        return None
    about = {name: person.client[name] for name in ("birth_date", "last_name", "first_name")}
    named = {"identifier_type": "UCI", "identifier_value": person.identifiers[0]["value"], **about}
    rest = {name: cell for name, cell in consent.items() if name != "client_id"}
    return {**named, "consent_id": f"S-{person.number}", **rest}


def month_before(day: date) -> date:
    """The first day of the month that is reported on a day."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def month_of_services(people: Sequence[Person], day: date) -> Iterator[tuple[str, Row]]:
    """Table and row of what a CMS has of the month before: who was told of the funder, and came to which session.

    Args:
        people: clients of one agency, each with a number and a whole birth date.
        day: on which the month before is over.
    """
    first, participants = month_before(day), count(1)
    for person in people:
        yield "consent", _notice(person, first)
    for event in range(0, len(people), _SESSION_OF):
        came = people[event : event + _SESSION_OF]
        on = first + timedelta(days=5 + event // _SESSION_OF % _SESSION_DAYS)
        times = {"started_at": f"{on} 10:00:00", "ended_at": f"{on} 11:30:00"}
        about = {**_SESSION, **times, "group_size": len(came), "funder": FUNDER}
        number = event // _SESSION_OF + 1
        yield "service_event", {"event_id": number, **about}
        for person in came:
            part = {"participant_id": next(participants), "event_id": number, "client_id": person.number}
            yield "service_participant", {**part, "attended": 1}


def told_of(person: Person) -> tuple[str, ...]:
    """Categories of which a client was told that they are reported: every second one may be asked later, too."""
    return (*NOTICE_CATEGORIES, *(("CONTACT",) if person.number % 2 else ()))


def _notice(person: Person, on: date) -> Row:
    """What a client was told: that services are reported to the funder (settled S7)."""
    return {
        "consent_id": NOTICES_FROM + person.number,
        "client_id": person.number,
        "form_id": f"N-{person.home}-{person.number}",
        "form": "NOTICE",
        "recipient_org": FUNDER,
        "purposes": "FUNDER_REPORT",
        "categories": " ".join(told_of(person)),
        "notice_version": "notice-v2",
        "language": person.client["service_language"],
        "captured_by": f"{person.home}-worker",
        "captured_at": f"{on} 09:00:00",
    }


def _identity(person: Person) -> Mapping[str, str]:
    return dict(zip(IDENTITY, (_KIND, *whose(person)), strict=True))


def _official(row: Row) -> str:
    return _OFFICIAL.get(row["official_language"], _NOBODY_SAYS)
