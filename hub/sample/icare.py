"""Agencies with iCARE: one whose workbooks say whom it refers, and one that reports its services to the funder.

Each has one folder for its workbooks, in which the hub writes, too, and keeps copies of what the hub said. What they
know lies in their own files alone, so everything can be counted again from them.

    workbooks            what a worker has filled in, and what the hub wrote; ``.hub.csv`` and ``.todo.csv`` beside them
    workbooks/uploaded   given to iCARE; ``workbooks/processed``: iCARE has answered, with what it returned
    kept                 each answer of the hub as it was read: one is replaced when a row settles
    consents-…           what a worker gave to ``hub consent import``: iCARE holds none
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from hub.sample import icare_book as book
from hub.sample import icare_papers
from hub.sample.icare_book import DETAILS, NARS, PROFILE, ROWS_MAX, Fields, Line, Word
from hub.sample.people import Person
from hub.sample.site import Site, write_whole

UPLOADED, PROCESSED = "uploaded", "processed"
PLACES = ("", UPLOADED, PROCESSED)
POSTAL_CODE, INSTITUTION = "M5V2T6", "Settlement service provider"  # of the place of service
NOT_READ = "DN_SCHEMA"
_RETURNED = "returned "  # before the name of a workbook that iCARE gave back
_ANSWER, _TODO = ".hub.csv", ".todo.csv"
_TO_THE_WORKER = frozenset({"V2", "V3", "V4", "V6", "W11"})  # what iCARE would say of a row; no answer to a referral
_UNREADABLE = frozenset({"V1", "V5"})  # the row is nobody's or contradicts itself: it is no message
_FILLED = {  # what no system says of a service, and its worker knows (settled S6)
    "service_referred_by_id": "Not referred", "training_received_service_ind": "No", "skill_received_service_ind": "No",
    "support_received_ind": "No", "institution_type_id": INSTITUTION, "postal_cd": POSTAL_CODE,
    **dict.fromkeys(("official_language_id", "service_official_language_id"), "Unknown/No preference"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Office(Site):
    """An agency's place for one agreement with the funder.

    Args:
        home: its agency; ``agreement``: iCARE's code of it, as file names have it.
    """

    agreement: str

    @property
    def workbooks(self) -> Path:
        """Where the workbooks lie, the hub's too."""
        return self.folder / "workbooks"

    @property
    def settings(self) -> Mapping[str, str]:
        """As the directory has them."""
        site = {"postal_code": POSTAL_CODE, "institution_type": INSTITUTION}
        return {"path": str(self.workbooks.resolve()), "agreement": self.agreement, **site}

    def begin(self) -> None:
        """Make the folders; ``uploaded`` and ``processed`` are the hub's to make."""
        for each in (self.workbooks, self.kept):
            each.mkdir(parents=True)

    def books(self, place: str | None = None) -> list[Path]:
        """The workbooks in a place, or in all of them, by module, month and number; not what iCARE gave back."""
        places = PLACES if place is None else (place,)
        there = (path for each in places for path in (self.workbooks / each).glob("*.xlsx"))
        found = ((book.named(path.name), path) for path in there)
        return [path for _, path in sorted((said, path) for said, path in found if said is not None)]

    def lines(self, module: str = "") -> Iterator[tuple[str, Line]]:
        """Every row of every workbook of a module, or of all, with the file's name."""
        for path in self.books():
            if path.name.startswith(f"{module}_" if module else ""):
                for line in book.read(path.read_bytes()):
                    yield path.name, line

    def read_answers(self) -> None:
        """Keep a copy of each answer of the hub that is new."""
        for place in PLACES:
            for path in sorted((self.workbooks / place).glob(f"*{_ANSWER}")):
                data, file = path.read_bytes(), path.name.removesuffix(_ANSWER)
                copies = sorted(self.kept.glob(f"{file}-*{_ANSWER}"))
                if not copies or copies[-1].read_bytes() != data:
                    write_whole(self.kept / f"{file}-{len(copies) + 1:03}{_ANSWER}", data)

    def words(self) -> Iterator[tuple[str, Word]]:
        """Every line of every answer that was kept, the oldest of a file first, with the file's name."""
        for path in sorted(self.kept.glob(f"*{_ANSWER}")):
            for word in book.read_answer(path.read_bytes()):
                yield path.name.removesuffix(_ANSWER).rpartition("-")[0], word


