"""Who is this record about? Identity as pure rules over keyed digests (design §4, shared model 3.2, C-185).

Shaped after IHE PIXm and PDQm, but nothing is scored and nobody is linked on a likeness: a person is found by what
identifies, or a human of the sending agency chooses (DN_IDENTITY), or is unknown.

What identifies (``exact``):
- a government identifier together with the whole birth date; without that date it proves nothing. Nor does it where
  each side has another number that the other has not and no name agrees: one of the numbers is somebody else's;
- the local key: a system's own row id, inside that system, as long as the row still tells of the same person: of
  family name, given name and birth date two must be as they were when it was first read, or as a human has said since
  (all that both sides know, where that is less; all, where government's numbers differ too). A row that was emptied
  and used for somebody else, step by step too, or an id that was given again, is a question.

- a CaMS person reference alone (settled S5): the rows of that system's extracts tell neither name nor birth date. It is
  theirs whose reference the same agency once told with a whole birth date. Where a record tells a name or a date, the
  reference alone says nothing.

What resembles (``family``, ``given``: consonants of a name together with the whole birth date), and only among *own*
clients, those for whom the sending agency has an alias:
- both agree, or agree swapped; the given name agrees and the family name does not (case 17: a name changed);
- one side has a single name and it agrees (case 15).
Family name and date alone are a twin or a relative (case 24): the given name or an identifier must agree.

What is never used: the existence of another agency's client. An answer may depend on one only where the record
itself holds what identifies them, and even then it is one subject or nobody, never a question (I-11).

Not here: digesting (a function is handed in), reading and storing digests, waiting for the human's choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal

from consent.days import months_after
from hub.model import codes
from hub.model.fhir import Resource
from hub.model.identifiers import GOVERNMENT, fold, normalise, shape_problem, skeleton

Digest = Callable[[str, str], str]  # (domain, text) -> keyed digest; different in each domain

# what a government gives to a person (program systems §1); a plan's number and an agency's file number prove nothing
_CAMS = f"{codes.ID}/eois-cams"
_FILLERS = frozenset({"fnu", "lnu"})  # "first (last) name unknown", typed where a field must not be empty (case 15)

EXACT, LOCAL, FAMILY, GIVEN, BOTH, BORN = "exact", "local", "family", "given", "both", "born"  # kinds in the index
REFERENCE, GONE_INTO = "reference", "gone-into"  # the row of another client, into whom a system says that one has gone
_BIRTH = "row-birth"
TRAITS = ("row-family", "row-given", _BIRTH)  # what one row of one system says, to see that it is the same person


@dataclass(frozen=True, slots=True)
class PersonKeys:
    """What a record says of a person, as keyed digests only.

    Args:
        exact: digests that identify, sorted, none twice; the local one among them.
        local: the digest of the system's own row id, or None.
        traits: digests of what that row says of the person, by kind.
        born: digest of the whole birth date, by which a number that a system gives later can be joined to it.
        reference: digest of a CaMS reference that came with a whole birth date, inside its agency; it identifies
            nobody here, but who is bare later.
        bare: the record tells neither name nor birth date: nothing but by what key its agency knows the person.
        family: family name and birth date; None where either is missing or not whole.
        given: first given name and birth date; likewise.
        turns_16_on, turns_18_on: the days, where the birth date is whole (settled S30); no digest is made of them.
    """

    exact: tuple[str, ...]
    family: str | None
    given: str | None
    local: str | None = None
    traits: Mapping[str, str] = field(default_factory=dict)
    born: str | None = None
    reference: str | None = None
    bare: bool = False
    turns_16_on: date | None = field(default=None, compare=False, repr=False)
    turns_18_on: date | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, kinds: Mapping[str, str]) -> PersonKeys:
        """Read what :meth:`kinds` gave."""

        def one(*wanted: str) -> str | None:
            return next((digest for digest, kind in kinds.items() if kind in wanted), None)

        return cls(
            exact=tuple(sorted(digest for digest, kind in kinds.items() if kind in (EXACT, LOCAL))),
            family=one(FAMILY, BOTH),
            given=one(GIVEN, BOTH),
            local=one(LOCAL),
            traits={kind: digest for digest, kind in kinds.items() if kind in TRAITS},
            born=one(BORN),
            reference=one(REFERENCE),
        )

    def kinds(self) -> dict[str, str]:
        """digest -> kind, as the index keeps it."""
        told = {digest: kind for kind, digest in self.traits.items()} | ({self.born: BORN} if self.born else {})
        return self.found_by() | told

    def found_by(self) -> dict[str, str]:
        """Those by which a subject may be found, digest -> kind. One skeleton for both names is kept as ``both``."""
        names = {self.family: FAMILY, self.given: GIVEN} if self.family != self.given else {self.family: BOTH}
        found = dict.fromkeys(self.exact, EXACT) | {d: kind for d, kind in names.items() if d is not None}
        found |= {self.reference: REFERENCE} if self.reference else {}
        return found | ({self.local: LOCAL} if self.local else {})


@dataclass(frozen=True, slots=True)
class Held:
    """What the index holds of one subject. ``own``: the agency that asks has an alias for them."""

    subject_ref: str
    own: bool
    exact: frozenset[str]
    family: frozenset[str]
    given: frozenset[str]
    local: frozenset[str] = frozenset()
    traits: Mapping[str, frozenset[str]] = field(default_factory=dict)
    reference: frozenset[str] = frozenset()
    gone_into: frozenset[str] = frozenset()

    @classmethod
    def of(cls, subject_ref: str, kinds: Mapping[str, str], *, own: bool) -> Held:
        """Read a subject's digests (digest -> kind)."""

        def those(*wanted: str) -> frozenset[str]:
            return frozenset(digest for digest, kind in kinds.items() if kind in wanted)

        traits = {kind: those(kind) for kind in TRAITS}
        names = those(FAMILY, BOTH), those(GIVEN, BOTH)
        numbers = those(REFERENCE), those(GONE_INTO)
        return cls(subject_ref, own, those(EXACT), *names, those(LOCAL), traits, *numbers)


