"""The rules in Cedar (``policies/consent.cedar``), asked of cedarpy: permit or deny, and which items pass.

Cedar answers one principal at a time and has no loop over records, so a question is asked in rounds; here stands what
goes from one round to the next: the set of those that were allowed, and nothing that decides. Prepared of the facts,
since Cedar has no words for it: local days as numbers, the first part of a language tag, which versions of a record are
later ones, which agreement lists a category, the parts of a pack's name; what is null is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from cedarpy import Entities, PolicySet, is_authorized_batch

from bench.rego import micros, names
from consent.model import Consent, Facts
from consent.model.words import Category, ConsentState

POLICY = Path(__file__).parent / "policies" / "consent.cedar"
_QUESTION = {"type": "Question", "id": "q"}
_OF_ITEMS = ("within", "ticked", "required", "bases", "forbidden", "locked")
Uid = Mapping[str, str]
Ask = tuple[Uid, str, dict[str, Any]]  # principal, action, context


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the message may go, and by their place its items that go with it."""

    permits: bool
    kept: tuple[int, ...]


class Cedar:
    """A policy set, parsed once."""

    def __init__(self, policy: str) -> None:
        self._policies = PolicySet.from_str(policy)

    def decide(self, facts: Facts) -> Answer:
        """The answer of the policies."""
        return self.decided(facts, read(document(facts)))

    def decided(self, facts: Facts, entities: Entities) -> Answer:
        """The answer, from entities that have been read."""
        return _Rounds(self._policies, facts, entities).answer()


def document(facts: Facts) -> str:
    """Facts as a Cedar document of entities."""
    return orjson.dumps(list(_entities(facts))).decode()


def read(document: str) -> Entities:
    """The entities of a document."""
    return Entities.from_json_str(document)


