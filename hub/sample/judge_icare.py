"""The judge's part for iCARE: whose values lie in its workbooks and beside them, and whether they may.

Seaway's own clients are the rows of its needs assessments: a number and a birth date, since iCARE knows no names. What
the hub brought to an agency that reports lies in the workbooks that it wrote; whether it may is restated here from that
agency's own database, with a table of column to category of its own (program systems 2.5 to 2.8; settled S6, S7).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.sample import database
from hub.sample.database import Row
from hub.sample.icare import NOT_READ, Office, Reporting, Settlement
from hub.sample.icare_book import IDENTITY, PROFILE, Fields, Line, plain
from hub.sample.icare_papers import FUNDER
from hub.sample.people import Person
from hub.sample.permitted import Owner, Systems, normal, own, spellings
from hub.sample.scenarios import AFTERWARDS, EXPECTED, Scenario

_CONTACT = ("phone_no", "email_txt_ind", "email_txt", "street_no", "street_nme", "street_type_id",
            "street_direction_id", "unit_txt", "city_txt", "province_id")  # fmt: skip
_COLUMNS: Mapping[str, str] = {
    **dict.fromkeys((*IDENTITY, "postal_txt"), "IDENT"),
    **dict.fromkeys(_CONTACT, "CONTACT"),
    **dict.fromkeys(("official_language_id", "service_official_language_id", "preferred_official_language_id"), "LANG"),
    **dict.fromkeys(("postal_cd", "institution_type_id", "consent_ind"), ""),  # of the site; looked at by itself
}
_NEED, _OF_A_SERVICE = "_needs_ind", "SERVICE_STATUS"
_SAYS_NOTHING = "Unknown/No preference"  # a required column that is not told
_OFFICIAL = {"en": "English", "fr": "French"}
_OWN = ("official_language_id", "phone_no", "email_txt", "postal_txt")  # columns that are held against the client's row
_STREET = ("street_no", "street_nme", "street_type_id")
_WORDS = re.compile(r"[\w@.+-]+")


@dataclass(frozen=True, slots=True)
class Reported:
    """Of whom an agency reports: number and birth date to client, client to the categories of her notice.

    Args:
        days: client to the days, ISO 8601, of services for the funder that she attended.
        values: client to what her own row says, by column of a workbook; only what may be used.
        told: how many rows that the funder refused the agency's own system has heard of.
    """

    clients: Mapping[tuple[str, str], int]
    notices: Mapping[int, frozenset[str]]
    days: Mapping[int, frozenset[str]]
    values: Mapping[int, Mapping[str, str]]
    told: int


def read_own(site: Settlement, found: Systems) -> None:
    """Add the agency's own clients, their consents and the words beside its workbooks to what was read elsewhere."""
    profiles = {line.client: line.fields for _, line in site.lines(PROFILE)}
    owners: dict[tuple[str, str], Owner] = {}
    for number, (_, line) in enumerate(site.handed_in(), start=1):
        owner = owners[line.client] = (site.home, number)
        found.people[owner] = {"last_name": "", "first_name": None, "birth_date": line.client[1]}
        own(found, line.client[0], owner, "IDENT")
        for column, text in _reached(profiles.get(line.client, {})):
            own(found, text, owner, _COLUMNS.get(column, "CONTACT"))
    for row in site.consents():
        signer = owners.get((plain(row["identifier_value"]), row["birth_date"]))
        if signer is not None:
            found.consents.setdefault(signer, []).append(row)
    found.cells[site.home] = {("workbooks", word) for _, text in _texts(site) for word in _WORDS.findall(text)}


def about(found: Systems, agency: str, client: Row) -> Owner | None:
    """The one client of an agency with iCARE who is meant: by number and birth date, all that her rows say of her."""
    owners = {
        owner
        for row in client.get("identifier", ())
        for owner, category in found.owners.get(normal(row["value"]), ())
        if owner[0] == agency and category == "IDENT" and found.people[owner]["birth_date"] == client.get("birth_date")
    }
    return owners.pop() if len(owners) == 1 else None


