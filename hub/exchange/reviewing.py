"""A part of a review is done: by whom, with which outcome, and what it opens (consent rules 3.6, 3.7).

One way for what is said in an agency's own system (a self-review) and for what an officer says by command.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from consent.grant import hand_of
from consent.model.declared import Declaration, Hand
from consent.model.reviewed import Outcome, Part, Review, Withhold
from consent.model.words import Code, Role
from consent.review import RECHECK_MAX, barred, breach_of, outcomes
from hub.directory import HUB as THE_HUB
from hub.errors import Refused
from hub.exchange.entries import HUB, override_entry
from hub.exchange.grants import seal_words
from hub.exchange.house import House
from hub.model import locks
from hub.model.audit import Actor, AuditEvent
from hub.ports import Unit

WORDS_MIN = 20  # [policy] letters of a self-review or of an officer's reasons: a word is none


@dataclass(frozen=True, slots=True)
class Finding:
    """What somebody says of a part of a review.

    Args:
        words: sealed under the person's own key.
        reason: of a notice that is withheld; ``recheck_at``: when it is looked at again, 30 days on at most.
        incident: of a breach assessment that found one.
    """

    part: Part
    outcome: Outcome
    words: str = ""
    reason: Withhold | None = None
    recheck_at: datetime | None = None
    incident: str = ""


def finish(house: House, override_id: str, finding: Finding, worker: str, actor: Actor) -> Review:
    """Write down how a part ended. A notice that was withheld may be given later; nothing else is said twice.

    Raises:
        Refused: there is no such part, it is done, the outcome is none of its own, words or reason are missing, or this
            worker may not (OX_ROLE, OX_CONFLICT_OF_INTEREST).
    """
    with house.store.peek() as rows:
        declared = rows.overrides.get(override_id)
    own = [locks.subject(declared.subject)] if declared and declared.subject else []
    with house.store.unit(share=[locks.CONFIG], own=own) as unit:
        review = unit.reviews.of(override_id).get(finding.part)
        if declared is None or review is None:
            got, step = f"no {finding.part} of this override", "`hub override list` shows what is due"
            raise Refused("override", got, "one that is due", step)
        if review.done_at is not None and review.outcome is not Outcome.WITHHELD:
            raise Refused(f"override {override_id}: {finding.part}", "one that is done", "one that is due", "nothing")
        _may(unit, declared, finding, worker, actor)
        _says_enough(house, declared, finding, unit.now)
        if finding.incident and unit.incidents.get(finding.incident) is None:
            step = "`hub incident list` shows them; the hub's officer opens one"
            raise Refused("--incident", "the number of no incident", "one that is there", step)
        done = replace(
            review,
            done_at=unit.now,
            by=worker,
            outcome=finding.outcome,
            reason=finding.reason.value if finding.reason else "",
            recheck_at=finding.recheck_at,
            incident=finding.incident,
            told=0,
        )
        unit.reviews.put(done)
        seal_words(house, unit, declared, {f"review:{finding.part}": finding.words})
        _open_breach(house, unit, declared, done, finding.outcome)
        details = {"part": finding.part.value, "outcome": finding.outcome.value, "late": unit.now >= review.due_at}
        details |= {"reason_code": done.reason} if done.reason else {}
        unit.audit.append(override_entry(AuditEvent.REVIEW_DONE, declared, actor, unit.now, **details))
    return done


def _open_breach(house: House, unit: Unit, declared: Declaration, done: Review, outcome: Outcome) -> None:
    agency = unit.directory.all().agencies[declared.agency]
    opened = breach_of(done, outcome, unit.now, house.packs.facts(agency.pack))
    if opened is not None:
        unit.reviews.put(opened)
        due = {"part": opened.part.value, "due_at": opened.due_at.isoformat()}
        unit.audit.append(override_entry(AuditEvent.REVIEW_DUE, declared, HUB, unit.now, **due))


def _may(unit: Unit, declared: Declaration, finding: Finding, worker: str, actor: Actor) -> None:
    hand = _hand(unit, declared, worker, actor)
    related = declared.subject is not None and unit.overrides.related(worker, declared.subject)
    why = barred(declared, finding.part, hand, related=related)
    if why is not None:
        expected = {
            Code.OX_ROLE: "whose part it is: of a self-review who declared it, else a supervisor or privacy officer",
            Code.OX_CONFLICT_OF_INTEREST: "who neither declared nor approved it, and is not close to the client",
        }[why]
        raise Refused(f"override {declared.override_id}: {why.value}", "a worker who may not", expected, "ask another")


def _hand(unit: Unit, declared: Declaration, worker: str, actor: Actor) -> Hand:
    """The reviewer by the directory; the officer of the hub reviews for every agency."""
    directory = unit.directory.all()
    known = directory.workers.get(worker)
    if known is not None and known.agency == THE_HUB == actor.agency:
        return Hand(worker, Role.PRIVACY_OFFICER if known.role == "officer" else Role.OPERATOR)
    return hand_of(directory, declared.agency, worker, unit.now)


def _says_enough(house: House, declared: Declaration, finding: Finding, now: datetime) -> None:
    where = f"override {declared.override_id}: {finding.part}"
    kind = "must" if house.packs.is_mandatory(declared.code) else "may"
    possible = outcomes(finding.part, kind)
    if finding.outcome not in possible:
        raise Refused(where, finding.outcome.value, f"one of {', '.join(possible)}", "choose one of them")
    silent = (Outcome.SEEN, Outcome.GIVEN)
    if finding.outcome not in silent and len(finding.words.strip()) < WORDS_MIN:
        got = f"{len(finding.words.strip())} letters"
        raise Refused(where, got, f"{WORDS_MIN} at least: why", "write them and say it again")
    if finding.outcome is Outcome.WITHHELD:
        _withheld_well(where, finding, now)
    if finding.outcome is Outcome.INCIDENT and not finding.incident:
        raise Refused(where, "no incident", "its number", "`hub incident open`, then name it with --incident")


def _withheld_well(where: str, finding: Finding, now: datetime) -> None:
    if finding.reason is None:
        raise Refused(where, "no reason", f"one of {', '.join(Withhold)}", "nothing else lets a notice wait")
    if finding.recheck_at is None or not now < finding.recheck_at <= now + RECHECK_MAX + timedelta(days=1):  # its end
        raise Refused(where, "no day to look again", f"one within {RECHECK_MAX.days} days", "name it with --recheck-on")
