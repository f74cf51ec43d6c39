"""The consent registry: record, withdraw, suspend; directives add and lift. Every change leaves an audit entry.

The caller's unit owns the subject (and, when it mints one, the digests of what identifies them). Versions are kept.
A withdrawal is final for its record: no later row of the same consent undoes it (consent rules 1.4). A "no" is lifted
by the agency that took it down, and by nobody else: :func:`may_lift` is asked for a row's ``lifts`` and at the desk.

Here it is checked what a record's state allows. Who may say so is the desk's question, not this one's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from consent.deciding import asks_who, with_decider
from consent.model import Consent, Directive, StateEvent
from consent.model.words import OPENING, STANDING, Basis, ConsentState
from consent.rows import KEEP_OUT, ConsentRow, to_consent
from hub.errors import Refused, shape
from hub.model.audit import Actor, AuditEvent, Entry
from hub.ports import Ids, Unit

_KEPT: Mapping[ConsentState, str] = {  # what a withdrawal would weaken or hide, and what to do instead
    ConsentState.DECLINED: (
        "it is the client's no already: it stands until a new consent of the client names it in `lifts` (C-105)"
    ),
    ConsentState.INVALIDATED: "it was void from the start: for a standing no use `hub consent directive add`",
}
_ALLOWS = (  # of a consent, what it allows whom until when
    *("state", "recipients", "purposes", "categories", "exclusions", "onward_sharing"),
    *("valid_from", "expires_at"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a consent comes from: system, record key, and what was read there (revision and keyed digest)."""

    system: str
    key: str
    read_as: str


def file(unit: Unit, ids: Ids, row: ConsentRow, subject_ref: str, origin: Origin, actor: Actor) -> Consent:
    """File a row as the next version of its consent; the row's own state decides, save that a withdrawal stays."""
    known = unit.consents.of_source(origin.system, origin.key)
    previous = _lapsed(known[0], unit.now) if known else None
    consent = to_consent(
        row,
        consent_id=previous.consent_id if previous else f"c-{ids.uuid()}",
        version=previous.version + 1 if previous else 1,
        subject_ref=previous.subject_ref if previous else subject_ref,
        previous=previous,
    )
    was_out = previous is not None and previous.suspended_by == KEEP_OUT
    if previous is not None:  # a doubt outlives what its system says; only that its record was gone is over
        consent = replace(consent, doubt=previous.doubt)
    else:
        consent = replace(consent, doubt=_in_doubt_before(unit, consent))
    if asks_who(consent):
        person = unit.subjects.facts([consent.subject_ref])[consent.subject_ref]
        consent = with_decider(consent, person, unit.now, row.decider)
    consent = replace(consent, lifts=_resolved(unit, row.lifts, consent, origin))
    replaced = _replaced(unit, row.supersedes, consent)
    consent = replace(consent, supersedes=tuple(each.consent_id for each in replaced))
    if known and known[1] == origin.read_as and _says_the_same(known[0], consent):
        return known[0]  # what is in doubt is read again and again
    effective = row.withdrawn_at or unit.now
    newly_withdrawn = consent.state is ConsentState.WITHDRAWN and (
        previous is None or previous.state is not ConsentState.WITHDRAWN
    )
    event = AuditEvent.CONSENT_WITHDRAWN if newly_withdrawn else None
    filed = _put(unit, consent, origin, actor, effective, "ROW", event)
    if filed.suspended_by == KEEP_OUT and not was_out:
        doubt_others(unit, filed, actor, why=KEEP_OUT)
    return filed


def _says_the_same(before: Consent, after: Consent) -> bool:
    return before == replace(
        after, version=before.version, registry_seq=before.registry_seq, state_events=before.state_events
    )


def _lapsed(consent: Consent, now: datetime) -> Consent:
    """What the clock has ended is EXPIRED: its own row opens it no more, a new record does (consent rules 1.4)."""
    counted = consent.state in (ConsentState.ACTIVE, ConsentState.SUSPENDED)
    over = counted and consent.expires_at is not None and now >= consent.expires_at
    return replace(consent, state=ConsentState.EXPIRED) if over else consent


