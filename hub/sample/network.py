"""The invented network as it lies in a folder: a database for each case management system, folders for the others.

Everybody is written one after the other, in one pass; what is interrupted leaves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from sqlite3 import Connection, OperationalError
from tempfile import TemporaryDirectory
from typing import TypeVar

from hub.errors import Refused, Unavailable
from hub.sample import database, icare_papers, papers
from hub.sample.agencies import (
    AGREEMENTS,
    CAMS_SITE,
    CENTRE,
    REPORTING,
    SETTLEMENT,
    WITH_A_CMS,
    Agency,
    Agreement,
    ways,
)
from hub.sample.cams import Cams
from hub.sample.centre import Centre
from hub.sample.deviations import people
from hub.sample.icare import Reporting, Settlement
from hub.sample.people import PEOPLE_MAX, Person
from hub.sample.scenarios import NEEDED, Scenario

CLIENTS_MIN = len(NEEDED)  # fewer people, and the demo has nobody to tell of
KNOWN_FROM = 5_000_000  # numbers of clients who are known already at the agency to which they are referred
TOLD_EVERY = 1_000  # people
REPORTED_MAX = 40  # clients of one agency whose month is reported to the funder
HALF = ".being-made-"  # begins the name of what is not whole yet
Tell = Callable[[int], None]
_Key = TypeVar("_Key")


TOLD_FOR = timedelta(days=4)  # how long a story of it lasts: what begins meanwhile counts
AGREED_FOR = timedelta(days=800)  # before the day of the sample: no consent of it is older


@dataclass(frozen=True, slots=True)
class Network:
    """A network that lies in a folder, and who is in it.

    Args:
        clients: how many people; ``agencies``: those with a database; ``centre``, ``cams_site``, ``settlement``: those
            with folders; ``reports``: which of the first reports to a funder, by a system beside its database.
    """

    folder: Path
    seed: int
    today: date
    clients: int
    agencies: tuple[Agency, ...] = WITH_A_CMS
    centre: Agency = CENTRE
    cams_site: Agency = CAMS_SITE
    settlement: Agency = SETTLEMENT
    reports: Agency = REPORTING
    agreements: tuple[Agreement, ...] = AGREEMENTS

    @property
    def everyone(self) -> tuple[Agency, ...]:
        """All agencies."""
        return (*self.agencies, self.centre, self.cams_site, self.settlement)

    @property
    def cams(self) -> Cams:
        """The employment service with CaMS, in its folder."""
        sites = {agency.id: agency.sds for agency in self.everyone}
        return Cams(self.folder / self.cams_site.id, self.cams_site.id, sites)

    @property
    def icare(self) -> Settlement:
        """The settlement agency with iCARE alone, in its folder."""
        return Settlement(self.folder / self.settlement.id, self.settlement.id, "SEA-100")

    @property
    def reporting(self) -> Reporting:
        """The iCARE site by which an agency reports its services. The funder does not find the last of its clients."""
        unknown = [icare_papers.plain_number(person) for person in self.reported()[1:]][-1:]
        return Reporting(self.folder / self.reports.system, self.reports.id, "HBR-200", frozenset(unknown))

    def reported(self) -> list[Person]:
        """Clients of that agency who came to something in the month before, and were told that it is reported."""
        theirs = (p for p in self.people() if p.home == self.reports.id and p.scenario is Scenario.AGREED)
        return list(islice(theirs, REPORTED_MAX))

    @property
    def sites(self) -> tuple[Centre, Cams, Settlement]:
        """Those whose system is files."""
        return self.harts, self.cams, self.icare

    @property
    def harts(self) -> Centre:
        """The centre in its folder."""
        sites = {agency.id: agency.site for agency in self.everyone}
        return Centre(self.folder / self.centre.id, self.centre.id, sites)

    def database(self, agency: str) -> Path:
        """The file of an agency's CMS."""
        return self.folder / f"{agency}.sqlite"

    def people(self) -> Iterator[Person]:
        """Everybody, made anew: nobody is kept."""
        return people(self.clients, self.seed, self.today, ways())

    def one(self, scenario: Scenario) -> Person:
        """The first person of a scenario who is referred from one database to another."""
        centre = self.centre.id
        return next(p for p in self.people() if p.scenario is scenario and centre not in (p.home, p.to))

    def one_to_centre(self) -> Person:
        """The first person who has agreed and is referred to the centre."""
        return next(p for p in self.people() if p.scenario is Scenario.AGREED and p.to == self.centre.id)

    def one_of_centre(self, scenario: Scenario) -> Person:
        """The first person of a scenario whom the centre refers."""
        return next(p for p in self.people() if p.scenario is scenario and p.home == self.centre.id)

    def sources(self) -> Iterator[tuple[Person, str]]:
        """How the hub names everybody's first referral: system and record.

        Of those that hand in files it is the place of the line, package or row that has their number, as it lies there.
        Lines and rows lie in the order of the people, so that none is kept.
        """
        line, row = _in_order(self._lines()), _in_order(self.icare.records())
        record_of: Mapping[str, Callable[[Person], str | None]] = {
            self.centre.id: lambda person: line(papers.ref_no(person)),
            self.cams_site.id: self.cams.source_of,
            self.settlement.id: lambda person: row(icare_papers.whose(person)),
        }
        for person in self.people():
            at_a_site = record_of.get(person.home)
            record = at_a_site(person) if at_a_site else f"referral_out:{person.number}"
            yield person, f"{self.system(person.home)}/{record or 'in no file'}"

    def _lines(self) -> Iterator[tuple[str, str]]:
        """Of every line of the centre that is a referral, its number and how the hub names it."""
        for file, client in self.harts.handed_in():
            if client.referral is not None:
                yield client.referral.fields.get("REF_NO", ""), self.harts.source(file, client.referral.number)

    def system(self, agency: str) -> str:
        """The id of an agency's system."""
        return next(each.system for each in self.everyone if each.id == agency)

    @property
    def saved_at(self) -> str:
        """When all rows were saved: local time, the morning before the day of the sample."""
        return f"{self.today - timedelta(days=1)} 08:00:00"