@dataclass(frozen=True, slots=True)
class Settlement(Office):
    """A settlement agency whose needs assessments say whom it refers, and that has no other system."""

    def refer(self, people: Sequence[Person], day: date) -> None:
        """Workbooks with profiles and assessments of people who are referred, and a file of their consents.

        Args:
            day: of the assessments; the month of the workbooks is its own.
        """
        for first in range(0, len(people), ROWS_MAX):
            some = people[first : first + ROWS_MAX]
            self.hand_in(PROFILE, [icare_papers.profile_of(person) for person in some], day)
            self.hand_in(NARS, [icare_papers.assessment_of(person, day, POSTAL_CODE) for person in some], day)
        signed = (icare_papers.consent_of(person, person.consent) for person in people if person.consent is not None)
        self.sign([row for row in signed if row is not None])

    def hand_in(self, module: str, rows: Sequence[Fields], day: date) -> str:
        """Write the next workbook of a module and month; its name."""
        month = f"{day:%Y%m}"
        named = (book.named(path.name) for path in self.books())
        used = (each.seq for each in named if each and (each.module, each.month) == (module, month))
        name = book.file_name(module, self.agreement, month, max(used, default=0) + 1)
        write_whole(self.workbooks / name, book.write(module, rows))
        return name

    def handed_in(self) -> Iterator[tuple[str, Line]]:
        """Every row of every needs assessment, with the file's name."""
        return self.lines(NARS)

    def source(self, file: str, line: Line) -> str:
        """How the hub names the referral in a row of one of the agency's workbooks; each row has one."""
        flag = next(name for name in book.referrals() if line.fields.get(name) == "Yes")
        return f"{file.removesuffix('.xlsx')}/{line.number}/{flag}"

    def records(self) -> Iterator[tuple[tuple[str, str], str]]:
        """Of every such row number and birth date as they are written, and its source; in the order of the people."""
        for file, line in self.handed_in():
            yield (line.fields[book.IDENTITY[1]], line.fields[book.IDENTITY[2]]), self.source(file, line)

    def told(self) -> Iterator[tuple[str, str]]:
        """What the hub has said of each referral, oldest first: the source, and ``OK`` or a code.

        A row that cannot be read is ``DN_SCHEMA``, whichever cell or rule it is, as in the hub's own log.
        """
        sources = {(file, line.number): self.source(file, line) for file, line in self.handed_in()}
        for file, word in self.words():
            source = sources.get((file, word.row))
            if source is not None and word.code not in _TO_THE_WORKER:
                yield source, NOT_READ if word.code in _UNREADABLE else word.code

    def refused_files(self) -> list[str]:
        """Workbooks that the hub has refused as a whole, with the code; there are to be none."""
        states = ((file, word.code) for file, word in self.words() if not word.row)
        return [f"{file}: {code}" for file, code in states if code.startswith("F")]


@dataclass(frozen=True, slots=True)
class Reporting(Office):
    """The iCARE site of an agency whose CMS records services: the hub writes workbooks, its worker uploads them.

    Args:
        unknown: numbers of clients whom the funder does not find.
    """

    unknown: frozenset[str] = frozenset()

    def upload(self) -> int:
        """The worker fills in what is missing and uploads; how many workbooks there were."""
        there = self.books("")
        for path in there:
            module = _module(path)
            rows = [_filled(module, line.fields) for line in book.read(path.read_bytes())]
            write_whole(path, book.write(module, rows))
            path.rename(self.workbooks / UPLOADED / path.name)
            (self.workbooks / f"{path.name}{_TODO}").unlink(missing_ok=True)
        return len(there)

    def process(self, at: datetime) -> int:
        """iCARE is done with what was uploaded, and the worker puts it where the hub finds it; how many workbooks.

        What iCARE refused comes back first: a workbook without a word on its rows was accepted.
        """
        done = self.books(UPLOADED)
        for path in done:
            lines = book.read(path.read_bytes())
            said = {
                line.number: book.details(place, len(lines), at, book.unknown_client())
                for place, line in enumerate(lines, 1)
                if line.client[0] in self.unknown
            }
            if said:
                rows = [{**line.fields, DETAILS: said.get(line.number, "")} for line in lines]
                write_whole(self.workbooks / PROCESSED / f"{_RETURNED}{path.name}", book.write(_module(path), rows))
            path.rename(self.workbooks / PROCESSED / path.name)
        return len(done)

    def incomplete(self) -> list[tuple[str, int, str]]:
        """File, row and column of what was uploaded blank though iCARE asks for it; there is to be none."""
        gone = {path.name: _module(path) for path in self.books() if path.parent != self.workbooks}
        return [
            (file, line.number, column)
            for file, line in self.received()
            for column in (book.required(gone[file]) if file in gone else ())
            if column not in line.fields
        ]

    def received(self) -> Iterator[tuple[str, Line]]:
        """Every row that the hub wrote, with the file's name."""
        return self.lines()

    def refused(self) -> Iterator[tuple[str, Line]]:
        """Every row that iCARE has refused, with the name of the hub's workbook."""
        for path in sorted((self.workbooks / PROCESSED).glob(f"{_RETURNED}*.xlsx")):
            for line in book.read(path.read_bytes()):
                if line.fields.get(DETAILS):
                    yield path.name.removeprefix(_RETURNED), line

    def accepted(self) -> Iterator[tuple[str, Line]]:
        """Every row that iCARE has taken, with the file's name."""
        refused = {(file, line.number) for file, line in self.refused()}
        done = {path.name for path in self.books(PROCESSED)}
        return ((file, line) for file, line in self.received() if file in done and (file, line.number) not in refused)

    def told(self) -> Iterator[tuple[str, Word]]:
        """What the hub says of rows that iCARE refused, with the name of the workbook that came back."""
        return ((file, word) for file, word in self.words() if word.row)


def _filled(module: str, fields: Fields) -> Fields:
    """A row with what its worker knows where a mandatory cell is blank."""
    return {**{name: _FILLED[name] for name in book.required(module) if name in _FILLED}, **fields}


def _module(path: Path) -> str:
    said = book.named(path.name)
    assert said is not None, "the hub names its workbooks so"
    return said.module