class _Rounds:
    """One question, round by round."""

    def __init__(self, policies: PolicySet, facts: Facts, entities: Entities) -> None:
        self._policies, self._facts, self._entities = policies, facts, entities
        self._person = facts.subjects[facts.message.subject or ""]

    def answer(self) -> Answer:
        person = self._person
        by_uid = {consent_id(each): each for each in person.consents}
        consents = [uid("Consent", name) for name in by_uid]
        findings = [uid("Finding", at) for at, _ in enumerate(person.findings)]
        [incapable] = self._round([(f, "incapable", {"consent": ref(c)}) for f in findings for c in consents])
        told = {"incapable": refs(consents[at % len(consents)] for at in incapable)}
        noes, agreements = (
            list(_noes(self._facts)),
            [uid("Agreement", at) for at, _ in enumerate(self._facts.agreements)],
        )
        no_uids = [uid("No", at) for at, _ in enumerate(noes)]
        pairs = [(no, each) for no in no_uids for each in consents if by_uid[each["id"]].lifts]
        standing, relied, lifts, bound, shut, agreed = self._round(
            [(each, "stand", told) for each in consents],
            [(each, "rely", told) for each in consents],
            [(each, "lift", {**told, "no": ref(no)}) for no, each in pairs],
            [(no, "bind", {}) for no in no_uids],
            [(no, "shut", {}) for no in no_uids],
            [(each, "agree", {}) for each in agreements],
        )
        kept_noes = [at for at in bound if no_uids[at] not in [pairs[lift][0] for lift in lifts]]
        context = {
            "consents": refs(consents[at] for at in relied),
            "standing": refs(consents[at] for at in standing),
            "agreements": refs(agreements[at] for at in agreed),
            "bases": sorted({by_uid[consents[at]["id"]].basis or "" for at in relied}),
            "shut": refs(no_uids[at] for at in kept_noes if at in shut),
            "forbidden": sorted({category for at in kept_noes for category in noes[at]["categories"]}),
            "locked": sorted({item for at in kept_noes for item in noes[at]["items"]}),
        }
        context |= self._categories([person.consents[at] for at in relied], context)
        kept, told_of_items = self._items(context)
        [sent] = self._round([(_QUESTION, "send", context | told_of_items)])
        return Answer(bool(sent), tuple(kept) if sent else ())

    def _categories(self, relied: Sequence[Consent], context: dict[str, Any]) -> dict[str, Any]:
        """Of the categories that occur those within, ticked and required."""
        ticks = [(each, at, tick.category) for each in relied for at, tick in enumerate(each.categories)]
        [ticked_now] = self._round([(uid("Tick", f"{consent_id(each)}#{at}"), "tick", {}) for each, at, _ in ticks])
        by_category: dict[str, list[Uid]] = {}
        for each, _, category in (ticks[at] for at in ticked_now):
            by_category.setdefault(category, []).append(uid("Consent", consent_id(each)))
        categories = _categories_of(self._facts)
        told = {"agreements": context["agreements"], "consents": context["consents"]}
        asked = [(uid("Category", each), told | {"ticked_by": refs(by_category.get(each, ()))}) for each in categories]
        groups = [[(who, action, its) for who, its in asked] for action in ("within", "ticked", "need")]
        within, ticked, required = ([categories[at] for at in allowed] for allowed in self._round(*groups))
        return {"within": within, "ticked": ticked, "required": required}

    def _items(self, context: dict[str, Any]) -> tuple[list[int], dict[str, Any]]:
        """Which items pass; and of all items what the message is judged by."""
        items, categories = self._facts.message.items, _categories_of(self._facts)
        asked = [categories if item.sensitivity else [item.category] for item in items]  # a tag alone adds others
        groups = [
            [(uid("Category", each), "kind", {"item": ref(uid("Item", at))}) for each in its]
            for at, its in enumerate(asked)
        ]
        kinds = [[its[at] for at in allowed] for its, allowed in zip(asked, self._round(*groups), strict=True)]
        told = {name: context[name] for name in _OF_ITEMS}
        its_own = [told | {"kinds": its} for its in kinds]
        actions = ("pass", "others", "say", "bar")
        kept, others, saying, barred = self._round(
            *[[(uid("Item", at), action, own) for at, own in enumerate(its_own)] for action in actions]
        )
        kept_categories = {items[at].category for at in kept}
        lost = [(at, item) for at, item in enumerate(items) if at not in kept]
        return kept, {
            "kept": refs(uid("Item", at) for at in kept),
            "saying": refs(uid("Item", at) for at in saying),
            "barred": refs(uid("Item", at) for at in barred),
            "kept_categories": sorted(kept_categories),
            "lost": sorted({item.category for _, item in lost} - kept_categories),
            "refused": sorted({item.category for at, item in lost if at not in others}),
            "lost_essential": sorted({item.category for _, item in lost if item.essential}),
        }

    def _round(self, *groups: Sequence[Ask]) -> list[list[int]]:
        """Of each group those that are allowed, by their place."""
        asks = [ask for group in groups for ask in group]
        requests = [
            {"principal": who, "action": {"type": "Action", "id": action}, "resource": _QUESTION, "context": context}
            for who, action, context in asks
        ]
        answers = iter(is_authorized_batch(requests, self._policies, self._entities) if asks else ())
        allowed = []
        for group in groups:
            answered = list(islice(answers, len(group)))
            wrong = [error for answer in answered for error in answer.diagnostics.errors]
            assert not wrong, wrong[0]  # a rule that cannot be read would be left out
            allowed.append([at for at, answer in enumerate(answered) if answer.allowed])
        return allowed


def uid(kind: str, name: object) -> Uid:
    """A name of an entity."""
    return {"type": kind, "id": str(name)}


def ref(each: Uid) -> dict[str, Any]:
    """An entity within a context."""
    return {"__entity": each}


def refs(of: Iterable[Uid]) -> list[dict[str, Any]]:
    """The same of several."""
    return [ref(each) for each in of]


def consent_id(consent: Consent) -> str:
    """As its entity is named."""
    return f"{consent.consent_id}/{consent.version}"


# ------------------------------------------------------------------------------------------------ facts as entities