def private_values(site: Settlement) -> dict[str, str]:
    """Value to what it is, for everybody in the agency's workbooks and in its files of consents."""
    values: dict[str, str] = {}
    profiles = {line.client: line.fields for _, line in site.lines(PROFILE)}
    numbers: dict[tuple[str, str], int] = {}
    for number, (_, line) in enumerate(site.handed_in(), start=1):
        numbers[line.client] = number
        shown = [("value", line.fields[IDENTITY[1]]), *_reached(profiles.get(line.client, {}))]
        for column, text in shown:
            spelled = spellings("phone" if column == "phone_no" else column, text)
            values |= dict.fromkeys(spelled, f"{column} of client {number} of {site.home}-icare")
    for row in site.consents():
        client = numbers.get((plain(row["identifier_value"]), row["birth_date"]))
        for column in ("last_name", "first_name"):
            whose = f"{column} of client {client} of {site.home}-icare"
            values |= dict.fromkeys(spellings(column, row[column]), whose)
    return values


def judge_words(site: Office, private: Collection[str]) -> Iterator[str]:
    """Every line beside a workbook that repeats a value of somebody: they are to say codes and columns alone.

    Args:
        private: values; one of several words is not found.
    """
    wanted = {normal(value) for value in private}
    for where, text in _texts(site):
        if any(normal(word) in wanted for word in _WORDS.findall(text)):
            yield f"{site.home}-icare {where}: a value of somebody"


def told_otherwise(site: Settlement, people: Iterable[tuple[Person, str]]) -> list[str]:
    """Rows whose last answer is another one than the story deserves.

    Args:
        people: the agency's, each with the source of the referral: system and record.
    """
    last = {f"{site.home}-icare/{record}": code for record, code in site.told()}
    wrong = [f"a workbook was refused: {each}" for each in site.refused_files()]
    for person, source in people:
        due, said = _due(person), last.get(source, "no answer")
        if said != due:
            wrong.append(f"{source}: {said} in its .hub.csv where {due} was due ({person.scenario})")
    return wrong


def read_reported(path: Path) -> Reported:
    """What the database of an agency that reports says of its clients and of the funder."""
    with database.connected(path) as db:
        people = database.select(
            db,
            "SELECT c.*, i.value FROM client c JOIN client_identifier i ON i.client_id = c.client_id"
            " WHERE i.type = 'UCI'",
        )
        noticed = database.select(
            db,
            "SELECT client_id, categories FROM consent"
            " WHERE form = 'NOTICE' AND recipient_org = ? AND withdrawn_at IS NULL",
            [FUNDER],
        )
        came = database.select(
            db,
            "SELECT p.client_id, e.started_at FROM service_participant p JOIN service_event e"
            " ON e.event_id = p.event_id WHERE p.attended = 1 AND e.funder = ?",
            [FUNDER],
        )
        told = database.select(
            db,
            "SELECT count(*) AS rows FROM hub_inbox WHERE kind = 'rejected'"
            " AND json_extract(payload, '$.participant_id') IS NOT NULL",
        )
    days: dict[int, frozenset[str]] = {}
    for row in came:
        days[row["client_id"]] = days.get(row["client_id"], frozenset()) | {row["started_at"][:10]}
    return Reported(
        clients={(plain(row["value"]), row["birth_date"]): row["client_id"] for row in people},
        notices={row["client_id"]: frozenset(row["categories"].split()) for row in noticed},
        days=days,
        values={row["client_id"]: _own_values(row) for row in people},
        told=told[0]["rows"],
    )


def _own_values(row: Row) -> Mapping[str, str]:
    """What a workbook may say of a client, as it says it."""
    found = {
        "official_language_id": _OFFICIAL.get(row["official_language"], _SAYS_NOTHING),
        "phone_no": (row["phone"] or "") if row["phone_safe"] else "",
        "email_txt": (row["email"] or "") if row["email_safe"] else "",
        "postal_txt": (row["postal_code"] or "").replace(" ", "") if not row["address_confidential"] else "",
    }
    return {name: text for name, text in found.items() if text}


