"""What a refused declaration lacks, in a sentence for who declared it (OX_*). Pure; it names fields, never values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from consent.declaration import NEVER_NARROWED, attested, grown
from consent.model import Facts
from consent.model.declared import Override
from consent.model.words import Code
from consent.standing import standing

TELEPHONE = "telephone at once; the hub does not discharge the duty to report"


def lacking(facts: Facts, code: Code) -> str:
    """Which field, what stands there, what is expected and what to do; "" where the code is none of an override's.

    Args:
        code: the deciding one.
    """
    override = facts.override
    said = _SENTENCES[code](facts, override) if override is not None and code in _SENTENCES else ""
    if override is None or override.terms is None or override.terms.kind != "must":
        return said
    return f"{said}; {TELEPHONE}" if said else f"report: it did not go; {TELEPHONE}"


def _role(_: Facts, override: Override) -> str:
    if not override.invoker.worker:
        return "worker: got nobody, expected the worker who formed the suspicion; write who it is"
    return (
        "worker: got somebody who may not declare this, expected a worker, supervisor or on-call manager of the "
        "agency; telephone emergency services and the on-call manager"
    )


def _threshold(facts: Facts, override: Override) -> str:
    assert override.terms is not None, "a code of no pack is refused before"
    if grown(facts, override):
        return "code: got one that protects children, and somebody of 18 or older; choose the code that fits them"
    met = attested(override)
    asked = (*override.terms.limbs, *(override.terms.limbs_against_a_no if standing(facts) else ()))
    blank = ", ".join(limb for limb in asked if limb not in met)
    return f"limbs: got no yes, or no fact, in {blank}, expected both in each; if one is not so, it may not be sent"


def _content(facts: Facts, override: Override) -> str:
    pack = facts.pack
    if override.terms is None:
        return "code: got no reason code of the list, expected one of it; choose the one that fits"
    wrong = (
        (override.terms.answer is None and not facts.message.risk_flags, "danger: got none, expected which it is"),
        (not override.told, "told: got nothing, expected what the recipient must know"),
        (override.told > pack.told_max, f"told: got {override.told} letters, expected {pack.told_max} at most"),
        (
            override.narrative < pack.narrative_min,
            f"narrative: got {override.narrative} letters, expected {pack.narrative_min} of your own: what was seen or "
            "heard, when, from whom",
        ),
        (
            override.repeats > pack.repeats_max,
            f"narrative: got the words of {override.repeats} earlier ones, expected what happened this time",
        ),
        (
            not NEVER_NARROWED.isdisjoint(override.narrowed),
            f"narrowed: got what nothing can be told without, expected none of {', '.join(sorted(NEVER_NARROWED))}",
        ),
        (not override.safeguards, "consent_sought, notice: got nothing in one of them, expected a word of each list"),
    )
    return f"{'; '.join(text for bites, text in wrong if bites)}; write it and save the row"


def _recipient(_: Facts, override: Override) -> str:
    bodies = ", ".join(body.value for body in override.terms.bodies) if override.terms else ""
    return f"recipient_org: got an agency that this code does not reach, expected one that is {bodies}; choose another"


def _expired(facts: Facts, _: Override) -> str:
    hours = facts.pack.grant_s // 3600
    return (
        f"override: got one that is over, expected one of the last {hours} hours; declare a new one if there is danger"
    )


def _second_person(_: Facts, __: Override) -> str:
    return (
        "approval: got none that counts, expected a supervisor, on-call manager or privacy officer other than the "
        "worker and not reporting to the worker, under an account of their own; where it is imminent, the attempts to "
        "reach one"
    )


def _plain(text: str) -> Callable[[Facts, Override], str]:
    return lambda _facts, _override: text


_SENTENCES: Mapping[Code, Callable[[Facts, Override], str]] = {
    Code.OX_ROLE: _role,
    Code.OX_THRESHOLD: _threshold,
    Code.OX_CONTENT: _content,
    Code.OX_RECIPIENT: _recipient,
    Code.OX_EXPIRED: _expired,
    Code.OX_REUSED: _plain(
        "override: got one that has opened a message, expected a new one; declare it for this message"
    ),
    Code.OX_BACKDATED: _plain(
        "covers: got something that was sent before it was declared, expected nothing; tell the privacy officer: it is "
        "an incident"
    ),
    Code.OX_SECOND_PERSON: _second_person,
    Code.OX_CONFLICT_OF_INTEREST: _plain(
        "worker: got somebody close to the client, expected another worker; hand it to one"
    ),
    Code.OX_SUSPENDED: _plain(
        "worker: got somebody with self-reviews that are late, expected them done; do them, or hand it to another"
    ),
    Code.OX_NOT_OVERRIDABLE: _plain("override: got a bar that nothing opens, expected a human channel; telephone"),
}
