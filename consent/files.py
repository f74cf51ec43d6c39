"""Consent and directives belong to the person, not to a file (I-07). Pure.

Of two files that are one person's, whatever either forbids counts for both; what either allows counts for itself
alone. As long as nobody has confirmed that they are one person, a "no" counts all the same; and what the other file
has taken back, perhaps without the hub's record knowing, suspends what this one allows to the same agency (C-109).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from consent.model import Consent, Directive, Link, SubjectFacts
from consent.model.words import STANDING, Category, ConsentState, GivenBy, Purpose
from consent.validity import PURPOSE_WORDS, RECIPIENT_WORDS


@dataclass(frozen=True, slots=True)
class Others:
    """The other files of one person: those of which that is confirmed, and those of which somebody says so.

    A no asks ``every`` one of them; whom a record means, what is withdrawn and whose account it is, the ``confirmed``.
    """

    confirmed: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return self.confirmed + self.said


def around(ref: str, links: Iterable[Link]) -> tuple[Link, ...]:
    """Of these links those that lead to a file, near or far; sorted."""
    left, reached, found = set(links), {ref}, set[Link]()
    while near := {link for link in left if not reached.isdisjoint((link.gone, link.kept))}:
        found |= near
        left -= near
        reached |= {name for link in near for name in (link.gone, link.kept)}
    return tuple(sorted(found, key=lambda link: (link.gone, link.kept)))


def others(ref: str, links: Mapping[str, Sequence[Link]]) -> Others:
    """The other files of a file's person.

    Args:
        links: by file, those that lead to it.
    """
    every = links.get(ref, ())
    confirmed = _reached(around(ref, (link for link in every if link.confirmed))) - {ref}
    said = _reached(every) - confirmed - {ref}
    return Others(tuple(sorted(confirmed)), tuple(sorted(said)))


def files_of(ref: str, links: Mapping[str, Sequence[Link]]) -> tuple[str, ...]:
    """The files of a file's person as far as that is confirmed, itself first; see :func:`others`."""
    return (ref, *others(ref, links).confirmed)


def kept(ref: str, links: Mapping[str, Sequence[Link]]) -> str:
    """The file of a person that is kept: the one of theirs that has gone into no other, of several the first."""
    confirmed = around(ref, (link for link in links.get(ref, ()) if link.confirmed))
    files = _reached(confirmed) | {ref}
    return min(files - {link.gone for link in confirmed} or files)


def as_one(own: SubjectFacts, confirmed: Sequence[SubjectFacts], said: Sequence[SubjectFacts], to: str) -> SubjectFacts:
    """What the rules may look at of a person who has several files, in the eyes of one of them.

    Who may decide is each file's own: a finding, or a later birth date, could open what somebody else has given there.

    Args:
        confirmed, said: what is known of the others.
        to: the agency that is to get something.
    """
    more = (*confirmed, *said)
    if not more:
        return own
    every = (own, *more)
    return replace(
        own,
        consents=own.consents + tuple([each for known in more for each in known.consents if forbids(each)]),
        directives=tuple([each for known in every for each in known.directives]),
        flags=tuple(dict.fromkeys(flag for known in every for flag in known.flags)),
        alleged_abusers=tuple(dict.fromkeys(ref for known in every for ref in known.alleged_abusers)),
        deceased_by=tuple(sorted({agency for known in every for agency in known.deceased_by})),
        corrupt=any(known.corrupt for known in every),
        unproven_no=own.unproven_no or any(_takes_back(each, to) for known in said for each in known.consents),
    )


def forbids(consent: Consent) -> bool:
    """Whether a record says no to something, whatever it allows besides."""
    if consent.state is ConsentState.DECLINED:
        return True
    return bool(consent.exclusions) and (consent.state in STANDING or bool(consent.doubt))  # in doubt it is a no still


def locked_out(known: SubjectFacts) -> set[str]:
    """The records that a person's noes name, as ``SYSTEM/KEY``; what is neither that nor a category is among them."""
    listed = [each.items for each in known.directives if each.lifted_by is None]
    listed += [each.exclusions for each in known.consents if forbids(each)]
    return {word for words in listed for word in words} - set(Category.__members__)


def as_directives(known: SubjectFacts) -> list[Directive]:
    """What a file forbids, as directives without an id: what stays of it on another file when the two are parted.

    What a form locks out and is no category may be an item or a recipient: all of it, to whom the form names.
    """
    found = [replace(each, directive_id="", registry_seq=0) for each in known.directives if each.lifted_by is None]
    return found + [_as_directive(consent) for consent in known.consents if forbids(consent)]


def _as_directive(consent: Consent) -> Directive:
    words = consent.exclusions if consent.state is not ConsentState.DECLINED else ()
    agencies, _ = names(consent)
    any_purpose = not PURPOSE_WORDS.isdisjoint(consent.unreadable)
    return Directive(
        directive_id="",
        subject_ref=consent.subject_ref,
        registry_seq=0,
        recipients=tuple(dict.fromkeys(each.agency for each in consent.recipients if each.agency in agencies)),
        purposes=() if any_purpose else consent.purposes,
        categories=tuple([Category(word) for word in words]) if set(words) <= set(Category.__members__) else (),
        said_by=consent.given_by or GivenBy.SELF,
        taken_by=consent.discloser,
    )


def _reached(links: Iterable[Link]) -> set[str]:
    return {ref for link in links for ref in (link.gone, link.kept)}


def names(consent: Consent) -> tuple[frozenset[str], frozenset[Purpose]]:
    """Recipients and purposes of a record; empty: it names none that could be read, so it may be any."""
    to = frozenset(each.agency for each in consent.recipients)
    why = frozenset(consent.purposes)
    any_agency, any_purpose = (not words.isdisjoint(consent.unreadable) for words in (RECIPIENT_WORDS, PURPOSE_WORDS))
    return (frozenset() if any_agency else to), (frozenset() if any_purpose else why)


def _takes_back(consent: Consent, to: str) -> bool:
    """Whether a record takes back, or doubts, what it let this agency have."""
    ended = consent.state is ConsentState.WITHDRAWN or bool(consent.doubt) or bool(consent.suspended_by)
    agencies, _ = names(consent)
    return ended and (not agencies or to in agencies)