@dataclass(frozen=True, slots=True)
class Candidate:
    """How far a record and a subject agree.

    Args:
        reused: a row id or a number agrees, and what is said beside it does not.
        family: family names agree, birth dates too; ``given`` and ``swapped`` likewise.
        single: one of the two has a single name, and it is a name of the other.
    """

    subject_ref: str
    own: bool
    exact: bool = False
    reused: bool = False
    family: bool = False
    given: bool = False
    swapped: bool = False
    single: bool = False

    @property
    def same_names(self) -> bool:
        """Both names and the date agree, in whatever order."""
        return (self.family and self.given) or self.swapped

    @property
    def resembles(self) -> bool:
        """Enough for a human to be asked; family name and date alone are not (case 24)."""
        return self.given or self.swapped or self.single or self.reused


@dataclass(frozen=True, slots=True)
class One:
    """It is this subject."""

    subject_ref: str


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nobody whom this sender may know of."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A human of the sending agency must say which of its own clients it is, or that it is none. Sorted."""

    subject_refs: tuple[str, ...]


def person_keys(
    patient: Resource, *, system: str, local_id: str | None, digest: Digest, agency: str = ""
) -> PersonKeys:
    """The keyed digests of a Patient. No value leaves this function but through ``digest``.

    Args:
        patient: FHIR R4 Patient.
        system: id of the system that the record came from.
        local_id: that system's own row id of the client, or None where the record has none.
        digest: ``(domain, text) -> digest``; the domains are ``born``, ``identifier``, ``local``, ``name``,
            ``reference``, ``row``.
        agency: whose record it is; "": its CaMS reference is not looked at by itself.
    """
    birth = _whole_date(patient.get("birthDate"))
    born = digest("born", str(birth)) if birth else None
    proving = list(_proving(patient))
    exact = {identifying(url, value, born, digest) for url, value in proving} if born else set()
    family, given = _names(patient)
    local, traits = None, {}
    if local_id:
        local = local_key(system, local_id, digest)
        said = zip(TRAITS, (family, given, str(birth or "")), strict=True)
        traits = {kind: digest("row", f"{system}\n{local_id}\n{kind}\n{text}") for kind, text in said if text}
    bare = not (family or given or birth)  # a number without a birth date says nothing that could be compared
    cams = next((value for url, value in proving if url == _CAMS), "") if agency else ""
    reference = digest("reference", f"{agency}\n{cams}") if cams else None
    if reference and bare and local_id == cams:  # a row of the very system that gave the number
        exact.add(reference)
    return PersonKeys(
        exact=tuple(sorted(exact | ({local} if local else set()))),
        family=digest("name", f"{family}\n{birth}") if family and birth else None,
        given=digest("name", f"{given}\n{birth}") if given and birth else None,
        local=local,
        traits=traits,
        born=born,
        reference=reference if born else None,
        bare=bare,
        turns_16_on=_turns(birth, 16),
        turns_18_on=_turns(birth, 18),
    )


