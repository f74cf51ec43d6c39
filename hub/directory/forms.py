"""The forms of the directory's rows as data: which columns, how each is read, what must agree between them.

A form knows neither files nor commands: it turns one row of text into one frozen row, or says all that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from hub.directory import cells
from hub.directory.cells import Read, Wrong, one_known, one_of, some_known
from hub.directory.known import Known
from hub.directory.words import LANES, PROGRAMS, ROLES, SERVICE_WANTED, STATUSES
from hub.errors import Refused
from hub.model import jwk
from hub.model.directory import Agency, Service, Site, System, Worker

T = TypeVar("T")
Values = dict[str, Any]  # column -> value, read
Found = tuple[str, Wrong]  # column, what is wrong there

REQUIRED: Final = object()
SETTINGS = "settings."  # prefix of the columns that are a system's own settings
NO_KEY: Final[Mapping[str, str]] = {}
UNITS = ("_s", "_ms")  # how the name of a setting that is a number ends


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``default`` is the value of a cell that is blank or not there."""

    name: str
    read: Read
    default: Any = REQUIRED


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """One kind of row.

    Args:
        key: the columns that together name a row; a file has each key once.
        make: values -> row.
        between: what must agree between columns that are fine by themselves.
        open_prefix: further columns of this prefix are taken as they are; "" where there are none.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    make: Callable[[Values, Known], T]
    between: Callable[[Values, Known], Iterator[Found]] = lambda _values, _known: iter(())
    open_prefix: str = ""

    def takes(self, column: str) -> bool:
        """Whether a row may have this column."""
        return any(c.name == column for c in self.columns) or bool(self.open_prefix and _is_open(self, column))

    def read(self, row: Mapping[str, str], known: Known) -> tuple[Values, list[Found]]:
        """All values that could be read, and all that is wrong."""
        given = {column: cells.tidy(cell) for column, cell in row.items()}
        values: Values = {column: cell.strip() for column, cell in row.items() if _is_open(self, column)}
        wrong: list[Found] = [(column, _no_column(self)) for column in given if not self.takes(column)]
        for column in self.columns:
            value = _value(column, given.get(column.name, ""), known)
            if isinstance(value, Wrong):
                wrong.append((column.name, value))
            else:
                values[column.name] = value
        return values, wrong or list(self.between(values, known))


@dataclass(frozen=True, slots=True)
class Terms:
    """An agreement as plain words, named as in ``consent.model.Agreement``; its version is the store's to count."""

    agreement_id: str
    parties: tuple[str, str]
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    events: tuple[str, ...]
    status: str
    valid_from: datetime
    expires_at: datetime | None
    discloser: str | None


def from_row(form: Form[T], row: Mapping[str, str], known: Known) -> T:
    """Read one row given on the command line.

    Raises:
        Refused: the first thing that is wrong with it.
    """
    values, wrong = form.read(row, known)
    for column, what in wrong:
        raise refusal(f"{form.name}, {column}", what)
    return form.make(values, known)


def refusal(place: str, what: Wrong) -> Refused:
    """What is wrong at a place, as an error of ours."""
    return Refused(place, what.got, what.expected, what.next_step)


def _is_open(form: Form[T], column: str) -> bool:
    return bool(form.open_prefix) and column.startswith(form.open_prefix) and column != form.open_prefix


def _value(column: Column, cell: str, known: Known) -> Any:
    if cell:
        return column.read(cell, known)
    return Wrong("empty", "a value") if column.default is REQUIRED else column.default


def _no_column(form: Form[T]) -> Wrong:
    return Wrong("a column that this form has not", "one of " + ", ".join(c.name for c in form.columns))


def _of_another(owner: str | None, values: Values, column: str) -> Iterator[Found]:
    """A key that another agency has is not taken over."""
    if owner is not None and owner != values["agency"]:
        yield column, Wrong(cells.seen(values[column]), "a key that no other agency has", "choose another one")


