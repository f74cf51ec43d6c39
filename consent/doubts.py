"""A consent in doubt (consent rules 1.4, C-30): suspended on any sign, opened again when who decides has confirmed it.

A doubt is the client's, not a paper's: it reaches their other papers of the same agency to the same recipient, in
whatever file of theirs (I-07). The caller's unit owns the subject.
"""

from __future__ import annotations

from dataclasses import replace

from consent.files import others
from consent.model import Consent
from consent.model.words import OPENING, STANDING, Basis, ConsentState
from consent.rows import KEEP_OUT
from consent.versions import origin_of, put_as, the_one
from hub.errors import Refused
from hub.model.audit import Actor
from hub.ports import Unit


def in_doubt_before(unit: Unit, consent: Consent) -> str:
    """The doubt that a new record inherits: of the same client to the same recipient, raised after it was taken.

    A doubt is the client's, not the paper's: to enter the same paper once more confirms nothing.
    """
    if unit.subjects.is_minted(consent.subject_ref):
        return ""  # nobody has said anything of them yet; most rows of a first page are of such people
    for each in _other_papers(unit, consent):
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


def _other_papers(unit: Unit, consent: Consent) -> list[Consent]:
    """The client's other consents by which the same agency shares with one of the same recipients."""
    to, ref = {each.agency for each in consent.recipients}, consent.subject_ref
    files = unit.subjects.facts([ref, *others(ref, unit.links.of([ref])).confirmed])
    return [
        each
        for known in files.values()
        for each in known.consents
        if each.discloser == consent.discloser
        and each.consent_id != consent.consent_id
        and not to.isdisjoint(one.agency for one in each.recipients)
    ]


def doubt_others(unit: Unit, consent: Consent, actor: Actor, *, why: str) -> list[Consent]:
    """Doubt beside a consent in doubt what opens, or may come to open, the same way; each is confirmed by itself.

    What its own row keeps out already needs no second word for that.
    """
    found = [each for each in _other_papers(unit, consent) if each.state in (*STANDING, ConsentState.DRAFT)]
    said = [each for each in found if why != KEEP_OUT or each.suspended_by != KEEP_OUT]
    return [doubt(unit, each.consent_id, actor, why=why) for each in said]


def doubt_file(unit: Unit, subject_ref: str, agency: str, actor: Actor, *, why: str) -> None:
    """Doubt all by which an agency shares, or may come to, what it holds of a client."""
    consents = unit.subjects.facts([subject_ref])[subject_ref].consents
    own = [each for each in consents if each.discloser == agency and each.state in (*STANDING, ConsentState.DRAFT)]
    for name in dict.fromkeys(each.consent_id for each in own):
        doubt(unit, name, actor, why=why)


def doubt(unit: Unit, consent_id: str, actor: Actor, *, why: str) -> Consent:
    """Suspend by hand: no row of the same record opens it again before it is confirmed. Twice changes nothing.

    Beside a draft what opens is what is in doubt (C-37); a draft alone stays one, and is in doubt when it opens.

    Args:
        why: a code such as ``KEEP_OUT``.

    Raises:
        Refused: there is no such consent, or one that opens nothing and cannot come to.
    """
    latest = the_one(unit, consent_id)
    if latest.doubt and latest.state in (ConsentState.SUSPENDED, ConsentState.DRAFT):
        return latest
    if latest.state not in (*STANDING, ConsentState.DRAFT):
        expected = "one that opens or may come to"
        raise Refused("consent", f"state {latest.state.value}", expected, "nothing passes on it: nothing is to be done")
    standing = unit.subjects.facts([latest.subject_ref])[latest.subject_ref].consents
    opens = [each for each in standing if each.consent_id == consent_id and each.state in OPENING]
    later = replace((*opens, latest)[0], version=latest.version + 1, doubt=why)
    return put_as(unit, later, origin_of(unit, consent_id), actor, why)


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
    consent = the_one(unit, consent_id)
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
    return put_as(unit, later, origin_of(unit, consent_id), actor, f"CONFIRMED_{how}")