def withdraw(unit: Unit, consent_id: str, origin: Origin, actor: Actor, *, said_at: datetime, how: str) -> Consent:
    """Withdraw for good, by any word or act of the decision-maker (F-15: no form is needed).

    Checks that the record's state allows it, for every caller: a decline is a wider "no" than a withdrawal, so that
    to withdraw it would lift it. Locks and drain are ``hub.exchange.withdraw.withdraw_consent``'s; who may say so,
    and when it was said, ``hub.desk.consents.withdraw``'s.

    Args:
        said_at: when the client said it; enforcement starts when this unit commits (I-03).
        how: a code such as ``TELEPHONE``.

    Raises:
        Refused: there is no such consent, or it was declined or found void. Withdrawing twice is allowed and changes
            nothing.
    """
    consent = _known(unit, consent_id)
    if consent.state is ConsentState.WITHDRAWN:
        return consent
    if (next_step := _KEPT.get(consent.state)) is not None:
        raise Refused("consent", f"state {consent.state.value}", "one that the client has given", next_step)
    later = replace(consent, version=consent.version + 1, state=ConsentState.WITHDRAWN)
    _put(unit, later, origin, actor, said_at, how, AuditEvent.CONSENT_WITHDRAWN)
    return later


def invalidate(unit: Unit, consent_id: str, origin: Origin, actor: Actor) -> Consent:
    """Find a consent void from the start (consent rules 1.4): coerced, another person's, of somebody incapable.

    What was sent on it is an incident, which the caller opens. No later row of the same record undoes it. One that was
    withdrawn stays so: that is the client's no, and more than void. Twice is allowed and changes nothing.

    Raises:
        Refused: there is no such consent, or it was declined: that is the client's no, and stands.
    """
    consent = _known(unit, consent_id)
    if consent.state in (ConsentState.INVALIDATED, ConsentState.WITHDRAWN):
        return consent
    if consent.state is ConsentState.DECLINED:
        raise Refused("consent", "state DECLINED", "one that the client has given", _KEPT[consent.state])
    later = replace(consent, version=consent.version + 1, state=ConsentState.INVALIDATED)
    _put(unit, later, origin, actor, unit.now, "VOID", None)
    return later


def suspend(unit: Unit, consent_id: str, origin: Origin, actor: Actor, *, reason: str) -> Consent:
    """Suspend in doubt (consent rules 1.4): its record has gone from the source. A newer row confirms it.

    Only what opens or may come to open is suspended; a "no" and what has ended stay as they are.
    """
    consent = _known(unit, consent_id)
    if consent.doubt and consent.state is ConsentState.SUSPENDED and not consent.suspended_by:
        later = replace(consent, version=consent.version + 1, suspended_by=reason)
        return _put(unit, later, origin, actor, unit.now, reason, None)
    if consent.state not in (*OPENING, ConsentState.DRAFT):
        return consent
    ended = _lapsed(consent, unit.now).state is ConsentState.EXPIRED
    state = ConsentState.EXPIRED if ended else ConsentState.SUSPENDED
    later = replace(consent, version=consent.version + 1, state=state, suspended_by="" if ended else reason)
    _put(unit, later, origin, actor, unit.now, reason, None)
    return later


def _in_doubt_before(unit: Unit, consent: Consent) -> str:
    """The doubt that a new record inherits: of the same client to the same recipient, raised after it was taken.

    A doubt is the client's, not the paper's: to enter the same paper once more confirms nothing.
    """
    if unit.subjects.is_minted(consent.subject_ref):
        return ""  # nobody has said anything of them yet; most rows of a first page are of such people
    for each in _others(unit, consent):
        why = each.doubt or (KEEP_OUT if each.suspended_by == KEEP_OUT else "")
        if why:
            events = unit.consents.events(each.consent_id)
            if each.doubt:  # raised by nobody: it was inherited too
                raised = [one.at for one in events if one.reason == why]
            else:  # its own row said it
                raised = [one.at for one in events if one.state is ConsentState.SUSPENDED]
            if raised and (consent.captured_at is None or consent.captured_at <= max(raised)):
                return why
    return ""


def _others(unit: Unit, consent: Consent) -> list[Consent]:
    """The client's other consents by which the same agency shares with one of the same recipients."""
    to = {each.agency for each in consent.recipients}
    return [
        each
        for each in unit.subjects.facts([consent.subject_ref])[consent.subject_ref].consents
        if each.discloser == consent.discloser
        and each.consent_id != consent.consent_id
        and not to.isdisjoint(one.agency for one in each.recipients)
    ]


def doubt_others(unit: Unit, consent: Consent, actor: Actor, *, why: str) -> list[Consent]:
    """Doubt beside a consent in doubt what opens, or may come to open, the same way; each is confirmed by itself.

    What its own row keeps out already needs no second word for that.
    """
    others = [each for each in _others(unit, consent) if each.state in (*STANDING, ConsentState.DRAFT)]
    said = [each for each in others if why != KEEP_OUT or each.suspended_by != KEEP_OUT]
    return [doubt(unit, each.consent_id, actor, why=why) for each in said]