def _system_between(values: Values, known: Known) -> Iterator[Found]:
    before = known.directory.systems.get(values["id"])
    yield from _of_another(before.agency if before else None, values, "id")
    if before and before.kind != values["kind"]:
        yield "kind", Wrong(cells.seen(values["kind"]), f"`{before.kind}`, as before", "add a system of another id")


def _site_between(values: Values, known: Known) -> Iterator[Found]:
    key = values["kind"], values["code"]
    owner = next((site.agency for site in known.directory.sites if (site.kind, site.code) == key), None)
    yield from _of_another(owner, values, "code")


def _service_between(values: Values, known: Known) -> Iterator[Found]:
    before = next((s for s in known.directory.services if s.id == values["id"]), None)
    yield from _of_another(before.agency if before else None, values, "id")
    if values["required"] and "IDENT" not in values["required"]:
        yield "required", Wrong("a list without IDENT", "a list with IDENT (consent rules 2.6)")
    system = known.directory.systems[values["system"]]
    yield from _ways_between(values, system, known)
    if not values["site"]:
        if system.agency != values["agency"]:
            yield "site", Wrong("empty", "a site of this agency", "a system that is shared needs the agency's site")
    elif not any(
        (s.kind, s.code, s.agency) == (system.kind, values["site"], values["agency"]) for s in known.directory.sites
    ):
        yield "site", Wrong(cells.seen(values["site"]), f"a site of this agency of kind {system.kind}", "hub sites add")


def _ways_between(values: Values, system: System, known: Known) -> Iterator[Found]:
    """A service receives in a system that takes referrals; it may be answered in another one of the same agency."""
    if system.kind not in known.receiving:
        step = "name another system of the agency, and this one as `answers` if its workers answer there"
        yield "system", Wrong(f"a system of kind {system.kind}, which only sends", "one that takes referrals", step)
    if not values["answers"]:
        return
    other = known.directory.systems[values["answers"]]
    if other.agency != values["agency"] or other.id == system.id:
        yield "answers", Wrong(cells.seen(other.id), "another system of this agency", "leave it out if there is none")


def _worker_between(values: Values, known: Known) -> Iterator[Found]:
    before = known.directory.workers.get(values["id"])
    yield from _of_another(before.agency if before else None, values, "id")
    if values["reports_to"] == values["id"]:
        yield "reports_to", Wrong("the worker itself", "another worker of this agency", "leave it out if there is none")
    others = (worker for worker in known.directory.workers.values() if worker.id != values["id"] and worker.key)
    if values["key"] and jwk.thumbprint(values["key"]) in {jwk.thumbprint(worker.key) for worker in others}:
        yield "key", Wrong("the key of another worker", "a key of their own", "two who share one are one person here")


def _agreement_between(values: Values, known: Known) -> Iterator[Found]:
    parties = values["party_a"], values["party_b"]
    if parties[0] == parties[1]:
        yield "party_b", Wrong(cells.seen(parties[1]), "another agency than party_a")
    if values["discloser"] is not None and values["discloser"] not in parties:
        yield "discloser", Wrong(cells.seen(values["discloser"]), "one of the two parties, or blank for both")
    if values["expires_on"] is not None and values["expires_on"] <= values["valid_from"]:
        yield "expires_on", Wrong("a day before valid_from", "its last day")
    before = next((a for a in known.directory.agreements if a.agreement_id == values["agreement_id"]), None)
    if before is not None and set(before.parties) != set(parties):
        yield "agreement_id", Wrong("an id of two other parties", "a new id, or the same two parties")


def _settings(values: Values) -> dict[str, str | int]:
    """A blank cell is no setting, so that systems of two kinds can stand in one file; a number of units is a number."""
    given = {column.removeprefix(SETTINGS): cell for column, cell in values.items() if column.startswith(SETTINGS)}
    return {name: int(cell) if _is_number(name, cell) else cell for name, cell in given.items() if cell}


