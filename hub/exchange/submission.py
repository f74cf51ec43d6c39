"""A record on its way to gate 1: where it leads, about whom it is, which step it takes, and the message itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from consent.model import Anonymous, Item
from consent.model.words import Purpose
from hub.exchange.message import Numbers
from hub.exchange.records import ReferralRecord
from hub.model.directory import Service
from hub.model.fhir import Resource
from hub.model.incidents import Holding
from hub.model.rows import ReferralRow
from hub.referral import Step


@dataclass(frozen=True, slots=True)
class Led:
    """To whom a record leads, and about whom it is.

    Args:
        agency: the agency addressed, as the record names it.
        service: the one service of the directory, or None: unrouted, or settled by the open referral.
        candidates: subjects between whom a human must choose.
        looked_up: by the directory and the index; False: by an open referral.
        own: the record speaks for a place of its own agency.
    """

    agency: str
    system: str
    service: Service | None
    routed: bool
    identity: Literal["one", "none", "ambiguous"]
    subject: str | None
    candidates: tuple[str, ...] = ()
    looked_up: bool = True
    own: bool = True


@dataclass(frozen=True, slots=True)
class Submission:
    """A record with all that the gate needs to judge it."""

    record: ReferralRecord
    event: str
    purpose: Purpose | None  # None: of what the hub does not carry
    type: str
    led: Led
    ids: Numbers  # message and envelope id; the rest are placeholders until the gate permits
    bundle: Resource
    items: tuple[Item, ...]
    referral: ReferralRow | None = None
    steps: tuple[Step, ...] = ()
    allowed: bool = True  # False: a transition that the referral does not allow (DN_TRANSITION)
    why_not: str = ""  # of that: from, to and actor, and what was missing
    unchanged: bool = False  # results alone: the referral stays as it is (C-72)
    corrects: tuple[Holding, ...] = ()  # what was delivered of the same request, and was wrong (settled S36)
    in_vain: str | None = None  # the event that was last let go, where it arrived nowhere; the same words say it again
    override: str = ""  # id of the declaration on which it goes
    anonymous: Anonymous | None = None  # what it holds, where it is about nobody
    authenticated: bool = True  # it comes from the agency that it names as its sender
    labelled: str = ""  # the purpose that its sender says, which must be its event's (I-12)
    own_id: str | None = None  # its sender's own id of it, boxed, where it was handed in
    well_formed: bool = True  # False: another message has gone under its id (C-192)

    @property
    def word_of_purpose(self) -> str:
        """Why it goes, as its envelope says it."""
        assert self.purpose is not None, "what the hub does not carry is not released"
        return self.purpose.value
