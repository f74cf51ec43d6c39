"""What would change the answer to a refused record, by the code of its refusal (design §3.7). Pure.

A new revision of a record is always decided afresh. ``revision`` stands here where hardly anything else would help.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from consent.model import Facts
from consent.model.words import Code


class Wake(StrEnum):
    """What may change the answer to a refused record."""

    SUBJECT = "subject"  # a change to one of its subjects: consent, directive, flag, link
    DIGESTS = "digests"  # the registry comes to know a person by one of these digests
    CONFIG = "config"  # agency, system, service, agreement, pack
    MAPPING = "mapping"  # a mapping of its kind is activated
    REVISION = "revision"  # the source changes the record itself
    DATE = "date"  # a consent or an agreement begins: see starts_at
    IDENTITY = "identity"  # a human says who it is
    BACKOFF = "backoff"  # time alone: the hub was not well
    NEVER = "never"  # the bus does not carry this


def wakes_on(code: Code) -> frozenset[Wake]:
    """What would wake a record refused with this code.

    Too much costs a fetch, too little loses a referral: every answer that rests on consents also waits for one
    that begins later, since an expired and a future consent together answer DN_EXPIRED.

    Raises:
        KeyError: the code refuses nothing (OK_*, RD_*).
    """
    return _WAKES[code]


def starts_at(facts: Facts) -> datetime | None:
    """The next instant at which a consent begins or ends, or an agreement begins, or None: the ``date`` to wait for."""
    return min((at for at in _starts(facts) if at > facts.at), default=None)


def _starts(facts: Facts) -> Iterator[datetime]:
    for subject in facts.subjects.values():
        for consent in subject.consents:  # a narrower one that ends may leave the answer to a wider one
            moments = (consent.valid_from, consent.captured_at, consent.expires_at)
            yield from (at for at in moments if at is not None)
    yield from (agreement.valid_from for agreement in facts.agreements)


_CONSENT = frozenset({Wake.SUBJECT, Wake.DATE})
_CONSENT_AND_CONFIG = _CONSENT | {Wake.CONFIG}  # the rule also reads pack, directory or agreement
_CONFIG = frozenset({Wake.CONFIG})
_REVISION = frozenset({Wake.REVISION})
_BACKOFF = frozenset({Wake.BACKOFF})

_WAKES: Mapping[Code, frozenset[Wake]] = {
    # consent
    Code.DN_NO_CONSENT: _CONSENT | {Wake.DIGESTS},
    Code.DN_NOT_YET_VALID: _CONSENT,
    Code.DN_EXPIRED: _CONSENT_AND_CONFIG,  # the pack's longest life
    Code.DN_WITHDRAWN: _CONSENT,
    Code.DN_PENDING: _CONSENT,
    Code.DN_SUPERSEDED: _CONSENT,
    Code.DN_SUSPENDED: _CONSENT,
    Code.DN_DIRECTIVE: _CONSENT,  # lifted by name, by a record that may begin later (C-105)
    Code.DN_CONFLICT: _CONSENT,
    Code.DN_RECIPIENT: _CONSENT_AND_CONFIG,  # nobody there, or nobody alone, under that name
    Code.DN_PURPOSE: _CONSENT,
    Code.DN_DIRECTION: _CONSENT,
    Code.DN_REQUIRED_BLOCKED: _CONSENT_AND_CONFIG,  # the agreement's categories, the service's own list
    Code.DN_OVERBROAD: _CONSENT_AND_CONFIG,
    Code.DN_NOT_KNOWLEDGEABLE: _CONSENT_AND_CONFIG,  # the pack's text versions
    Code.DN_COERCED: _CONSENT,
    Code.DN_RECORD_INCOMPLETE: _CONSENT_AND_CONFIG,
    Code.DN_VERBAL_LAPSED: _CONSENT_AND_CONFIG,  # the pack's verbal bridge
    Code.DN_WRITTEN_REQUIRED: _CONSENT_AND_CONFIG,  # the lane
    Code.DN_CASE_CLOSED: _REVISION,  # a return is a new case
    Code.DN_NOTICE: _CONSENT_AND_CONFIG | {Wake.DIGESTS},  # the notice may be the first that is heard of a person
    # authority
    Code.DN_AUTHORITY: _CONSENT,
    Code.DN_AUTHORITY_LAPSED: _CONSENT,
    Code.DN_SDM_RANK: _CONSENT,
    Code.DN_SDM_CONFLICT: _CONSENT,
    Code.DN_SDM_BARRED: _CONSENT,
    Code.DN_MINOR_PREVAILS: _CONSENT,
    Code.DN_RECONFIRM: _CONSENT,
    Code.DN_DECEASED: _CONSENT,
    # setting
    Code.DN_NO_AGREEMENT: frozenset({Wake.CONFIG, Wake.DATE}),  # an agreement signed today may begin tomorrow
    Code.DN_ONWARD: _CONSENT_AND_CONFIG,
    Code.DN_REIDENTIFY: _REVISION,
    Code.DN_PROTECTED_LOCATION: frozenset({Wake.SUBJECT, Wake.REVISION}),
    Code.DN_EXISTENCE: _CONFIG,  # the sender's lane
    Code.DN_SAFETY_CONFLICT: frozenset({Wake.SUBJECT}),
    Code.DN_ABSOLUTE: _REVISION,
    Code.DN_OFF_BUS: frozenset({Wake.NEVER}),
    # system
    Code.DN_SENDER: _CONFIG,
    Code.DN_IDENTITY: frozenset({Wake.IDENTITY}),
    Code.DN_SCHEMA: frozenset({Wake.REVISION, Wake.MAPPING}),  # a label or code that the mapping got wrong
    Code.DN_PACK: _CONFIG,
    Code.DN_STALE: _BACKOFF,
    Code.DN_REGISTRY_DOWN: _BACKOFF,
    Code.DN_AUDIT_DOWN: _BACKOFF,
    Code.DN_TRANSITION: _REVISION,  # S47
    # an override is asked for where P-5 to P-10 denied: whatever lifts the denial wakes it
    Code.NO_CHILD: _CONSENT_AND_CONFIG,
    Code.NO_SELF_HARM: _CONSENT_AND_CONFIG,
    Code.NO_HARM_OTHERS: _CONSENT_AND_CONFIG,
    Code.NO_UNCONSCIOUS: _CONSENT_AND_CONFIG,
    Code.NO_STATUTORY: _CONSENT_AND_CONFIG,
    # and so does another declaration, which is a change to its subject
    Code.OX_ROLE: _CONSENT_AND_CONFIG,
    Code.OX_THRESHOLD: _CONSENT_AND_CONFIG,
    Code.OX_CONTENT: _CONSENT_AND_CONFIG,
    Code.OX_RECIPIENT: _CONSENT_AND_CONFIG,
    Code.OX_EXPIRED: _CONSENT_AND_CONFIG,
    Code.OX_REUSED: _CONSENT_AND_CONFIG,
    Code.OX_BACKDATED: _CONSENT_AND_CONFIG,
    Code.OX_SECOND_PERSON: _CONSENT_AND_CONFIG,
    Code.OX_CONFLICT_OF_INTEREST: _CONSENT_AND_CONFIG,
    Code.OX_SUSPENDED: _CONSENT_AND_CONFIG,
    Code.OX_NOT_OVERRIDABLE: frozenset({Wake.CONFIG, Wake.REVISION}),
}