def _is_number(name: str, cell: str) -> bool:
    return name.endswith(UNITS) and cell.isascii() and cell.isdigit()


def _named(values: Values) -> Values:
    return {column: value for column, value in values.items() if not column.startswith(SETTINGS)}


def _make_worker(values: Values, _: Known) -> Worker:
    ended_at, reports_to, key = values["ended_on"], values["reports_to"], values["key"]
    return Worker(values["id"], values["agency"], values["role"], ended_at=ended_at, reports_to=reports_to, key=key)


def _make_agreement(values: Values, _: Known) -> Terms:
    return Terms(
        agreement_id=values["agreement_id"],
        parties=(values["party_a"], values["party_b"]),
        purposes=values["purposes"],
        categories=values["categories"],
        events=values["events"],
        status=values["status"],
        valid_from=values["valid_from"],
        expires_at=values["expires_on"],
        discloser=values["discloser"],
    )


_ID = Column("id", cells.new_id)
_AGENCY = Column("agency", cells.agency)
_STATUS = Column("status", one_of(STATUSES), "active")
_KIND = Column("kind", one_known(lambda known: known.kinds, "hub systems list shows the kinds"))

AGENCY: Form[Agency] = Form(
    "agency",
    (
        Column("id", cells.new_id),
        Column("name", cells.name),
        Column("lane", one_of(LANES)),  # no default: an unnamed lane must not be taken for the loosest
        Column("pack", one_known(lambda known: known.packs, "")),
        _STATUS,
        Column("body", one_known(lambda known: known.bodies, "leave it out where it is none of these"), ""),
        Column("call_back", cells.phone, ""),
    ),
    ("id",),
    lambda values, known: Agency(topic=known.topic_of(values["id"]), **values),
)

SYSTEM: Form[System] = Form(
    "system",
    (_ID, _AGENCY, _KIND, _STATUS),
    ("id",),
    lambda values, _: System(settings=_settings(values), **_named(values)),
    _system_between,
    SETTINGS,
)

SITE: Form[Site] = Form(
    "site",
    (_KIND, Column("code", cells.site_code), _AGENCY, Column("name", cells.name, "")),
    ("kind", "code"),
    lambda values, _: Site(**values),
    _site_between,
)

SERVICE: Form[Service] = Form(
    "service",
    (
        _ID,
        _AGENCY,
        Column("wanted", one_of(SERVICE_WANTED)),
        Column("name", cells.name),
        Column("system", one_known(lambda known: known.directory.systems, "connect the system first")),
        Column("site", cells.site_code, ""),
        Column("program", one_of(PROGRAMS), ""),
        _STATUS,
        Column("required", some_known(lambda known: known.categories), ()),
        Column("answers", one_known(lambda known: known.directory.systems, "connect the system first"), ""),
    ),
    ("id",),
    lambda values, _: Service(**values),
    _service_between,
)

WORKER: Form[Worker] = Form(
    "worker",
    (
        _ID,
        Column("agency", cells.agency_or_hub),
        Column("role", one_of(ROLES)),
        Column("ended_on", cells.after_day_text, None),
        Column("reports_to", cells.new_id, ""),
        Column("key", cells.worker_key, NO_KEY),
    ),
    ("id",),
    _make_worker,
    _worker_between,
)

AGREEMENT: Form[Terms] = Form(
    "agreement",
    (
        Column("agreement_id", cells.new_id),
        Column("party_a", cells.agency),
        Column("party_b", cells.agency),
        Column("purposes", some_known(lambda known: known.purposes)),  # lists have no default: none means none (I-18)
        Column("categories", some_known(lambda known: known.categories)),
        Column("events", some_known(lambda known: known.events)),
        _STATUS,
        Column("valid_from", cells.first_instant),
        Column("expires_on", cells.after_day, None),
        Column("discloser", cells.agency, None),
    ),
    ("agreement_id",),
    _make_agreement,
    _agreement_between,
)