def make_network(folder: Path, clients: int, seed: int, today: date, tell: Tell = lambda _: None) -> Network:
    """Write the databases and files of a network. The same clients, seed and day give the same rows and bytes.

    Args:
        folder: made if it is not there; else empty.
        today: the local day of the sample; all days in it count from here.
        tell: told now and then how many people stand.

    Raises:
        Refused: too few or too many clients, no folder can be made, or something lies in it.
        Unavailable: the disk is full.
    """
    if not CLIENTS_MIN <= clients <= PEOPLE_MAX:
        raise Refused("clients", str(clients), f"{CLIENTS_MIN} to {PEOPLE_MAX}", "choose another number")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused("--out", error.strerror or "an error", "a folder that can be written", "name another") from None
    _must_be_empty(folder)
    try:
        with TemporaryDirectory(prefix=HALF, dir=folder) as half:  # what is interrupted leaves nothing
            _write(Network(Path(half), seed, today, clients), tell)
            _must_be_empty(folder)  # another may have been as fast
            for path in sorted(Path(half).iterdir()):
                path.rename(folder / path.name)
    except OperationalError as error:
        raise Unavailable("--out", error.sqlite_errorname, "room for databases", "make room there") from None
    return Network(folder, seed, today, clients)


def _in_order(found: Iterator[tuple[_Key, str]]) -> Callable[[_Key], str | None]:
    """Who asks by the keys of some pairs in their order gets what stands with each; None for a key that is not next."""
    ahead = next(found, None)

    def of(key: _Key) -> str | None:
        nonlocal ahead
        if ahead is None or ahead[0] != key:
            return None
        record, ahead = ahead[1], next(found, None)
        return record

    return of


