"""A consent form for a client to sign, and the receipt of what was signed (consent rules 1.5; ``hub/forms`` says how).

A form is about nobody: it holds what the directory and the packs say, and no look is written down. A receipt is a look
at a person's consent like any other, and an entry of the log, whatever comes of it. It is printed and handed over by
the agency that took the consent; by a way that a safety flag closes it does not go (C-118).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from consent.bars import agreed_between
from consent.model import Consent
from consent.model.words import OPENING, Basis, Code, ConsentState, Purpose, SafetyFlag
from consent.rows import column_of
from consent.validity import lacks
from hub.desk.consents import Look, look_at_number, words_of
from hub.desk.who import Who
from hub.directory import HUB, acting
from hub.directory.cells import seen
from hub.errors import Refused, shape
from hub.exchange.house import House
from hub.forms.form import End, Form
from hub.forms.offer import ASKED, offer
from hub.forms.receipt import Receipt
from hub.forms.texts import Text, Texts
from hub.model.directory import Agency
from hub.ports import Directory

ENGLISH = "en"
BY_HAND = "HAND"
WAYS = (BY_HAND, "MAIL", "TEXT", "EMAIL")
_UNSAFE = frozenset({SafetyFlag.MAIL_UNSAFE, SafetyFlag.PHONE_UNSAFE})  # either closes all but the hand


@dataclass(frozen=True, slots=True)
class Wording:
    """In which words a page is wanted.

    Args:
        language: a BCP 47 tag or the first part of one; None: of a form English, of a receipt the consent's.
        version: of the text; None: of a form the newest that the pack knows, of a receipt the one that was signed.
    """

    language: str | None = None
    version: str | None = None


_ANY = Wording()
_NOT_GIVEN = (ConsentState.DRAFT, ConsentState.ABANDONED, ConsentState.DECLINED)
_EXPRESS = (Basis.EXPRESS_WRITTEN, Basis.EXPRESS_ELECTRONIC, Basis.EXPRESS_VERBAL)


def blank(
    house: House,
    texts: Texts,
    agency: str,
    recipient: str,
    *,
    purposes: Sequence[str] = (),
    wording: Wording = _ANY,
) -> tuple[Form, Text]:
    """A form by which a client may let one agency share with one other, and the text to print it in.

    Args:
        purposes: words of what it is for; none: all that may be asked between the two.

    Raises:
        Refused: an agency that is not there, no agreement in force for any of it, or no such text.
    """
    wanted = words_of("--purpose", Purpose, purposes)
    with house.store.peek() as rows:
        directory, now = rows.directory.all(), rows.now
    sender, to = _agency("AGENCY", directory, agency), _agency("--to", directory, recipient)
    if sender.id == to.id:
        raise Refused("--to", "the same agency", "another one", "sharing within an agency is its own matter")
    agreements = agreed_between(directory.agreements, sender.id, to.id, now)
    asked = offer(agreements, house.packs, wanted or ASKED)
    if missing := [each for each in wanted if each not in [why.purpose for why in asked.why]]:
        possible = ", ".join(why.purpose for why in offer(agreements, house.packs).why) or "none at all"
        step = "`hub agreements list`; a report to a funder rests on a notice"
        raise Refused("--purpose", missing[0].value, f"what the two have agreed on: {possible}", step)
    if not asked.why:
        got = f"nothing in force that {seen(sender.id)} may share with {seen(to.id)} by a client's consent"
        raise Refused("--to", got, "an agreement with a purpose, its events and categories", "`hub agreements list`")
    pack, both = house.packs.facts(sender.pack), house.packs.between(sender.pack, to.pack)
    form = Form(
        discloser=_end(sender),
        recipient=_end(to),
        offer=asked,
        months_max=both.life_months_max,
        verbal_days=both.verbal_days,
        notice=pack.notice_versions[-1] if pack.notice_versions else "",
    )
    return form, _text_of_form(texts, pack.text_versions, wording)


def receipt_of(
    house: House,
    texts: Texts,
    number: str,
    agency: str | None,
    who: Who,
    *,
    by: str = BY_HAND,
    wording: Wording = _ANY,
) -> tuple[Receipt, Text]:
    """The receipt of a consent, and the text to print it in. The look is in the log before anything can be refused.

    Args:
        number: as in :func:`hub.desk.consents.look_at_number`.
        agency: that took the consent; None: the worker's own.
        by: how it gets to the client, one of ``WAYS``.

    Raises:
        Refused: the worker may not look, no such consent, one that nobody gave, an unsafe way, or no such text.
    """
    with house.store.peek() as rows:
        directory = rows.directory.all()
    agency = agency or _own_agency(directory, who, house)
    found = look_at_number(house, agency, number, who)
    ((own, consent),) = found.consents
    _given(consent, agency)
    _safe(house, consent, by)
    text = texts.of(wording.version or consent.text_version or "", wording.language or consent.language or ENGLISH)
    return _receipt(house, directory, found, own), text


def _receipt(house: House, directory: Directory, found: Look, number: str) -> Receipt:
    ((_, consent),) = found.consents
    with house.store.peek() as rows:
        consent = replace(consent, state_events=tuple(rows.consents.events(consent.consent_id)))
    sender = directory.agencies[consent.discloser]
    pack = house.packs.facts(sender.pack)
    lives = [house.packs.between(sender.pack, directory.agencies[each.agency].pack) for each in consent.recipients]
    shortest = min([pack.life_months_max, *[each.life_months_max for each in lives]])
    soonest = min([pack.verbal_days, *[each.verbal_days for each in lives]])
    return Receipt(
        consent=consent,
        number=number,
        alias=found.alias or "",
        names={row.id: row.name for row in directory.agencies.values()},
        womens=sender.lane == "womens",
        pack=replace(pack, life_months_max=shortest, verbal_days=soonest),
        made_at=house.clock.now(),
    )


def _given(consent: Consent, agency: str) -> None:
    """That somebody said yes to this agency: there is no receipt of anything else."""
    if consent.discloser != agency:
        step = "the agency that took the consent prints its receipt"
        raise Refused("NUMBER", "a consent that another agency took", f"one of {seen(agency)}'s own", step)
    if consent.basis is not None and consent.basis not in _EXPRESS:
        got = f"basis {consent.basis.value}"
        raise Refused("NUMBER", got, "a consent that somebody said yes to", "a notice has no receipt")
    missing = ", ".join(map(column_of, lacks(consent))) if consent.state in (*OPENING, ConsentState.DRAFT) else ""
    if missing or consent.state in _NOT_GIVEN:
        got = f"state {consent.state.value}" + (f", without {missing}" if missing else "")
        raise Refused("NUMBER", got, "a consent that the client has given", "`hub consent show`; enter what is missing")


def _safe(house: House, consent: Consent, by: str) -> None:
    """That no safety flag closes the way by which it would go (C-118).

    Which flag, nobody is told: were each to close its own ways only, one could find it out by asking for each.
    """
    with house.store.peek() as rows:
        ref = consent.subject_ref
        files = rows.subjects.facts(rows.links.files([ref])[ref]).values()
        flags = {flag for known in files for flag in known.flags}
    if by != BY_HAND and not _UNSAFE.isdisjoint(flags):
        got = f"{by}, which is not safe for this client ({Code.DN_SAFETY_CONFLICT})"
        step = "print it and hand it over when you next see the client, or keep it for them"
        raise Refused("--by", got, BY_HAND, step)


def _text_of_form(texts: Texts, versions: Sequence[str], wording: Wording) -> Text:
    """What the pack does not know would leave the record a draft (V-03)."""
    language = wording.language or ENGLISH
    if wording.version is None:
        return texts.newest(language, versions)
    if wording.version not in versions:
        raise texts.unknown(wording.version, [text for text in texts.every if text.version in versions])
    return texts.of(wording.version, language)


def _agency(where: str, directory: Directory, name: str) -> Agency:
    found = directory.agencies.get(name)
    if found is None or found.id == HUB or found.status != "active":
        raise Refused(where, shape(name), "the id of an active agency of the directory", "hub agencies list")
    return found


def _end(agency: Agency) -> End:
    return End(agency.id, agency.name, agency.lane == "womens")


def _own_agency(directory: Directory, who: Who, house: House) -> str:
    worker = acting(who.worker, directory.workers, house.clock.now())
    if worker.agency == HUB:
        raise Refused("--agency", "nothing", "the agency that took the consent", "hub agencies list")
    return worker.agency
