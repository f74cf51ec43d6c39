"""What would have been decided otherwise? Recorded decisions, made again from their facts with one thing changed. Pure.

The change is a draft: other values of a consent, an agreement or a pack; or a consent, an agreement or a standing no
more. It is spelled as a facts document is, and read as strictly. A decision flips when it permits and did not, or the
other way, or lets other things go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from consent.decide import decide
from consent.facts import changed, read_as
from consent.model import Agreement, Consent, Decision, Directive, Facts, PackFacts, SubjectFacts
from consent.model.words import ConsentState
from consent.packs import strictest
from hub.errors import MessageRejected, shape

Kind = Literal["consent", "directive", "agreement", "pack"]
_EXAMPLES = "docs/officer.md, *What would change if*"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# what a draft may not say: it names a thing, or the registry alone gives it
_NAMES = {
    "consent": ("consent_id", "version", "subject_ref", "registry_seq", "state_events"),
    "directive": ("directive_id", "subject_ref", "registry_seq"),
    "agreement": ("agreement_id", "version"),
    "pack": ("pack", "known"),
}
_BLANK: Mapping[Kind, Any] = {  # what a thing more is made from, and what changes are tried on
    "consent": Consent("draft", 1, "", ConsentState.ACTIVE, 0, "", (), (), (), "", 1),
    "directive": Directive("draft", "", 0),
    "agreement": Agreement("draft", 1, ("", ""), (), (), (), "active", _LONG_AGO),
    "pack": PackFacts("", 1),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """One change.

    Args:
        named: id of what it changes; of what is added the client's, or "" of an agreement.
        changes: fields and their new values, as in a facts document.
        new: it is added.
        also: of a no that is added, all files of the client: it counts there too (I-07).
    """

    kind: Kind
    named: str
    changes: Mapping[str, Any]
    new: bool = False
    also: tuple[str, ...] = ()

    def apply(self, facts: Facts) -> Facts:
        """The facts with this change; the same where they do not hold what it changes."""
        if self.kind == "pack":
            return replace(facts, pack=self._pack(facts.pack))
        if self.kind == "agreement":
            return replace(facts, agreements=self._agreements(facts))
        people = {ref: self._of_person(known, facts) for ref, known in facts.subjects.items()}
        return replace(facts, subjects=people)

    def _pack(self, pack: PackFacts) -> PackFacts:
        """Between two agencies the stricter of two packs governed: of which a number was is not on record, so there a
        looser one changes nothing."""
        names = pack.pack.split("+")
        if self.named not in names:
            return pack
        made: PackFacts = self._made(pack)
        return made if len(names) == 1 else strictest(pack, made)

    def _agreements(self, facts: Facts) -> tuple[Agreement, ...]:
        if not self.new:
            return tuple([self._other(each, each.agreement_id) for each in facts.agreements])
        more: Agreement = self._made(_BLANK["agreement"])
        between = {facts.sender.agency, facts.recipient.agency} == set(more.parties)
        return (*facts.agreements, more) if between else facts.agreements

    def _of_person(self, known: SubjectFacts, facts: Facts) -> SubjectFacts:
        if not self.new:
            return replace(known, consents=tuple([self._other(each, each.consent_id) for each in known.consents]))
        if known.subject_ref != self.named and known.subject_ref not in self.also:
            return known
        told = {"subject_ref": self.named, "registry_seq": facts.system.registry_seq + 1}
        if self.kind == "directive":
            return replace(known, directives=(*known.directives, replace(self._made(_BLANK["directive"]), **told)))
        return replace(known, consents=(*known.consents, replace(self._made(_BLANK["consent"]), **told)))

    def _other(self, record: Any, own: str) -> Any:
        return self._made(record) if own == self.named else record

    def _made(self, record: Any) -> Any:
        return changed("changes", record, self.changes)


def read_draft(data: bytes) -> Draft:
    """A draft, with ids as its author knows them.

    Raises:
        MessageRejected: no draft; or a field or value that a facts document has not.
    """
    document = read_as("draft", dict, data)
    kinds: list[Kind] = [kind for kind in _BLANK if kind in document]
    if len(kinds) != 1:
        got = ", ".join(kinds) or "none of them"
        raise MessageRejected("draft", got, f"one of {', '.join(_BLANK)}", _EXAMPLES)
    (kind,) = kinds
    draft = _change(kind, document) if isinstance(document[kind], str) else _more(kind, document)
    if fixed := next((name for name in _NAMES[kind] if name in draft.changes), None):
        raise MessageRejected(f"draft: {fixed}", f"`{shape(fixed)}`", "other fields: this one names it", _EXAMPLES)
    changed("changes", _BLANK[kind], draft.changes)
    return draft


def _more(kind: Kind, document: Mapping[str, Any]) -> Draft:
    said = document[kind]
    of_client = kind != "agreement"
    named = said.get("client") if isinstance(said, dict) and of_client else ""
    if kind == "pack" or len(document) > 1 or not isinstance(said, dict) or not isinstance(named, str):
        expected = "its name beside `changes`" if kind == "pack" else "an object, with the client's alias as `client`"
        raise MessageRejected(f"draft.{kind}", "something else", expected, _EXAMPLES)
    return Draft(kind, named, {name: value for name, value in said.items() if not of_client or name != "client"}, True)


def _change(kind: Kind, document: Mapping[str, Any]) -> Draft:
    changes = document.get("changes")
    if kind == "directive" or not isinstance(changes, dict) or not changes or len(document) > 2:
        expected = "an object: a no is added" if kind == "directive" else "`changes` beside it, an object of fields"
        raise MessageRejected(f"draft.{kind}", "something else", expected, _EXAMPLES)
    return Draft(kind, document[kind], changes)


@dataclass(frozen=True, slots=True)
class Flip:
    """A decision that comes out otherwise: without the draft, and with it."""

    before: Decision
    after: Decision


def flip(facts: Facts, draft: Draft) -> Flip | None:
    """How a decision on these facts flips by a draft; None: it does not.

    Raises:
        MessageRejected: a value does not go with the others of what it changes.
    """
    with_draft = draft.apply(facts)
    if with_draft == facts:
        return None
    before, after = decide(facts), decide(with_draft)
    return Flip(before, after) if let_go(facts, before) != let_go(facts, after) else None


def let_go(facts: Facts, decision: Decision) -> frozenset[str] | None:
    """The places that a decision lets go; None: nothing."""
    if not decision.permits:
        return None
    return frozenset({item.path for item in facts.message.items}) - {item.path for item in decision.withheld}
