"""FHIR R4 Consents at the desk: a file of them goes in by the rules of ``consent_file.py``, one comes out to be shown.

- A file is one Consent, or a Bundle of Consents. Each is good, or all its faults are named by their element path.
- A client is named by the agency's own alias of them (``Patient/ALIAS``, or the identifier): nobody is minted.
- ``organization`` is the agency itself. ``identifier`` says of which consent it is a version, as ``consent_id`` does.
- A "no" goes on in spite of faults, as that of a line does: a declined form, a withdrawal, and an active root deny,
  which is a directive and stands until it is lifted by its id. One that stands already is not added again.
- One that says of itself that it is over (suspended, superseded, invalidated …) is not filed; if the hub holds that
  consent open it is suspended, since doubt means no (INV-10), and a worker looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from consent import directives, doubts, registry
from consent.fhir import Known, NotAConsent, as_row, read_consent
from consent.fhir.codes import ID_CONSENT
from consent.files import files_of
from consent.model import Consent, Directive
from consent.model.words import OPENING, Basis, ConsentState
from consent.versions import Origin
from hub.desk.consent_lines import SYSTEM, Line, Wrong, source_key
from hub.directory.cells import seen
from hub.directory.sheet import BYTES_MAX, ROWS_MAX
from hub.errors import Refused, shape
from hub.exchange.house import House
from hub.exchange.match import PersonKeys
from hub.exchange.records import ConsentRecord, Source
from hub.exchange.strict import NotOurMessage, read_message
from hub.model import locks
from hub.model.audit import Actor
from hub.model.canonical import canonical
from hub.model.directory import System
from hub.model.fhir import Resource
from hub.ports import Peek

FORBIDS = "FORBIDS"  # stands where a consent has a state
_MEND = "correct the Consent and enter it again: what is filed already stays as it is"
_SUSPENDED = "what the hub holds of it is suspended: correct the Consent and enter it again"
_OVER = "what the hub holds of it is suspended, since this says that it is over: withdraw it, or a worker resumes it"
_ENDED = ("inactive", "entered-in-error", "rejected")  # a `status` by which a Consent is over, whatever else it says
FAULTS_MAX = 20  # [policy] of one Consent that are told
_TAKEN = (*OPENING, ConsentState.DRAFT, ConsentState.DECLINED, ConsentState.WITHDRAWN)
_BUNDLE = frozenset({"resourceType", "id", "meta", "identifier", "type", "timestamp", "total", "link", "entry"})
_ENTRY = frozenset({"fullUrl", "resource", "search"})


@dataclass(frozen=True, slots=True)
class No:
    """A directive of a file; ``number`` is its place there, ``subject`` the registry's reference of ``alias``."""

    number: int
    alias: str
    subject: str
    directive: Directive


@dataclass(frozen=True, slots=True)
class Client:
    """Whom a Consent is about.

    Args:
        files: the registry's references of all files of the client, the one that is meant first; none: somebody whom
            it does not know yet, or who is not clear.
        person: what is said of the client; None: an alias says who it is.
    """

    files: tuple[str, ...]
    person: PersonKeys | None = None

    @property
    def ref(self) -> str:
        """The registry's reference; ""."""
        return self.files[0] if self.files else ""


@dataclass(frozen=True, slots=True)
class Entering:
    """Who enters Consents, and how they are known there.

    Args:
        system: where they are entered; ``before`` stands before the keys under which they are filed.
        by: the worker who enters them; None: the system acts.
        client: whom one is about; None: the agency's alias in it says so.
        ending: what withdraws a consent there.
    """

    system: System
    actor: Actor
    by: Actor | None
    before: str = "import:"
    client: Callable[[Consent | Directive], Client] | None = None
    ending: str = "`hub consent withdraw`"

    @classmethod
    def at_the_desk(cls, agency: str, actor: Actor) -> Entering:
        """A worker enters them from a file."""
        return cls(System(SYSTEM, agency, SYSTEM), actor, actor)


