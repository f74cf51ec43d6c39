"""The judge's part for HARTS: whose values lie in its files, and whether they may.

The centre's own clients are those of its R files that have a HARTS_NO and no number of the hub's; what the hub brought
lies in the S files. Column to category is restated here (program systems 9.4).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date

from hub.sample import database, papers
from hub.sample.database import Row
from hub.sample.harts import Client, Line
from hub.sample.network import Network
from hub.sample.permitted import Systems, about, allowed, own, spellings
from hub.sample.scenarios import EXPECTED, Scenario

_CL = {
    **dict.fromkeys(("UCI", "SURNAME", "GIVEN", "PREFERRED", "DOB", "DOB_FLAG", "SEX"), "IDENT"),
    **dict.fromkeys(("DOC_TYPE", "DOC_NO", "STATUS", "LANDING_DATE", "COUNTRY"), "IMMIG"),
    **dict.fromkeys(("ADDRESS", "CITY", "POSTAL", "PHONE", "EMAIL"), "CONTACT"),
    "LANG1": "LANG",
}
_LINES = {"AS": "LANG", "EL": "IMMIG"}
_SAYS_NOTHING = {"DOC_TYPE": "NONE", "SEX": "U", "STATUS": "OTH", "DOB_FLAG": "U"}  # a required column that is not told
_INCOMPLETE = "INFO NOT COMPLETE"
_TELLING = {"SURNAME": "last_name", "UCI": "value", "PHONE": "phone", "EMAIL": "email", "ADDRESS": "address_line"}
_PRIVATE = {**_TELLING, "GIVEN": "first_name", "HARTS_NO": "value"}


def read_own(network: Network, found: Systems) -> None:
    """Add the centre's own clients, their consents and the texts of its S files to what was read of the databases."""
    home = network.centre.id
    for number, client in _own_clients(network):
        owner = (home, number)
        found.people[owner] = _names(client.line)
        for line in client.whole:
            for column, category in _telling(line):
                if column in line.fields:
                    own(found, line.fields[column], owner, category)
    for row in network.harts.consents():
        found.consents.setdefault((home, int(row["consent_id"].partition("-")[2])), []).append(row)
    texts = (text for _, client in network.harts.received() for line in client.whole for text in line.fields.values())
    found.cells[home] = {("to_harts", text) for text in texts}


def private_values(network: Network) -> dict[str, str]:
    """Value to what it is, for everybody in the centre's own files and for the numbers that it gave."""
    values: dict[str, str] = {}
    for number, client in _own_clients(network):
        for line in client.whole:
            columns = _PRIVATE if line.record == "CL" else {"ASSESSOR": "assessor", "NOTE": "reason_text"}
            for column, spelled in columns.items():
                whose = f"{column} of client {number} of {network.centre.system}"
                values |= dict.fromkeys(spellings(spelled, line.fields.get(column)), whose)
    for number, value in enumerate(network.harts.numbers_given()):
        values[value] = f"HARTS_NO of the new client {number} of {network.centre.system}"
    return values


def judge(network: Network, systems: Systems) -> Iterator[str]:
    """Everything in the S files, and every result that came back, that was not allowed to go."""
    for file, client in network.harts.received():
        for what in _client(network, systems, client):
            yield f"{network.centre.system} {file} line {client.line.number}: {what}"
    yield from _results(network, systems)


def told_otherwise(network: Network) -> list[str]:
    """Lines of the centre whose last answer is another one than the story deserves."""
    last = {f"{network.centre.system}/{record}": said for record, said in network.harts.told()}
    wrong = [f"a file of the centre was refused: {each}" for each in network.harts.refused_files()]
    for person, source in network.sources():
        if person.home != network.centre.id:
            continue
        code = "DN_SCHEMA" if person.expected is None else EXPECTED[person.scenario]
        due = "" if code == "OK_CONSENT" or person.scenario is Scenario.LATE else code
        result = "OK" if not due else "ERR" if person.expected is None else "WARN"
        said = last.get(source)
        if said is None or (said.result, said.code) != (result, due):
            got = f"{said.result} {said.code}".strip() if said else "no answer"
            wrong.append(f"{source}: {got} in its .ACK where {result} {due} was due ({person.scenario})")
    return wrong


