"""When something went wrong with a delivery: who holds it, what harm may come of it, who must be told. Pure.

- Held by its recipient is what was acknowledged; what was opened and never acknowledged may be. What never left is no
  breach: it is stopped.
- The harm assessment is a closed list of questions, each answered yes or no: those of a real risk of significant harm
  (PIPEDA s.10.1(8)) and the seven cases of O. Reg. 329/04 s.6.3. The answer is at least what these make it: an officer
  may find a risk where the rule finds none, never the other way. That the categories are sensitive is known here.
- A notice is due by the lane of the agency whose record it was, as its pack says (consent rules 5). It may be withheld
  for a reason that is written down and, unless nobody can be reached at all, is looked at again within 30 days (3.7).
- An incident is closed when its harm is determined, everyone who may hold it was told, and every notice was given or
  withheld for good. A correction is no breach: its harm need not be determined.

A narrative has no place here: whatever is written of a person would have to be kept sealed, and no rule reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from consent.model import Decision, Facts
from consent.model.words import SENSITIVE, Category
from consent.packs.afterwards import BreachRules, When
from hub.errors import Refused
from hub.model.envelope import MessageState
from hub.model.incidents import Duty, Holding, Incident


class Kind(StrEnum):
    """What went wrong."""

    WRONG_PERSON = "wrong-person"  # it was about somebody else
    WRONG_ROUTE = "wrong-route"  # it went to an agency that it was not for
    CONSENT_VOID = "consent-void"  # the consent that it relied on was void from the start
    CORRECTION = "correction"  # what it said is wrong: a birth date, another file
    OVERRIDE = "override"  # a review found the override that it went on not justified, or too much sent (3.6)


NOT_CALLED_BACK = frozenset({Kind.CORRECTION, Kind.OVERRIDE})
"""What its recipient holds is put right, or may be what somebody acts on just now: nobody lays it aside."""


class Asked(StrEnum):
    """The questions of the harm assessment."""

    SENSITIVE = "sensitive"  # the kind of information is sensitive
    SAFETY = "safety"  # somebody could find, hurt or threaten the person by it
    MISUSE = "misuse"  # it is likely to be misused
    UNBOUND = "unbound"  # whoever has it is not bound to keep it
    NOT_BACK = "not-back"  # it has not come back, nor was its destruction confirmed
    KNOWING = "knowing"  # s.6.3: used or disclosed knowingly without authority
    STOLEN = "stolen"
    FURTHER_USE = "further-use"  # was or will be used or disclosed further
    PATTERN = "pattern"  # like others before it
    COLLEGE = "college"  # a college was or must be told of a member
    DISCIPLINE = "discipline"  # somebody who is no member of a college was disciplined
    SIGNIFICANT = "significant"  # much, of many, or several custodians were responsible


LISTED = frozenset(
    {
        *(Asked.KNOWING, Asked.STOLEN, Asked.FURTHER_USE, Asked.PATTERN, Asked.COLLEGE, Asked.DISCIPLINE),
        Asked.SIGNIFICANT,
    }
)


class Harm(StrEnum):
    """What the assessment came to."""

    NO_RISK = "no-risk"
    REAL_RISK = "real-risk"  # a real risk of significant harm


class Recall(StrEnum):
    """How a recipient is told to lay a delivery aside, or gets it put right."""

    NOTICE = "notice"  # a content-free word into its system
    CORRECTION = "correction"  # its record goes once more, put right (settled S36)
    TELEPHONE = "telephone"  # its system has no place for that: the officer telephones
    STOPPED = "stopped"  # it had not left, and does not


class DutyState(StrEnum):
    """Where a notice is."""

    DUE = "due"
    GIVEN = "given"
    WITHHELD = "withheld"


WITHHELD: Mapping[str, bool] = {  # reason -> whether it passes, so that it is looked at again
    "danger": True,  # telling would raise the danger
    "investigation": True,  # a child-protection or police step would suffer
    "alleged-abuser": True,  # it would reach the alleged abuser
    "unreachable": False,  # there is no safe way to the person, or the person has died
    "told-by-other": False,  # another agency has told them, and it was confirmed
}


def released(facts: Facts, decision: Decision) -> tuple[str, ...]:
    """The categories that a permit let go, sorted."""
    kept_back = {item.path for item in decision.withheld}
    return tuple(sorted({item.category.value for item in facts.message.items if item.path not in kept_back}))


def may_hold(state: MessageState, opened_at: datetime | None, rejection: str | None, taken_back: str) -> bool | None:
    """Whether a recipient has a delivery: True, perhaps (None), or False: it never left, or was taken out again.

    Args:
        opened_at: when it was last let go, and not known to have failed.
        taken_back: the rejection of what was taken out of where it lay before anybody passed it on.
    """
    if rejection == taken_back:
        return False
    if state is MessageState.DELIVERED:
        return True
    return None if opened_at is not None else False


def assess(answers: Mapping[str, bool], holdings: Iterable[Holding], found: str | None) -> Harm:
    """What an assessment comes to.

    Args:
        answers: question to yes or no.
        found: what the officer finds, or None: what the rule makes of the answers.

    Raises:
        Refused: a question is unknown or unanswered; sensitive information is said to be none; or the officer finds
            less than the rule does.
    """
    for question in answers:
        if question not in list(Asked):
            raise Refused("--yes, --no", "a question that nobody asks", f"one of {', '.join(Asked)}")
    if missing := [question.value for question in Asked if question not in answers]:
        raise Refused("--yes, --no", f"no answer to {', '.join(missing)}", "yes or no to every question")
    sensitive = sorted({word for each in holdings for word in each.categories if Category(word) in SENSITIVE})
    if sensitive and not answers[Asked.SENSITIVE]:
        raise Refused("--no sensitive", f"{', '.join(sensitive)} was sent", "--yes sensitive")
    harm = Harm.REAL_RISK if _is_real_risk(answers) else Harm.NO_RISK
    if found is None or found == harm:
        return harm
    if found != Harm.REAL_RISK:
        got = "a lesser risk than the answers make it" if found == Harm.NO_RISK else "another word"
        raise Refused("--harm", got, f"{Harm.REAL_RISK}, or nothing")
    return Harm.REAL_RISK


def _is_real_risk(answers: Mapping[str, bool]) -> bool:
    out_of_hand = answers[Asked.UNBOUND] or answers[Asked.NOT_BACK] or answers[Asked.FURTHER_USE]
    return answers[Asked.SAFETY] or answers[Asked.MISUSE] or (answers[Asked.SENSITIVE] and out_of_hand)


def duties(
    incident: Incident, holdings: Sequence[Holding], lanes: Mapping[str, str], rules: Mapping[str, BreachRules]
) -> list[Duty]:
    """The notices that are due once the harm is determined: of each agency whose record it was.

    Args:
        lanes: agency to its lane; ``rules``: agency to what its pack says.
    """
    assert incident.determined_at is not None, "nothing is due before the harm is determined"
    left = [each for each in holdings if each.recall != Recall.STOPPED]
    found: list[Duty] = []
    for agency in sorted({each.sender for each in left}):
        threshold = rules[agency].lanes[lanes[agency]]
        due_at = incident.determined_at + timedelta(days=rules[agency].notify_days)
        people = sorted({each.subject_ref for each in left if each.sender == agency and each.subject_ref})
        told: list[tuple[str, str | None]] = [
            ("individual", ref) for ref in people if _is_due(threshold.individual, incident)
        ]
        told += [("regulator", None)] if _is_due(threshold.told, incident) else []
        found += [
            Duty(
                incident_id=incident.incident_id,
                number=len(found) + place,
                agency=agency,
                told=to,
                law=threshold.law,
                regulator=threshold.regulator if ref is None else "",
                due_at=due_at,
                subject_ref=ref,
            )
            for place, (to, ref) in enumerate(told, start=1)
        ]
    return found


def _is_due(when: When, incident: Incident) -> bool:
    match when:
        case When.always:
            return True
        case When.risk:
            return incident.harm == Harm.REAL_RISK
        case When.listed:
            return any(incident.answers[question] for question in LISTED)
        case When.never:
            return False


def why_open(incident: Incident, holdings: Iterable[Holding], owed: Iterable[Duty]) -> list[str]:
    """What is missing before an incident may be closed, in words; empty: nothing."""
    missing = []
    if incident.determined_at is None and incident.kind != Kind.CORRECTION:
        missing.append("its harm is not determined (`hub incident assess`)")
    unreached = [each for each in holdings if each.recall != Recall.STOPPED and each.reached_at is None]
    by_phone = sum(each.recall == Recall.TELEPHONE for each in unreached)
    if by_phone:
        missing.append(f"{by_phone} recipients are to be telephoned (`hub incident telephoned`)")
    if corrections := sum(each.recall == Recall.CORRECTION for each in unreached):
        missing.append(f"{corrections} corrections have not arrived: their records are put right at their source")
    if recalls := sum(each.recall == Recall.NOTICE for each in unreached):
        missing.append(f"{recalls} recalls are not in their system yet (`hub work`)")
    if due := [each.number for each in owed if not is_settled(each)]:
        missing.append(f"notices {', '.join(map(str, due))} are neither given nor withheld for good")
    return missing


def is_settled(duty: Duty) -> bool:
    """Whether a notice was given, or withheld for a reason that does not pass."""
    if duty.state == DutyState.WITHHELD:
        return not WITHHELD[duty.reason]
    return duty.state == DutyState.GIVEN
