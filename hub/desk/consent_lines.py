"""Lines of a file of consents: each is read, held against the registry, and is good or named with all its faults.

Reads only; the file's form and what becomes of a good line are told in ``consent_file.py``. No fault holds a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent.files import files_of
from hub.directory.cells import seen, tidy
from hub.errors import Refused, shape
from hub.exchange.filing import as_row
from hub.exchange.house import House
from hub.exchange.identify import identify
from hub.exchange.match import Ambiguous, One, PersonKeys, person_keys
from hub.exchange.records import ConsentRecord, Source, says_no
from hub.model.audit import Actor
from hub.model.canonical import canonical
from hub.model.codes import ID
from hub.model.directory import System
from hub.model.identifiers import normalise, shape_problem
from hub.ports import Peek

PERSON = ("identifier_type", "identifier_value", "birth_date", "last_name", "first_name")
_COLUMNS = (
    "consent_id row_version form_id given_by authority_kind capacity_basis form valid_from expires_on recipient_org"
    " purposes categories onward_orgs text_version notice_version language client_reads interpreter_kind explained"
    " not_condition condition_reason captured_by captured_at signed_on evidence_ref receipt_at receipt_channel"
    " verbal_note declined lifts withdrawn_at withdrawn_how keep_out"
)
COLUMNS = tuple(_COLUMNS.split())
TYPES = {"UCI": "uci", "TRP": "trp", "IMM": "imm", "HARTS": "harts", "CAMS_PERSON": "eois-cams"}
LOCAL_KEY = "LOCAL_KEY"
SYSTEM = "hub"  # stands where a consent row names the system that holds it
_MEND = "correct the line and import the file again: what is filed already stays as it is"


@dataclass(frozen=True, slots=True)
class Line:
    """A good line. ``missing``: mandatory columns that it does not fill."""

    number: int
    record: ConsentRecord
    missing: tuple[str, ...]


class Wrong(Exception):
    """What is wrong with one column of a line."""

    def __init__(self, column: str, got: str, expected: str, next_step: str = _MEND) -> None:
        super().__init__(column)
        self.column, self.got, self.expected, self.next_step = column, got, expected, next_step


class Reader:
    """Reads lines one by one; keeps the good ones and everything that is wrong."""

    def __init__(self, house: House, rows: Peek, agency: str, actor: Actor) -> None:
        self.good: list[Line] = []
        self.problems: list[Refused] = []
        self._house, self._rows, self._agency, self._actor = house, rows, agency, actor
        self._first_of: dict[str, int] = {}

    def read(self, number: int, header: Sequence[str], cells: Sequence[str], alias: str | None) -> None:
        """Read one line."""
        try:
            if len(cells) != len(header):
                raise Wrong("all columns", f"{len(cells)} cells", f"{len(header)}, as in the header")
            row = {name: text for name, cell in zip(header, cells, strict=True) if (text := tidy(cell))}
            if alias:
                row |= {"identifier_type": LOCAL_KEY, "identifier_value": alias}
            self._take(number, row)
        except Wrong as wrong:
            self._problem(number, wrong.column, wrong.got, wrong.expected, wrong.next_step)

    def _take(self, number: int, row: dict[str, str]) -> None:
        key, named = self._key(row), self._named(row)
        person = person_of(self._house, self._agency, row)
        self._know(key, named, person, says_no=says_no(row))
        revision = self._house.keys.digest("record", canonical(row).decode())
        source = Source(System(SYSTEM, self._agency, SYSTEM), key, revision, revision)
        consent = {name: text for name, text in row.items() if name not in PERSON}
        learnt = None if named else person  # an alias says who it is: nothing is learnt from the names beside it
        record = ConsentRecord(source, consent, learnt, deceased=False, by=self._actor, named=named)
        read = as_row(self._house, self._rows.directory.all(), record)
        is_no = read.withdrawn or read.declined or bool(read.keep_out)
        faults = () if is_no else tuple(fault for fault in read.faults if fault.unreadable)
        for fault in faults:
            self._problem(number, fault.column, fault.got, fault.expected, _MEND)
        first = self._first_of.setdefault(key, number)
        if first != number and not is_no:
            raise Wrong("consent_id", f"the same consent as line {first}", "each consent once")
        if first != number:  # a "no" goes before a yes, wherever it stands
            self.good = [each for each in self.good if each.number != first]
            self._problem(first, "consent_id", f"a consent to which line {number} says no", "each consent once", _MEND)
        if not faults:
            self.good.append(Line(number, record, read.missing))

    def _key(self, row: Mapping[str, str]) -> str:
        """The source key under which the consent of a line is filed."""
        own = row.get("consent_id")
        if own is None and (row.get("withdrawn_at") or row.get("withdrawn_how")):
            raise Wrong("consent_id", "nothing", "the number of the consent that is withdrawn")
        if own is None and row.get("keep_out", "0") not in ("0", "false"):
            raise Wrong("consent_id", "nothing", "the number of the consent that is in doubt")
        return source_key(self._house, self._rows, self._agency, own, canonical(dict(row)).decode())

    def _named(self, row: Mapping[str, str]) -> str | None:
        """The client behind LOCAL_KEY."""
        kind = row.get("identifier_type", "")
        if kind != LOCAL_KEY:
            return None
        ref = self._rows.subjects.by_alias(self._agency, row.get("identifier_value", ""))
        if ref is None:
            got = shape(row.get("identifier_value", ""))
            raise Wrong("identifier_value", got, "the agency's alias of one of its clients")
        return ref

    def _know(self, key: str, named: str | None, person: PersonKeys, *, says_no: bool) -> None:
        """That the line is about one person, and about the one of the consent that it is a version of.

        A "no" that names its consent is heard, though its person can be told by nothing else, or resembles others: the
        worker who has the number has the paper (INV-10). Without it nothing is filed, and the worker is asked.
        """
        subjects = self._rows.subjects
        if named is not None:
            names = {digest for digest in (person.family, person.given) if digest is not None}
            if names and subjects.digests_of(named) and not names & subjects.digests_of(named).keys():
                raise Wrong("identifier_value", "the alias of somebody of another name or date", "this client's alias")
        who = One(named) if named else identify(self._rows, person, self._agency)
        before = self._rows.consents.of_source(SYSTEM, key)
        if before is not None and says_no and not isinstance(who, One):
            return
        if isinstance(who, Ambiguous):
            aliases = sorted(subjects.aliases(ref)[self._agency] for ref in who.subject_refs)
            expected = "the client's alias, one of " + ", ".join(aliases)
            raise Wrong("identifier_type", "a person who resembles clients of this agency", expected, "use LOCAL_KEY")
        theirs = before[0].subject_ref if before is not None else ""
        files = files_of(theirs, self._rows.links.of([theirs])) if theirs else ()
        if before is not None and not (isinstance(who, One) and who.subject_ref in files):
            raise Wrong("consent_id", "the consent of another client", "a number of this client's, or none")

    def _problem(self, line: int, column: str, got: str, expected: str, next_step: str) -> None:
        self.problems.append(Refused(f"consents, line {line}, {column}", got, expected, next_step))


def source_key(
    house: House,
    rows: Peek,
    agency: str,
    own: str | None,
    whole: str,
    *,
    system: str = SYSTEM,
    before: str = "import:",
) -> str:
    """The source key under which a consent is filed that is entered by hand, or that a system hands in.

    Args:
        own: the number that the hub printed, or the agency's own; None: what it says as a whole makes it the same one.
        system: where it is entered.
        before: stands before the key.

    Raises:
        Wrong: the consent of that number was given elsewhere.
    """
    consent_id = rows.consents.by_number(agency, own) if own else None
    origin = rows.consents.origin(consent_id) if consent_id else None
    if origin is None:
        return f"{before}{house.keys.digest('consent', f'{agency}{chr(10)}{own or whole}')[:32]}"
    consent = rows.consents.get(consent_id or "")
    if origin[0] != system or consent is None or consent.discloser != agency:
        mine = consent is not None and consent.discloser == agency
        got = (
            f"a consent of {seen(origin[0])}" if mine else "another agency's consent"
        )  # whose, may not be told (C-119)
        expected = "one that was entered here by this agency"
        raise Wrong("consent_id", got, expected, "change it where it was given, or withdraw it")
    return origin[1]


def person_of(house: House, agency: str, row: Mapping[str, str]) -> PersonKeys:
    """The keyed digests of the person of a line; with ``LOCAL_KEY`` of the name and birth date alone.

    Raises:
        Wrong: a column that does not say who it is.
    """
    kind = row.get("identifier_type", "")
    patient: dict[str, Any] = {"resourceType": "Patient", "birthDate": row.get("birth_date")}
    patient["name"] = [{"use": "official", "family": row.get("last_name"), "given": [row.get("first_name", "")]}]
    if kind != LOCAL_KEY:
        patient["identifier"] = [{"system": f"{ID}/{_type(kind)}", "value": _identifier(row)}]
    person = person_keys(patient, system=SYSTEM, local_id=None, digest=house.keys.digest, agency=agency)
    if person.born is None and (kind != LOCAL_KEY or row.get("birth_date")):
        raise Wrong("birth_date", shape(row.get("birth_date", "")), "a whole day, YYYY-MM-DD")
    if kind != LOCAL_KEY and not row.get("last_name"):
        raise Wrong("last_name", "nothing", "the family name, or the only name")
    return person


def check_header(header: Sequence[str], person: Sequence[str]) -> None:
    """Refuse a header with an unknown or doubled column, or without one of the person's.

    Raises:
        Refused: the first such thing.
    """
    expected = "the columns " + ", ".join((*person, *COLUMNS))
    for place, column in enumerate(header, 1):
        if column not in (*person, *COLUMNS):
            raise Refused(f"header, column {place}", "a column that this form has not", expected)
        if column in header[: place - 1]:
            raise Refused(f"header, column {place}", "a column that stood before", expected)
    if missing := [column for column in person if column not in header]:
        raise Refused("header", f"no column {', '.join(missing)}", expected)


def _type(kind: str) -> str:
    if kind not in TYPES:
        got = shape(kind) if kind else "nothing"
        raise Wrong("identifier_type", got, f"one of {', '.join((*TYPES, LOCAL_KEY))}")
    return TYPES[kind]


def _identifier(row: Mapping[str, str]) -> str:
    value = normalise(row.get("identifier_value", ""))
    if not value:
        raise Wrong("identifier_value", "nothing", "the number on the document")
    if problem := shape_problem(TYPES[row["identifier_type"]], value):
        raise Wrong("identifier_value", problem, "the number on the document")
    return value
