"""People of the sample as clients of an agency with iCARE, and what a hub would write for it, by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from hub.sample import database, icare_book, icare_papers
from hub.sample.deviations import people
from hub.sample.icare import Reporting, Settlement
from hub.sample.network import ways
from hub.sample.people import Person
from hub.sample.scenarios import Scenario

TODAY, DAY = date(2026, 6, 1), date(2026, 5, 31)
SAVED = "2026-05-31 08:00:00"


def theirs(scenarios: Sequence[Scenario], home: str = "seaway", wanted: str = "employment") -> list[Person]:
    """People of these scenarios, another one for each."""
    found: dict[Scenario, list[Person]] = {}
    for person in people(900, 3, TODAY, ways()):
        found.setdefault(person.scenario, []).append(person)
    return [
        replace(found[each].pop(0), home=home, to="lakeside", wanted=wanted, number=number)
        for number, each in enumerate(scenarios, 1)
    ]


def settlement(folder: Path, who: Sequence[Person]) -> Settlement:
    """An agency that has handed in one workbook with these."""
    site = Settlement(folder / "seaway", "seaway", "SEA-100")
    site.begin()
    site.refer(who, DAY)
    return site


def answer(site: Settlement, codes: Mapping[int, str], state: str = "SETTLED") -> None:
    """The hub's answer to the first needs assessment; rows are numbered as the spreadsheet does."""
    (path,) = (each for each in site.books() if each.name.startswith("NARS"))
    lines = [
        ",".join(icare_book.HEAD),
        f",{state},words,mots",
        *(f"{row},{code},words,mots" for row, code in codes.items()),
    ]
    (site.workbooks / f"{path.name}.hub.csv").write_bytes("\r\n".join((*lines, "")).encode("utf-8-sig"))
    site.read_answers()


def reporting(folder: Path, who: Sequence[Person], unknown: Iterable[Person] = ()) -> Reporting:
    """An agency with a CMS that has recorded services of these, whose iCARE folder is as a hub has made it."""
    site = Reporting(folder / "harbour-icare", "harbour", "HBR-200", frozenset(map(icare_papers.plain_number, unknown)))
    site.begin()
    for place in ("uploaded", "processed"):
        (site.workbooks / place).mkdir()
    db = database.create(folder / "harbour.sqlite")
    for person in who:
        database.insert(
            db, "client", {**person.client, "client_id": person.number, "file_no": f"F-{person.number}"}, SAVED
        )
        for row in person.identifiers:
            own = {**row, "identifier_id": person.number, "client_id": person.number}
            database.insert(db, "client_identifier", own, SAVED)
    for table, row in icare_papers.month_of_services(who, TODAY):
        database.insert(db, table, row, SAVED)
    db.close()
    return site


def identity(person: Person) -> dict[str, str]:
    number, born = icare_papers.plain_number(person), person.client["birth_date"]
    return dict(zip(icare_book.IDENTITY, ("FOSS/GCMS Client ID", number, born), strict=True))


def profile(person: Person, **more: str) -> dict[str, str]:
    """What the hub may write of anybody."""
    return {
        **identity(person),
        "postal_txt": person.client["postal_code"].replace(" ", ""),
        "consent_ind": "No",
        **more,
    }


def reached(person: Person) -> dict[str, str]:
    """How somebody may be reached who said so."""
    row = person.client
    safe = {
        "phone_no": row["phone"] if row["phone_safe"] else "",
        "email_txt": row["email"] if row["email_safe"] else "",
    }
    return {name: text for name, text in safe.items() if text} | {"consent_ind": "Yes"}


def session(person: Person, **more: str) -> dict[str, str]:
    """The service of the month."""
    days = {"start_dttm": "2026-05-06", "end_dttm": "2026-05-06"}
    return {**identity(person), **days, "orientation_service_id": "Group orientation", **more}


def written(site: Reporting, module: str, rows: Iterable[Mapping[str, str]]) -> str:
    """A workbook as the hub would put it there; its name."""
    name = icare_book.file_name(module, site.agreement, "202605", 1)
    (site.workbooks / name).write_bytes(icare_book.write(module, rows))
    return name