def local_key(system: str, local_id: str, digest: Digest) -> str:
    """The digest by which a system's own row id identifies its client."""
    return digest("local", f"{system}\n{local_id}")


def identifying(system: str, value: str, born: str, digest: Digest) -> str:
    """The digest by which a government's number identifies together with a birth date.

    Args:
        system: identifier system, a URL; ``value``: normalised.
        born: the digest of the birth date.
    """
    return digest("identifier", f"{system}\n{value}\n{born}")


def to_learn(keys: PersonKeys, held: Held) -> dict[str, str]:
    """What the index learns of a subject from a record that was found to be theirs, digest -> kind.

    What a row said when it was first read stays the measure, or it could become somebody else's in small steps; only
    a government's number that agrees, or a human, says that it may say something else now.
    """
    ours = Held.of("", keys.kinds(), own=held.own)
    measured = bool(ours.local & held.local) and any(held.traits.values()) and not ours.exact & held.exact
    known = {digest: kind for digest, kind in keys.kinds().items() if digest not in held.reference}
    return {digest: kind for digest, kind in known.items() if not (measured and kind in TRAITS)}


def compare(keys: PersonKeys, held: Held) -> Candidate:
    """How far a record's keys agree with a subject's."""
    ours = Held.of("", keys.kinds(), own=held.own)
    return _agreement(ours, held)


def resolve(
    candidates: Iterable[Candidate], into: Mapping[str, str] = MappingProxyType({})
) -> One | Nobody | Ambiguous:
    """The one subject of a record, nobody, or a question to a human.

    1. Own clients that it identifies: one is the answer, unless names and date are those of another own client and
       not of this one (a row used again, a mistyped number); two are a question. Another agency's client that it
       identifies as well changes nothing: that pair is the steward's.
    2. Own clients that it resembles are a question, whether or not it identifies another agency's client: the
       question must not depend on who else exists.
    3. Else exactly one other subject that it identifies. Two of them are nobody; the steward's list shows the pair.

    Args:
        candidates: every subject that shares a digest with the record, at most one entry each.
        into: of two files of one person, from the one to the one that is kept (I-07): both together are no question.
    """
    every = sorted(candidates, key=lambda c: c.subject_ref)
    own = [c for c in every if c.own]
    identified = _kept([c for c in own if c.exact], into)
    if len(identified) == 1:
        found = identified[0]
        of_theirs = {found.subject_ref, into.get(found.subject_ref)}
        return _unless_named(found, [c for c in own if into.get(c.subject_ref, c.subject_ref) not in of_theirs])
    if identified or any(c.resembles for c in own):
        return Ambiguous(tuple(c.subject_ref for c in own if c in identified or (not identified and c.resembles)))
    others = _kept([c for c in every if c.exact], into)
    return One(others[0].subject_ref) if len(others) == 1 else Nobody()


Likeness = Literal["identifier", "names", "partly"]


def lookalike(one: Held, other: Held) -> Likeness | None:
    """Why two subjects may be one person, for the hub's steward alone (``hub subjects duplicates``), or None.

    ``identifier``: they share what identifies. ``names``: both names and the date agree, in whatever order.
    ``partly``: what would have been a question inside one agency. Twins are not listed (case 24).
    """
    agreement = _agreement(one, other)
    if agreement.exact:
        return "identifier"
    if agreement.same_names:
        return "names"
    return "partly" if agreement.resembles else None