def _client(network: Network, systems: Systems, client: Client) -> Iterator[str]:
    """What is wrong with one client of an S file."""
    asked = client.referral
    if asked is None or asked.fields.get("STATUS") != "S":
        if client.line.fields.keys() != {"LOCAL_KEY"} or [line.record for line in client.lines] != ["RF"]:
            yield "an answer that tells more than how the referral goes"
        return
    home = next((each.id for each in network.everyone if each.site == asked.fields["FROM_SITE"]), "")
    owner = about(systems, home, _names(client.line))
    if owner is None:
        yield "is about nobody whom a sender has"
        return
    may = allowed(network, systems, owner, network.centre.id)
    whose = f"client {owner[1]} of {network.system(owner[0])}"
    if not may:
        yield f"{whose} has not agreed"
    person = systems.people[owner]
    for column, name in (("PHONE", "phone"), ("EMAIL", "email")):
        if column in client.line.fields and not person.get(f"{name}_safe", True):
            yield f"{name} of {whose}, which is not marked safe"
    if person.get("address_confidential") and {"ADDRESS", "CITY", "POSTAL"} & client.line.fields.keys():
        yield f"where {whose} lives, who may not be found"
    for line in client.whole:
        for category in sorted(_categories(line) - may):
            yield f"{line.record}: {category} of {whose}"


def _categories(line: Line) -> set[str]:
    """What a line tells."""
    if line.record == "CL":
        named = (name for name, text in line.fields.items() if _SAYS_NOTHING.get(name) != text)
        return {_CL.get(name, name) for name in named} - {"LOCAL_KEY"}
    if line.record == "RF":
        note = line.fields.get("NOTE", "").removeprefix(_INCOMPLETE).strip()
        told = {"NEEDS": line.fields.get("REASON"), "NOTES_FREE": note}
        return {category for category, text in told.items() if text}
    return {_LINES.get(line.record, line.record)}


def _results(network: Network, systems: Systems) -> Iterator[str]:
    """Language results that came with an answer, of people who have not signed for it at the centre."""
    home = network.centre.id
    signers = {
        (row["last_name"], row["birth_date"]): (home, int(row["consent_id"].partition("-")[2]))
        for row in network.harts.consents()
        if row["identifier_type"] == "LOCAL_KEY"
    }
    query = (
        "SELECT c.last_name, c.birth_date, r.to_org FROM referral r JOIN case_file f ON f.case_id = r.case_id"
        " JOIN client c ON c.client_id = f.client_id WHERE r.direction = 'OUT' AND r.referral_id = ?"
    )
    for agency in network.agencies:
        with database.connected(network.database(agency.id)) as db:
            statuses = database.select(db, "SELECT message_id, payload FROM hub_inbox WHERE kind = 'referral-status'")
            for row in statuses:
                payload = json.loads(row["payload"])
                if "language" not in payload:
                    continue
                (sent,) = database.select(db, query, [payload["referral_id"]])
                by_date = signers.get((sent["last_name"], sent["birth_date"]))
                owner = by_date or signers.get((sent["last_name"], ""))  # of whom nobody knows the day
                may = allowed(network, systems, owner, agency.id) if owner and sent["to_org"] == home else frozenset()
                if "LANG" not in may:
                    yield f"{agency.system} hub_inbox {row['message_id']}: LANG of somebody who has not agreed to it"


def _own_clients(network: Network) -> Iterator[tuple[int, Client]]:
    for _, client in network.harts.handed_in():
        if "LOCAL_KEY" not in client.line.fields:
            yield int(client.line.fields["HARTS_NO"]) - papers.FIRST_NUMBER, client


def _telling(line: Line) -> list[tuple[str, str]]:
    """Columns whose values point to one person, with their category."""
    if line.record == "CL":
        return [(column, _CL[column]) for column in _TELLING]
    return [("ASSESSOR", "LANG")] if line.record == "AS" else [("NOTE", "NOTES_FREE")]


def _names(line: Line) -> Row:
    """Name and birth date of a CL, as a CMS has them."""
    fields: Mapping[str, str] = line.fields
    born = fields.get("DOB")
    return {
        "last_name": fields.get("SURNAME", ""),
        "first_name": fields.get("GIVEN"),
        "birth_date": date.fromisoformat(born).isoformat() if born else None,
    }