def doubt(unit: Unit, consent_id: str, actor: Actor, *, why: str) -> Consent:
    """Suspend by hand: no row of the same record opens it again before it is confirmed. Twice changes nothing.

    Beside a draft what opens is what is in doubt (C-37); a draft alone stays one, and is in doubt when it opens.

    Args:
        why: a code such as ``KEEP_OUT``.

    Raises:
        Refused: there is no such consent, or one that opens nothing and cannot come to.
    """
    latest = _known(unit, consent_id)
    if latest.doubt and latest.state in (ConsentState.SUSPENDED, ConsentState.DRAFT):
        return latest
    if latest.state not in (*STANDING, ConsentState.DRAFT):
        expected = "one that opens or may come to"
        raise Refused("consent", f"state {latest.state.value}", expected, "nothing passes on it: nothing is to be done")
    standing = unit.subjects.facts([latest.subject_ref])[latest.subject_ref].consents
    opens = [each for each in standing if each.consent_id == consent_id and each.state in OPENING]
    later = replace((*opens, latest)[0], version=latest.version + 1, doubt=why)
    return put_as(unit, later, _origin(unit, consent_id), actor, why)


def confirm(unit: Unit, consent_id: str, actor: Actor, *, version: int, how: str) -> Consent:
    """End a doubt that was raised by hand, because who decides has confirmed the consent.

    It is then what it would be without the doubt: a draft stays one, and so does what its own system has suspended.

    Args:
        version: the one that was looked at.
        how: a code such as ``IN_PERSON``.

    Raises:
        Refused: there is no such consent; another version stands by now; nobody has suspended it by hand; or it has
            ended meanwhile.
    """
    consent = _known(unit, consent_id)
    if consent.version != version:
        got = f"version {version}; it is version {consent.version} in state {consent.state.value} by now"
        raise Refused("--version", got, f"version {consent.version}", "look at it again: `hub consent show`")
    if not consent.doubt or consent.state not in (ConsentState.SUSPENDED, ConsentState.DRAFT):
        saved = "save `keep_out` as false" if consent.suspended_by == KEEP_OUT else "save its record again"
        step = f"{saved} in its system: that confirms it" if consent.state == "SUSPENDED" else ""
        raise Refused("consent", f"state {consent.state.value}", "one that `hub consent suspend` suspended", step)
    if consent.expires_at is not None and unit.now >= consent.expires_at:
        raise Refused("consent", "one whose end has passed", "one that still runs", "ask the client for a new consent")
    state: ConsentState = consent.state
    if state is ConsentState.SUSPENDED and not consent.suspended_by:
        verbal = consent.basis is Basis.EXPRESS_VERBAL
        state = ConsentState.VERBAL_PENDING if verbal else ConsentState.ACTIVE
    later = replace(consent, version=version + 1, state=state, doubt="")
    return put_as(unit, later, _origin(unit, consent_id), actor, f"CONFIRMED_{how}")


def _origin(unit: Unit, consent_id: str) -> Origin:
    origin = unit.consents.origin(consent_id)
    assert origin is not None, "a consent was filed from somewhere"
    return Origin(*origin)


def add_directive(unit: Unit, directive: Directive, actor: Actor) -> None:
    """A standing "no" of the client."""
    unit.consents.put_directive(directive)
    details = {
        "subject_ref": directive.subject_ref,
        "directive_id": directive.directive_id,
        "recipients": list(directive.recipients),
        "purposes": [purpose.value for purpose in directive.purposes],
        "categories": [category.value for category in directive.categories],
    }
    unit.audit.append(Entry(AuditEvent.DIRECTIVE_ADDED, unit.now, actor, details))


def lift_directive(unit: Unit, directive_id: str, agency: str, actor: Actor) -> None:
    """End a directive by name, because the client said so to a worker of the agency that took it (C-105).

    Raises:
        Refused: there is no directive of this id that the agency has taken; the same words for both.
    """
    directive = unit.consents.directive(directive_id)
    if directive is None or not may_lift(directive, agency):
        expected = "a directive that this agency has taken"
        raise Refused("DIRECTIVE", shape(directive_id), expected, "`hub consent show --alias` lists them")
    if directive.lifted_by is None:
        by = f"worker:{actor.ref}"
        unit.consents.lift(directive_id, by)
        details = {"subject_ref": directive.subject_ref, "directive_id": directive_id, "lifted_by": by}
        unit.audit.append(Entry(AuditEvent.DIRECTIVE_LIFTED, unit.now, actor, details))


