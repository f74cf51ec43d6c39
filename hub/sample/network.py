"""The invented network: five agencies in one city, their services and agreements, and their systems.

Four have a case management system each; the fifth is a language assessment centre, a HARTS site with two folders.
Rows are those of an import file, so that the commands and the demo fill the directory alike (``directory.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

from hub.errors import Refused
from hub.sample import database, papers
from hub.sample.centre import Centre
from hub.sample.people import PEOPLE_MAX, Person, Ways, people
from hub.sample.scenarios import NEEDED, Scenario

CLIENTS_MIN = len(NEEDED)  # fewer people, and the demo has nobody to tell of
CMS, HARTS = "cms", "harts"


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency: its id is the name of its database, or folder, too.

    Args:
        program: of every case that it opens.
        services: words of service-wanted.
        site: HARTS' code of its place.
        kind: of its system.
    """

    id: str
    name: str
    program: str
    services: tuple[str, ...]
    site: str
    kind: str = CMS

    @property
    def system(self) -> str:
        """The id of its system."""
        return f"{self.id}-{self.kind}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two agencies have signed; both ways."""

    parties: tuple[str, str]
    categories: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its id in the directory."""
        return "-".join(self.parties)


AGENCIES = (
    Agency(
        "harbour", "Harbour Newcomer Centre", "NEWCOMER", ("settlement", "language-training", "language-assessment"),
        "HBR01",
    ),
    Agency("lakeside", "Lakeside Employment Services", "EMPLOYMENT", ("employment", "credentials"), "LKS01"),
    Agency("birchwood", "Birchwood Youth Programme", "YOUTH", ("education", "community"), "BCH01"),
    Agency("keystone", "Keystone Housing Help", "NEWCOMER", ("housing", "income"), "KEY01"),
)  # fmt: skip
CENTRE = Agency(
    "bridgeway",
    "Bridgeway Language Assessment Centre",
    "",
    ("language-assessment", "language-training"),
    "TOR01",
    HARTS,
)

_WHOLE = (
    "IDENT", "CONTACT", "NEEDS", "LANG", "EMPLOY", "EDUC", "FAMILY", "HOUSING", "SERVICE_STATUS", "IMMIG", "NOTES_FREE",
)  # fmt: skip
AGREEMENTS = (  # birchwood and keystone have none, nor have bridgeway and keystone
    Agreement(("harbour", "lakeside"), _WHOLE),
    Agreement(("harbour", "birchwood"), _WHOLE),
    Agreement(("harbour", "keystone"), _WHOLE),
    Agreement(("lakeside", "birchwood"), tuple(word for word in _WHOLE if word != "NOTES_FREE")),
    Agreement(("lakeside", "keystone"), tuple(word for word in _WHOLE if word != "LANG")),
    Agreement(("harbour", "bridgeway"), _WHOLE),
    Agreement(("lakeside", "bridgeway"), _WHOLE),
    Agreement(("birchwood", "bridgeway"), tuple(word for word in _WHOLE if word != "CONTACT")),
)
EVENTS = (
    "add-service-request", "revoke-service-request", "notify-add-process-request", "notify-update-process-request",
)  # fmt: skip
AGREED_FOR = timedelta(days=800)  # before the day of the sample: no consent of it is older


@dataclass(frozen=True, slots=True)
class Network:
    """A network that lies in a folder: a database for each agency, the folders of the centre, and who is in them.

    Args:
        agencies: those with a database; ``centre``: the one with folders.
    """

    folder: Path
    seed: int
    today: date
    people: tuple[Person, ...]
    agencies: tuple[Agency, ...] = AGENCIES
    centre: Agency = CENTRE
    agreements: tuple[Agreement, ...] = AGREEMENTS

    @property
    def everyone(self) -> tuple[Agency, ...]:
        """All agencies."""
        return (*self.agencies, self.centre)

    @property
    def harts(self) -> Centre:
        """The centre in its folder."""
        sites = {agency.id: agency.site for agency in self.everyone}
        return Centre(self.folder / self.centre.id, self.centre.id, sites)

    def database(self, agency: str) -> Path:
        """The file of an agency's CMS."""
        return self.folder / f"{agency}.sqlite"

    def one(self, scenario: Scenario) -> Person:
        """The first person of a scenario who is referred from one database to another."""
        centre = self.centre.id
        return next(p for p in self.people if p.scenario is scenario and centre not in (p.home, p.to))

    def one_of_centre(self, scenario: Scenario) -> Person:
        """The first person of a scenario whom the centre refers."""
        return next(p for p in self.people if p.scenario is scenario and p.home == self.centre.id)

    def sources(self) -> list[tuple[Person, str]]:
        """How the hub names everybody's first referral: system and record.

        Of the centre's it is the place of the line that has their number, in the file as it lies there.
        """
        lines = {
            client.referral.fields.get("REF_NO"): self.harts.source(file, client.referral.number)
            for file, client in self.harts.handed_in()
            if client.referral is not None
        }
        return [(person, f"{self.system(person.home)}/{self._record(person, lines)}") for person in self.people]

    def system(self, agency: str) -> str:
        """The id of an agency's system."""
        return next(each.system for each in self.everyone if each.id == agency)

    def _record(self, person: Person, lines: Mapping[str | None, str]) -> str:
        if person.home != self.centre.id:
            return f"referral_out:{person.number}"
        return lines.get(papers.ref_no(person), "no line of a file")

    @property
    def saved_at(self) -> str:
        """When all rows were saved: local time, the morning before the day of the sample."""
        return f"{self.today - timedelta(days=1)} 08:00:00"