def _kept(found: Sequence[Candidate], into: Mapping[str, str]) -> list[Candidate]:
    """Without those that have gone into another one of these."""
    refs = {c.subject_ref for c in found}
    return [c for c in found if into.get(c.subject_ref, c.subject_ref) not in refs - {c.subject_ref}]


def _unless_named(found: Candidate, own: Iterable[Candidate]) -> One | Ambiguous:
    named = [] if found.same_names else [c.subject_ref for c in own if c is not found and c.same_names]
    return Ambiguous(tuple(sorted([found.subject_ref, *named]))) if named else One(found.subject_ref)


def _agreement(ours: Held, theirs: Held) -> Candidate:
    names, other_names = ours.family | ours.given, theirs.family | theirs.given
    same_id = bool(ours.local & theirs.local)
    same_number = bool(ours.exact & theirs.exact)
    alone = bool(ours.exact & theirs.reference)
    exact = alone or (same_number and not _contradicts(ours, theirs)) or (same_id and _same_row(ours, theirs))
    return Candidate(
        subject_ref=theirs.subject_ref,
        own=theirs.own,
        exact=exact,
        reused=(same_id or same_number or bool(ours.local & theirs.gone_into)) and not exact,
        family=bool(ours.family & theirs.family),
        given=bool(ours.given & theirs.given),
        swapped=bool(ours.family & theirs.given) and bool(ours.given & theirs.family),
        single=not (ours.given and theirs.given) and bool(names & other_names),
    )


def _contradicts(ours: Held, theirs: Held) -> bool:
    """Whether what stands beside a number that agrees tells of somebody else: other numbers, and no name in common."""
    names, other_names = ours.family | ours.given, theirs.family | theirs.given
    other_numbers = bool(ours.exact - theirs.exact) and bool(theirs.exact - ours.exact)
    return other_numbers and bool(names and other_names) and names.isdisjoint(other_names)


def _same_row(ours: Held, theirs: Held) -> bool:
    """Whether a row still tells of the person whom it told of before: a name or a date may have been corrected."""
    if not any(ours.traits.values()):
        return True  # the row says nothing that could contradict
    both = [kind for kind in TRAITS if ours.traits.get(kind) and theirs.traits.get(kind)]
    agree = sum(bool(ours.traits[kind] & theirs.traits[kind]) for kind in both)
    same_date = bool(ours.traits[_BIRTH] & theirs.traits[_BIRTH])  # else numbers cannot be compared
    other_number = same_date and bool(ours.exact and theirs.exact) and ours.exact.isdisjoint(theirs.exact)
    if not both or other_number:
        return bool(both) and agree == len(both)
    return agree >= min(2, len(both))


def _whole_date(text: object) -> date | None:
    """A birth date that has year, month and day; a year alone is no date (case 13)."""
    if not isinstance(text, str) or len(text) != 10:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _turns(birth: date | None, age: int) -> date | None:
    """The day on which somebody is so old; who was born on 29 February is on the last day of that month."""
    try:
        return months_after(birth, 12 * age) if birth else None
    except ValueError:
        return None


def _proving(patient: Resource) -> Iterable[tuple[str, str]]:
    """System and normalised value of each government identifier whose shape is one (cases 20, 21)."""
    for identifier in patient.get("identifier", ()):
        kind = GOVERNMENT.get(identifier.get("system"))
        if kind is None:
            continue
        value = normalise(identifier.get("value") or "")
        if shape_problem(kind, value) is None:
            yield identifier["system"], value


def _names(patient: Resource) -> tuple[str, str]:
    """Skeletons of family name and first given name; "" for what is not there or only fills a field (case 15)."""
    names = patient.get("name", ())
    name = next((n for n in names if n.get("use") == "official"), names[0] if names else {})
    family, given = name.get("family") or "", (name.get("given") or [""])[0] or ""
    folded, folded_given = fold(family), fold(given)
    family, folded = ("", "") if folded in _FILLERS else (family, folded)
    given = "" if folded_given in {*_FILLERS, folded} else given
    return (skeleton(family), skeleton(given)) if folded else (skeleton(given), "")