def _entities(facts: Facts) -> Iterable[dict[str, Any]]:
    person, zone = facts.subjects[facts.message.subject or ""], ZoneInfo(facts.pack.zone)
    yield _entity(_QUESTION, _question(facts, zone))
    for consent in person.consents:
        later = [
            other.state
            for other in person.consents
            if (other.consent_id, other.subject_ref) == (consent.consent_id, person.subject_ref)
            and other.version > consent.version
        ]
        yield _entity(uid("Consent", consent_id(consent)), _consent(consent, later, zone))
        for at, tick in enumerate(consent.categories):
            yield _entity(uid("Tick", f"{consent_id(consent)}#{at}"), _plain_of(tick))
    for kind, rows in (("Finding", person.findings), ("Agreement", facts.agreements), ("Item", facts.message.items)):
        for at, row in enumerate(rows):
            yield _entity(uid(kind, at), _plain_of(row))
    for at, no in enumerate(_noes(facts)):
        yield _entity(uid("No", at), no)
    for category in _categories_of(facts):
        agreed_in = [uid("Agreement", at) for at, row in enumerate(facts.agreements) if category in row.categories]
        yield _entity(uid("Category", category), {"name": category, "agreed_in": refs(agreed_in)})


def _categories_of(facts: Facts) -> list[Category]:
    """Those that items are labelled with; all, where a tag could make an item one of another."""
    items = facts.message.items
    tagged = any(item.sensitivity for item in items)
    return list(Category) if tagged else list(dict.fromkeys(item.category for item in items))


def _question(facts: Facts, zone: ZoneInfo) -> dict[str, Any]:
    message, local = facts.message, facts.at.astimezone(zone)
    person = facts.subjects[message.subject or ""]
    essential = [uid("Item", at) for at, item in enumerate(message.items) if item.essential]
    made = {
        **_plain_of(message),
        **{name: _plain(getattr(facts, name)) for name in ("at", "sender", "recipient", "profile", "pack")},
        "system": _plain(replace(facts.system, decision_age_s=None)),  # it chooses between two refusals
        **{
            name: _plain(getattr(person, name))
            for name in ("flags", "deceased", "alleged_abusers", "unproven_no", "corrupt")
        },
        "packs": facts.pack.pack.split("+"),
        "essential": refs(essential),
        "today": micros(datetime.combine(facts.at.date(), time(), UTC)),
        "month": local.year * 12 + local.month,
        "day_of_month": local.day,
    }
    del made["items"]
    if message.pinned is not None:
        made["pinned"] = ref(uid("Consent", "/".join(map(str, message.pinned))))
    return made


def _consent(consent: Consent, later: Sequence[ConsentState], zone: ZoneInfo) -> dict[str, Any]:
    made = {
        **_plain_of(consent),
        "categories": sorted({tick.category for tick in consent.categories}),
        "recipient_agencies": sorted({each.agency for each in consent.recipients}),
        "later_states": sorted(later),
        "languages_read": sorted({_primary(tag) for tag in consent.client_reads}),
    }
    if consent.language is not None:
        made["language_read"] = _primary(consent.language)
    if consent.captured_at is not None:
        local = consent.captured_at.astimezone(zone)
        made |= {"captured_month": local.year * 12 + local.month, "captured_day": local.day}
    return made


def _noes(facts: Facts) -> Iterable[dict[str, Any]]:
    """Directives and declines alike, as the registry holds them."""
    person = facts.subjects[facts.message.subject or ""]
    for directive in person.directives:
        yield {
            **_plain_of(directive),
            "id": directive.directive_id,
            "agencies": list(directive.recipients),
            "unreadable": [],
        }
    for consent in person.consents:
        if consent.state is ConsentState.DECLINED:
            yield {
                "id": consent.consent_id,
                "registry_seq": consent.registry_seq,
                "said_by": consent.given_by or "SELF",
                "agencies": [each.agency for each in consent.recipients],
                "unreadable": list(consent.unreadable),
                "purposes": list(consent.purposes),
                "categories": [],
                "items": [],
            }


def _primary(tag: str) -> str:
    return tag.split("-", 1)[0].lower()


def _entity(of: Uid, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"uid": of, "attrs": attributes, "parents": []}


def _plain_of(row: Any) -> dict[str, Any]:
    return {name: made for name in names(type(row)) if (made := _plain(getattr(row, name))) is not None}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if is_dataclass(value):
        return _plain_of(value)
    if isinstance(value, tuple | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return micros(value)
    assert isinstance(value, date), "no fraction is among the facts of these questions"
    return micros(datetime.combine(value, time(), UTC))