def make_network(folder: Path, clients: int, seed: int, today: date) -> Network:
    """Write the databases and files of a network. The same clients, seed and day give the same rows and bytes.

    Args:
        folder: made if it is not there; holds no database of this network yet.
        today: the local day of the sample; all days in it count from here.

    Raises:
        Refused: too few or too many clients, no folder can be made, or a database is there already.
    """
    if not CLIENTS_MIN <= clients <= PEOPLE_MAX:
        raise Refused("clients", str(clients), f"{CLIENTS_MIN} to {PEOPLE_MAX}", "choose another number")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused("--out", error.strerror or "an error", "a folder that can be written", "name another") from None
    network = Network(folder, seed, today, tuple(people(clients, seed, today, ways())))
    for agency in network.agencies:
        db = database.create(network.database(agency.id))
        try:
            with database.saved(db):
                _write(db, network, agency)
        finally:
            db.close()
    own = [person for person in network.people if person.home == network.centre.id]
    network.harts.open(own, today - timedelta(days=1))
    return network


def ways() -> Ways:
    """Who can refer to whom: every service of another agency, with an agreement or without."""
    every = [
        (one.id, other.id, wanted)
        for one in (*AGENCIES, CENTRE)
        for other in (*AGENCIES, CENTRE)
        if one != other
        for wanted in other.services
        if one != CENTRE or wanted in papers.SERVICES
    ]
    agreed = {frozenset(agreement.parties) for agreement in AGREEMENTS}
    return Ways(
        centre=CENTRE.id,
        programs={agency.id: agency.program for agency in AGENCIES},
        open=[way for way in every if frozenset(way[:2]) in agreed],
        shut=[way for way in every if frozenset(way[:2]) not in agreed],
    )


def _write(db: Connection, network: Network, agency: Agency) -> None:
    """All rows of one agency: people first, papers after them, so that a consent stands before its referral."""
    at = network.saved_at
    own = [person for person in network.people if person.home == agency.id]
    for table, rows in _tables(own):
        for row in rows:
            database.insert(db, table, row, at)
    for person in own:
        if person.scenario is Scenario.CASE_CLOSED:  # after the referral was sent: a closed case takes none
            closed = {"status": "CLOSED", "closed_on": network.today.isoformat(), "closure_reason": "MOVED"}
            later = (datetime.fromisoformat(at) + timedelta(seconds=1)).isoformat(sep=" ")  # a save of its own
            database.update(db, "case_file", ("case_id", person.number), closed, later)
    known = (person for person in network.people if person.to == agency.id and person.known_there)
    for number, person in enumerate(known, start=len(own) + 1):
        _write_known(db, network, person, number)
    database.stamp_log(db, at)


def _tables(own: Sequence[Person]) -> Iterator[tuple[str, list[Mapping[str, object]]]]:
    yield "client", [person.client for person in own]
    yield "client_identifier", [row for person in own for row in person.identifiers]
    yield "language_result", [row for person in own for row in person.languages]
    yield "case_file", [person.case for person in own]
    yield "consent", [_numbered("consent_id", p, p.consent) for p in own if p.consent is not None]
    yield "referral", [_numbered("referral_id", p, p.referral) for p in own]


def _numbered(key: str, person: Person, row: Mapping[str, object]) -> Mapping[str, object]:
    return {key: person.number, **row}


def _write_known(db: Connection, network: Network, person: Person, number: int) -> None:
    """Somebody whom the receiving agency knows already, with the same UCI and birth date."""
    about = ("last_name", "first_name", "birth_date", "birth_date_quality", "service_language", "official_language")
    client = {name: person.client[name] for name in about}
    file_no = f"{network.today.year}-{number:06d}"
    database.insert(db, "client", {"client_id": number, "file_no": file_no, **client}, network.saved_at)
    for row in person.identifiers:
        own = {**row, "identifier_id": number, "client_id": number}
        database.insert(db, "client_identifier", own, network.saved_at)