def says_otherwise(before: Consent, after: Consent) -> bool:
    """Whether a version allows something else than the one before it; a draft changes nothing (C-37)."""
    if after.state is ConsentState.DRAFT:
        return False
    return any(getattr(before, name) != getattr(after, name) for name in _ALLOWS)


def may_lift(no: Directive | Consent, agency: str) -> bool:
    """Whether an agency may lift a "no", by a consent row of its own or at its desk: it alone has taken it down.

    Another agency heard a yes to itself, not that the client takes back what it said elsewhere.
    """
    return agency == (no.taken_by if isinstance(no, Directive) else no.discloser)


def _known(unit: Unit, consent_id: str) -> Consent:
    consent = unit.consents.get(consent_id)
    if consent is None:
        raise Refused(
            f"consent {consent_id}", "an unknown id", "a consent of the registry", "`hub consent show` lists them"
        )
    return consent


def _resolved(unit: Unit, names: tuple[str, ...], consent: Consent, origin: Origin) -> tuple[str, ...]:
    """The hub's ids of the client's noes that a row names and its agency may lift; others are dropped.

    A decline is named by its own system's id or by the agency's number of it, a directive by its id.
    """
    found = []
    for name in names:
        no = _consent_named(unit, name, consent.discloser, origin) or unit.consents.directive(name)
        if no is not None and no.subject_ref == consent.subject_ref and may_lift(no, consent.discloser):
            found.append(no.directive_id if isinstance(no, Directive) else no.consent_id)
    return tuple(found)


def _replaced(unit: Unit, numbers: tuple[str, ...], consent: Consent) -> list[Consent]:
    """The client's earlier records of the same discloser that a record says it replaces; a "no" is lifted instead."""
    ids = [unit.consents.by_number(consent.discloser, number) for number in numbers]
    found = [each for name in dict.fromkeys(ids) if name and (each := unit.consents.get(name)) is not None]
    same = [each for each in found if (each.subject_ref, each.discloser) == (consent.subject_ref, consent.discloser)]
    return [each for each in same if each.consent_id != consent.consent_id and each.state is not ConsentState.DECLINED]


def _supersede(unit: Unit, consent: Consent, actor: Actor) -> None:
    """End what a record replaces, in the transaction in which it opens (shared model 8; C-37)."""
    for name in consent.supersedes:
        each = unit.consents.get(name)
        if each is not None and each.state in (*STANDING, ConsentState.DRAFT):
            later = replace(each, version=each.version + 1, state=ConsentState.SUPERSEDED)
            put_as(unit, later, _origin(unit, name), actor, "SUPERSEDED")


def _consent_named(unit: Unit, name: str, agency: str, origin: Origin) -> Consent | None:
    filed = unit.consents.of_source(origin.system, f"{origin.key.split(':')[0]}:{name}")
    if filed is not None:
        return filed[0]
    consent_id = unit.consents.by_number(agency, name)
    return unit.consents.get(consent_id) if consent_id else None


def put_as(unit: Unit, consent: Consent, origin: Origin, actor: Actor, reason: str) -> Consent:
    """File a version that came of something else than its row; as it was filed."""
    return _put(unit, consent, origin, actor, unit.now, reason, None)


def _put(
    unit: Unit,
    consent: Consent,
    origin: Origin,
    actor: Actor,
    effective: datetime,
    reason: str,
    event: AuditEvent | None,
) -> Consent:
    """File a version, whatever it came of: what is in doubt opens nothing, and what opens ends what it replaces."""
    if consent.doubt and consent.state in OPENING:
        consent = replace(consent, state=ConsentState.SUSPENDED)
    happened = StateEvent(
        state=consent.state, registry_seq=0, at=unit.now, effective_at=effective, actor=actor.ref, reason=reason
    )
    unit.consents.put(consent, happened, system=origin.system, key=origin.key, read_as=origin.read_as)
    details = {
        "subject_ref": consent.subject_ref,
        "consent_id": f"{consent.consent_id}/{consent.version}",
        "state": consent.state.value,
        "discloser": consent.discloser,
        "recipients": [recipient.agency for recipient in consent.recipients],
        "effective_at": effective.isoformat(),
        "reason_code": reason,
        "source": f"{origin.system}/{origin.key}",
    }
    unit.audit.append(Entry(event or AuditEvent.CONSENT_RECORDED, unit.now, actor, details))
    if consent.state in OPENING:
        _supersede(unit, consent, actor)
    return consent