class Consents:
    """Reads the Consents of a file; keeps the good ones and everything that is wrong.

    ``closed`` are keys of consents that say of themselves that they are over, ``unreadable`` of those that are filed
    and can no longer be read; ``touched`` are their clients, and those of directives.
    """

    def __init__(self, house: House, rows: Peek, entering: Entering) -> None:
        self.good: list[Line] = []
        self.noes: list[No] = []
        self.problems: list[Refused] = []
        self.closed: list[str] = []
        self.unreadable: list[str] = []
        self.touched: set[str] = set()
        self.agency, self.actor, self.system = entering.system.agency, entering.actor, entering.system.id
        self._house, self._rows, self._entering = house, rows, entering
        self._known = known_to(house, rows, self.agency)
        self._said: dict[int, tuple[str, bool]] = {}  # where each Consent stands, and whether it says no
        self._first_of: dict[str, int] = {}
        self._replaced: dict[str, int] = {}  # key of what a Consent of the file replaces -> which one

    def read(self, data: bytes) -> None:
        """Read a file.

        Raises:
            Refused: it is no JSON of a Consent or a Bundle of such.
        """
        try:
            document = read_message(data.removeprefix(b"\xef\xbb\xbf"), size_max_bytes=BYTES_MAX)
        except NotOurMessage as error:
            raise Refused("FILE", error.got, f"{error.expected}: a FHIR Consent", "look at the file") from None
        for number, (path, resource) in enumerate(_resources(document), start=1):
            self.take(number, path, resource)
        self._drop_doubtful()

    def take(self, number: int, path: str, resource: Any) -> None:
        """Read one of them, at its place of a document."""
        try:
            self._take(number, path, resource)
        except NotAConsent as error:
            step = self._doubt(resource)
            found = error.faults[:FAULTS_MAX]
            self.problems += [Refused(each.path, each.got, each.expected, step) for each in found]
            if more := len(error.faults) - len(found):
                self.problems.append(Refused(path, f"{more} faults more", "none", step))
        except Wrong as wrong:
            self.problems.append(Refused(f"{path}.{wrong.column}", wrong.got, wrong.expected, wrong.next_step))

    def _drop_doubtful(self) -> None:
        """A yes beside one that speaks of the same consent, and is over or cannot be read, is not filed."""
        doubtful = {*self.closed, *self.unreadable}
        for line in [each for each in self.good if each.record.source.key in doubtful]:
            path, is_no = self._said[line.number]
            if not is_no:
                self.good.remove(line)
                got = "a yes, and another Consent of the file that is over, or cannot be read"
                self.problems.append(Refused(f"{path}.identifier", got, "each consent once", _MEND))

    def _take(self, number: int, path: str, resource: Resource) -> None:
        record = read_consent(resource, self._known, path)
        client = (self._entering.client or self._client)(record)
        if isinstance(record, Directive):
            self._is_own(record.taken_by, says_no=True)
            if not client.ref:
                raise Wrong("status", "a standing no of somebody new", "rejected: a no to what was asked", _MEND)
            self.touched.add(client.ref)
            self.noes.append(No(number, record.subject_ref, client.ref, record))
            return
        says_no = record.state in (ConsentState.DECLINED, ConsentState.WITHDRAWN)
        self._is_own(record.discloser, says_no=says_no)
        own = record.consent_id or None
        if record.state is ConsentState.WITHDRAWN and own is None:
            raise Wrong("identifier", "nothing", "the number of the consent that is withdrawn")
        key = self._key(own, canonical(resource).decode())
        before = self._rows.consents.of_source(self.system, key)
        unheard = before is not None and before[0].subject_ref not in client.files
        if unheard and not (says_no and not client.files):  # whoever has the number has the paper (INV-10)
            raise Wrong("identifier", "the consent of another client", "a number of this client's, or none")
        self._said[number] = path, says_no or record.state not in _TAKEN
        self._once(key, number)
        if record.state not in _TAKEN:
            self._close(record, key, known=before is not None, subject=client.ref)
        if record.basis is Basis.IMPLIED_HEALTH and not says_no:
            raise Wrong("extension", "a consent that nobody gave", "one that the client has given", _MEND)
        if not says_no:
            replaced = self._names_own(record, client.ref)
            self._replaced |= dict.fromkeys(replaced, number)
        self.good.append(self._line(number, record, key, client, resource))

    def _line(self, number: int, record: Consent, key: str, client: Client, resource: Resource) -> Line:
        keys, entering = self._house.keys, self._entering
        revision = keys.digest("record", canonical(resource).decode())
        place = f"{self.system}/{key}"
        if record.state in (ConsentState.DECLINED, ConsentState.WITHDRAWN):  # a "no" need not say so
            pack = self._known.pack
            record = replace(record, discloser=self.agency, pack=pack.pack, pack_version=pack.version)
        row = as_row(
            record,
            system=self.system,
            place=place,
            digest=lambda text: keys.digest("form", text),
        )
        source = Source(entering.system, key, revision, revision)
        named = client.ref if client.person is None else None
        filed = ConsentRecord(source, {}, client.person, deceased=False, by=entering.by, named=named, read=row)
        return Line(number, filed, row.missing)

    def _client(self, record: Consent | Directive) -> Client:
        found = self._rows.subjects.by_alias(self.agency, record.subject_ref)
        if found is None:
            got = shape(record.subject_ref)
            raise Wrong(
                "patient", got, "the agency's alias of one of its clients", "`hub consent show --alias` tries it"
            )
        return Client((found,))

    def _is_own(self, agency: str, *, says_no: bool) -> None:
        """A yes is one's own to enter; a "no" that cannot say whose it is was said here."""
        if agency != self.agency and not (says_no and not agency):
            raise Wrong("organization[0]", seen(agency), f"{seen(self.agency)}, which enters it")

    def _key(self, own: str | None, whole: str) -> str:
        try:
            before = self._entering.before
            return source_key(self._house, self._rows, self.agency, own, whole, system=self.system, before=before)
        except Wrong as wrong:
            raise Wrong("identifier", wrong.got, wrong.expected, wrong.next_step) from None

    def _once(self, key: str, number: int) -> None:
        """Of two that speak of one consent the first is taken; but a "no" goes before a yes, wherever it stands."""
        first = self._first_of.setdefault(key, number)
        other = self._replaced.get(key, first)
        if other == number:
            return
        place, is_no = self._said[other]
        if self._said[number][1] and not is_no:
            self.good = [each for each in self.good if each.number != other]
            self._first_of[key] = number
            got = f"a yes, and Consent {number} of the file says no to the same consent"
            self.problems.append(Refused(f"{place}.identifier", got, "each consent once", _MEND))
            return
        if key in self._replaced:
            raise Wrong("identifier", "one that another Consent of the file replaces", "one of the two")
        raise Wrong("identifier", f"the same consent as Consent {other} of the file", "each consent once")

    def _doubt(self, resource: Any) -> str:
        """What speaks of a consent that was entered here, and cannot be read, may be its end. What to do then."""
        over = isinstance(resource, dict) and resource.get("status") in _ENDED
        step = _MEND
        named = resource.get("identifier") if isinstance(resource, dict) else None
        for each in named if isinstance(named, list) else ():
            system, value = (each.get("system"), each.get("value")) if isinstance(each, dict) else (None, None)
            if not (isinstance(system, str) and isinstance(value, str)):
                continue
            try:
                key = self._key(value if system == ID_CONSENT else f"{system}|{value}", "")
            except Wrong:
                continue  # it was given elsewhere, and is changed there
            filed = self._rows.consents.of_source(self.system, key)
            if filed is not None and filed[0].discloser == self.agency:
                (self.closed if over else self.unreadable).append(key)
                self.touched.add(filed[0].subject_ref)
                step = _OVER if over else _SUSPENDED
        return step

    def _close(self, record: Consent, key: str, *, known: bool, subject: str) -> None:
        if known:
            self.closed.append(key)
            self.touched.add(subject)
        expected = f"one of {', '.join(state.value for state in _TAKEN)}"
        then = "what the hub holds of it is suspended" if known else "nothing of it is filed"
        raise Wrong(
            "extension",
            f"consent-state {record.state.value}",
            expected,
            f"{then}; use {self._entering.ending}, or of a void one let an officer open an incident",
        )

    def _names_own(self, record: Consent, subject: str) -> list[str]:
        """Keys of what it replaces: this client's and this agency's own; of another it could end nothing."""
        replaced = []
        theirs = files_of(subject, self._rows.links.of([subject]))
        for name in record.lifts:
            consent_id = self._rows.consents.by_number(self.agency, name)
            found = self._rows.consents.get(consent_id) if consent_id else self._rows.consents.directive(name)
            a_no = isinstance(found, Directive) or (found is not None and found.state is ConsentState.DECLINED)
            whose = theirs if a_no else {subject}  # a no is the client's, a consent its file's (I-07)
            mine = found is not None and found.subject_ref in whose and directives.may_lift(found, self.agency)
            if not mine or name == record.consent_id:
                raise Wrong(
                    "extension", "a number that supersedes names", "a consent or directive of this client, here"
                )
            origin = self._rows.consents.origin(consent_id) if consent_id else None
            if origin is not None:
                if origin[1] in self._first_of and isinstance(found, Consent) and origin[0] == self.system:
                    raise Wrong("extension", "one that another Consent of the file is a version of", "one of the two")
                replaced.append(origin[1])
        return replaced