def _must_be_empty(folder: Path) -> None:
    if any(not path.name.startswith(HALF) for path in folder.iterdir()):
        raise Refused("--out", "a folder that is not empty", "an empty one, or none yet", "name another folder")


def _write(network: Network, tell: Tell) -> None:
    """Everybody, one after the other: people first, papers after them, so that a consent stands before its referral."""
    with ExitStack() as open_ones:
        databases: dict[str, Connection] = {}
        for each in network.agencies:
            databases[each.id] = database.create(network.database(each.id))
            open_ones.callback(databases[each.id].close)
        for db in databases.values():
            open_ones.enter_context(database.saved(db))
        _write_all(databases, network, tell)
        for db in databases.values():
            database.stamp_log(db, network.saved_at)


def _write_all(databases: Mapping[str, Connection], network: Network, tell: Tell) -> None:
    day, sites = network.today - timedelta(days=1), {site.home: site for site in network.sites}
    for site in sites.values():
        site.begin()
    theirs: dict[str, list[Person]] = {home: [] for home in sites}
    known: Counter[str] = Counter()
    for count, person in enumerate(network.people(), start=1):
        if person.home in sites:
            theirs[person.home].append(person)
        else:
            _write_one(databases[person.home], network, person)
        if person.known_there and person.to in databases:
            known[person.to] += 1
            _write_known(databases[person.to], network, person, KNOWN_FROM + known[person.to])
        if len(theirs.get(person.home, ())) == papers.FILE_MAX:
            sites[person.home].refer(theirs[person.home], day)
            theirs[person.home].clear()
        if count % TOLD_EVERY == 0:
            tell(count)
    for home, some in theirs.items():
        sites[home].refer(some, day)
    network.reporting.begin()
    _write_month(databases[network.reports.id], network)


def _write_month(db: Connection, network: Network) -> None:
    events = []
    for table, row in icare_papers.month_of_services(network.reported(), network.today):
        number = database.insert(db, table, row, network.saved_at)
        events += [number] if table == "service_event" else []
    for number in events:  # else it says when its last participant was saved
        database.update(db, "service_event", ("event_id", number), {}, network.saved_at)


def _write_one(db: Connection, network: Network, person: Person) -> None:
    at = network.saved_at
    for row in (person.client, *person.kin):
        database.insert(db, "client", row, at)
    for row in person.identifiers:
        database.insert(db, "client_identifier", row, at)
    for row in person.languages:
        database.insert(db, "language_result", row, at)
    database.insert(db, "case_file", person.case, at)
    for table, rows in person.situation.items():
        for row in rows:
            database.insert(db, table, row, at)
    if person.situation.get("presenting_issue"):
        database.update(db, "case_file", ("case_id", person.number), {}, at)  # else it says when the sample was made
    if person.consent is not None:
        database.insert(db, "consent", {"consent_id": person.number, **person.consent}, at)
    database.insert(db, "referral", {"referral_id": person.number, **person.referral}, at)
    if person.scenario is Scenario.CASE_CLOSED:  # after the referral was sent: a closed case takes none
        closed = {"status": "CLOSED", "closed_on": network.today.isoformat(), "closure_reason": "MOVED"}
        later = (datetime.fromisoformat(at) + timedelta(seconds=1)).isoformat(sep=" ")  # a save of its own
        database.update(db, "case_file", ("case_id", person.number), closed, later)


def _write_known(db: Connection, network: Network, person: Person, number: int) -> None:
    """Somebody whom the receiving agency knows already: with the same number and birth date, or by name alone."""
    about = ("last_name", "first_name", "birth_date", "birth_date_quality", "service_language", "official_language")
    client = {name: person.client[name] for name in about}
    file_no = f"{network.today.year}-{number:06d}"
    database.insert(db, "client", {"client_id": number, "file_no": file_no, **client}, network.saved_at)
    for row in person.identifiers if person.known_there == "number" else ():
        own = {**row, "identifier_id": number, "client_id": number}
        database.insert(db, "client_identifier", own, network.saved_at)