def judge_reports(site: Reporting, reported: Reported, agreed: Collection[str]) -> Iterator[str]:
    """Everything in the workbooks that the hub wrote and that was not allowed to go to the funder.

    Args:
        agreed: categories of the agreement with the funder.
    """
    for file, line in site.received():
        client = reported.clients.get(line.client)
        place = f"{site.home}-icare {file} row {line.number}"
        if client is None:
            yield f"{place}: is about nobody whom the agency has"
            continue
        may = reported.notices.get(client, frozenset()) & frozenset(agreed)
        if not may:
            yield f"{place}: client {client} was told of no report"
        yield from (f"{place}: {category} of client {client}" for category in sorted(_told(line.fields) - may))
        if line.fields.get("consent_ind") == "Yes" and "CONTACT" not in may:
            yield f"{place}: client {client} has not agreed to be asked later"
        day = _day(line)
        if day and day not in reported.days.get(client, frozenset()):
            yield f"{place}: client {client} came to nothing on that day"
        said = _values(file, line.fields, may, reported.values[client])
        yield from (f"{place}: {what} of client {client}" for what in said)


def _values(file: str, fields: Fields, may: frozenset[str], own: Mapping[str, str]) -> Iterator[str]:
    """Cells that say something else than the client's own row; of a profile also how to reach her, if it is missing."""
    for name, text in fields.items():
        due = {plain(own.get(name, "")), plain(_SAYS_NOTHING)}
        if name in _OWN and _COLUMNS[name] in may and plain(text) not in due:
            yield f"another {name} than the one"
    if file.startswith(f"{PROFILE}_") and "CONTACT" in may:
        yield from (f"no {name}" for name in ("phone_no", "email_txt") if name in own and name not in fields)
        if fields.get("consent_ind") != "Yes":
            yield "no word on being asked later, to which they agreed,"


def reported_otherwise(site: Reporting, reported: Reported, month: str) -> list[str]:
    """Clients of a month of whom the funder has heard otherwise than they deserve, once everything has come to rest.

    Args:
        month: ``YYYY-MM``.
    """
    came = {client for client, days in reported.days.items() if any(day.startswith(month) for day in days)}
    due = came & reported.notices.keys()
    unknown = {client for (number, _), client in reported.clients.items() if number in site.unknown}
    profiles, services = set[int | None](), set[int | None]()
    for file, line in site.accepted():
        (profiles if file.startswith(PROFILE) else services).add(reported.clients.get(line.client))
    wrong = [f"client {each}: no profile that the funder took" for each in sorted(due - unknown - profiles)]
    wrong += [f"client {each}: no service that the funder took" for each in sorted(due - unknown - services)]
    wrong += [f"client {each}: taken, and the funder does not know them" for each in sorted(unknown & profiles)]
    wrong += [f"client {each}: a service before the profile was taken" for each in sorted(unknown & services)]
    refused = len(list(site.refused()))
    wrong += [f"{refused} rows were refused, and the agency's own system heard of {reported.told}"] * (
        refused != reported.told
    )
    return [f"{site.home}-icare {each}" for each in wrong]


def _due(person: Person) -> str:
    """The last word on somebody's referral, once everybody has signed who will."""
    if person.expected is None:
        return NOT_READ
    code = AFTERWARDS.get(person.scenario, EXPECTED[person.scenario])
    return "OK" if code == "OK_CONSENT" or person.scenario is Scenario.LATE else code


def _reached(profile: Fields) -> list[tuple[str, str]]:
    """How somebody is reached: column and value; of an address as a whole, as it is put together elsewhere."""
    street = " ".join(profile[name] for name in _STREET if name in profile)
    shown = [(name, profile[name]) for name in ("phone_no", "email_txt") if name in profile]
    return [*shown, *([("address", street)] if street else [])]


def _told(fields: Fields) -> set[str]:
    """The categories of which a row says something."""
    named = (name for name, text in fields.items() if text != _SAYS_NOTHING)
    return {_COLUMNS.get(name, "NEEDS" if name.endswith(_NEED) else _OF_A_SERVICE) for name in named} - {""}


def _day(line: Line) -> str:
    """The day of a service; "" of a profile."""
    began = line.fields.get("start_dttm") or line.fields.get("assessment_start_dt") or ""
    return began[:10]


def _texts(site: Office) -> Iterator[tuple[str, str]]:
    """What the hub has written beside the workbooks: file and line, and the line."""
    for path in sorted(site.workbooks.rglob("*.csv")):
        for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
            yield f"{path.name} line {number}", line