def is_json(data: bytes) -> bool:
    """Whether a file holds an object of JSON: no header of a CSV begins so."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def known_to(house: House, rows: Peek, agency: str) -> Known:
    """What a reader knows for an agency: its pack, and the directory."""
    directory = rows.directory.all()

    def agency_of(worker: str) -> str | None:
        found = directory.workers.get(worker)
        return found.agency if found is not None and found.ended_at is None else None

    pack = house.packs.facts(directory.agencies[agency].pack)
    return Known(pack, directory.agencies.__contains__, agency_of)


def suspend_closed(house: House, read: Consents) -> None:
    """Suspend what says of itself that it is over, or can no longer be read.

    Of the first a worker confirms or withdraws it, and no file opens it again; the second is open when it can be read.
    """
    for key in dict.fromkeys([*read.closed, *read.unreadable]):
        with house.store.peek() as rows:
            filed = rows.consents.of_source(read.system, key)
        if filed is None:
            continue
        consent, read_as = filed
        with suppress(Refused), house.store.unit(own=[locks.subject(consent.subject_ref)]) as unit:
            if key in read.closed:  # refused: it opens nothing any more
                doubts.doubt(unit, consent.consent_id, read.actor, why="FHIR_CLOSED")
            else:
                origin = Origin(read.system, key, read_as)
                registry.suspend(unit, consent.consent_id, origin, read.actor, reason="UNREADABLE")


def forbid_all(house: House, read: Consents) -> list[tuple[No, str]]:
    """Add the directives of a file, each with its id; one that stands already is found, not added."""
    found = []
    lifted = {name for line in read.good if line.record.read is not None for name in line.record.read.lifts}
    for no in read.noes:
        with house.store.unit(own=[locks.subject(no.subject)]) as unit:
            wanted = replace(no.directive, directive_id="", subject_ref=no.subject, taken_by=read.agency)
            standing = unit.subjects.facts([no.subject])[no.subject].directives
            same = [each for each in standing if replace(each, directive_id="", registry_seq=0) == wanted]
            same = [each for each in same if each.directive_id not in lifted]  # said anew, it is a no of its own
            name = same[0].directive_id if same else f"d-{house.ids.uuid()}"
            if not same:
                directives.add_directive(unit, replace(wanted, directive_id=name), read.actor)
        found.append((no, name))
    return found


def _resources(document: Resource) -> Iterator[tuple[str, Any]]:
    """The Consents of a file with their paths.

    Raises:
        Refused: it is neither a Consent nor a Bundle of a form that can be read.
    """
    kind = document.get("resourceType")
    if kind == "Consent":
        yield "Consent", document
        return
    if kind != "Bundle":
        raise Refused("FILE", "another resource", "a Consent, or a Bundle of Consents", "look at the file")
    entries = document.get("entry")
    if not _BUNDLE.issuperset(document) or document.get("type") not in ("collection", "searchset"):
        raise Refused("Bundle", "another form", "a collection or searchset with entries", "look at the file")
    if not isinstance(entries, list) or not 0 < len(entries) <= ROWS_MAX:
        raise Refused("Bundle.entry", "none, or too many", f"1 to {ROWS_MAX} entries", "look at the file")
    for at, entry in enumerate(entries):
        path = f"Bundle.entry[{at}]"
        if not isinstance(entry, dict) or not _ENTRY.issuperset(entry):
            raise Refused(path, "another form", "a fullUrl and a resource", "look at the file")
        yield f"{path}.resource", entry.get("resource")
