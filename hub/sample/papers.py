"""What the assessment centre has of its people, as lines of a HARTS file and as a file of consents. Pure.

The people are those of ``people.py``, in the columns of a CMS; here they are written as HARTS writes them (program
systems 4.5), by tables of its own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date

from hub.sample.database import Row
from hub.sample.harts import Draft
from hub.sample.people import Person, signed
from hub.sample.scenarios import Scenario

SERVICES = {  # service wanted -> TO_SERVICE; what is not here, a centre does not refer to
    "language-training": "", "language-assessment": "ASM", "settlement": "SET", "employment": "EMP", "housing": "HOU",
}  # fmt: skip
STATES = {"A": "ACCEPTED", "W": "WAITLISTED", "D": "DECLINED", "N": "NO_SHOW", "X": "WITHDRAWN"}
_SEXES = {"woman": "F", "man": "M", "non-binary": "X"}
_REASONS = {"settlement": "SET", "language": "LNG", "employment": "EMP", "housing": "HOU"}
_NO_SERVICE = "ZZZ"  # what a bad line has as TO_SERVICE
FIRST_NUMBER = 40_000_000  # HARTS_NO of those whom the centre had before the hub
FILE_MAX = 2_500  # clients of a file
_UCI_WIDTH = 10


def harts_no(person: Person) -> str:
    """The number of a client of the centre."""
    return str(FIRST_NUMBER + person.number)


def ref_no(person: Person) -> str:
    """The centre's own number of a client's referral."""
    return f"B-{person.number:06}"


def lines_of(person: Person, sites: Mapping[str, str]) -> list[Draft]:
    """CL, AS and RF of somebody whom the centre refers.

    Args:
        sites: agency to HARTS' code of its site.
    """
    results = [("AS", "A", _assessment(row)) for row in person.languages]
    return [("CL", "A", _client(person)), *results, ("RF", "A", _referral(person, sites))]


def consent_of(person: Person, consent: Row) -> Row:
    """A consent of a client of the centre, as the file of the import command has it."""
    about = {name: person.client[name] for name in ("birth_date", "last_name", "first_name")}
    named = {"identifier_type": "HARTS", "identifier_value": harts_no(person), **about}
    rest = {name: cell for name, cell in consent.items() if name != "client_id"}
    return {**named, "consent_id": f"B-{person.number}", **rest}


def consent_for_result(home: str, client: Mapping[str, str], number: int, recipient: str, day: date) -> Row:
    """What somebody signs at the centre, so that the result may go back to who referred them (C-71).

    Args:
        client: CL fields as they came, with LOCAL_KEY.
        number: of the consent among the centre's.
    """
    born = client.get("DOB", "") if client.get("DOB_FLAG", "E") == "E" else ""  # else nobody knows the day
    named = {
        "identifier_type": "LOCAL_KEY",
        "identifier_value": client["LOCAL_KEY"],
        "birth_date": date.fromisoformat(born).isoformat() if born else "",
        "last_name": client["SURNAME"],
        "first_name": client.get("GIVEN", ""),
    }
    said = signed(home, number, "en", recipient, day, ("IDENT", "NEEDS", "SERVICE_STATUS", "LANG"))
    return {**named, "consent_id": f"B-{number}", **said}


def as_csv(rows: Sequence[Row]) -> bytes:
    """Consents as a CSV file (RFC 4180, UTF-8)."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, sorted({name for row in rows for name in row}), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def compact(day: str) -> str:
    """``YYYY-MM-DD``, with a time or without, as HARTS writes a day."""
    return day[:10].replace("-", "")


def _client(person: Person) -> Mapping[str, str]:
    row = person.client
    uci = str(person.identifiers[0]["value"])
    return {
        "HARTS_NO": harts_no(person),
        "UCI": uci if len(uci) <= _UCI_WIDTH else uci.replace("-", ""),
        "DOC_TYPE": "PR" if row["status_in_canada"] == "PR" else "NONE",
        "SURNAME": row["last_name"],
        "GIVEN": row["first_name"],
        "DOB": compact(row["birth_date"]),
        "DOB_FLAG": row["birth_date_quality"],
        "SEX": _SEXES.get(row["gender"], "U"),
        "STATUS": row["status_in_canada"],
        "LANDING_DATE": compact(row["arrival_date"]),
        "COUNTRY": row["country_of_origin"],
        "LANG1": row["home_language"],
        "ADDRESS": row["address_line"],
        "CITY": row["city"],
        "POSTAL": row["postal_code"].replace(" ", ""),
        "PHONE": row["phone"].replace("-", ""),
        "EMAIL": row["email"],
    }


def _assessment(row: Row) -> Mapping[str, str]:
    levels = {"L": "listening", "S": "speaking", "R": "reading", "W": "writing"}
    about = {"ASSESS_DATE": compact(row["assessed_on"]), "TYPE": row["kind"], "TOOL": row["tool"]}
    seat = {"CENTRE": row["centre_site"], "ASSESSOR": row["assessor"]}
    return {**about, **{column: row[skill] for column, skill in levels.items()}, **seat}


def _referral(person: Person, sites: Mapping[str, str]) -> Mapping[str, str]:
    row = person.referral
    bad = person.scenario is Scenario.BAD_CODE
    return {
        "REF_NO": ref_no(person),
        "FROM_SITE": sites[person.home],
        "TO_SITE": sites[person.to],
        "TO_SERVICE": _NO_SERVICE if bad else SERVICES[person.wanted],
        "REF_DATE": compact(row["sent_at"]),
        "STATUS": "S",
        "REASON": _REASONS[row["reason_code"]],
        "NOTE": row["reason_text"] or "",
    }
