"""Who is there: agencies, their systems, sites, services and workers. Frozen; never about clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Lane = Literal["general", "womens", "custodian", "funder", "protective", "enforcement"]
Status = Literal["active", "suspended", "ended"]
REMOTE = "fhir"  # the kind of system by which an agency's own software connects to the hub; its id is the client id
RELAY = "hub-relay"  # stands where the name of an agency may not (C-119)


@dataclass(frozen=True, slots=True)
class Agency:
    """A legal body: party to consents and agreements, owner of one topic.

    Args:
        lane: which rules of form bind it (consent rules, group G and section 5).
        topic: ``delivery.`` and a random opaque id.
        body: what it is to somebody in danger, a word of ``consent.model.words.Body``; "": no such body (settled S27).
        call_back: number under which who receives a declared danger reaches somebody there; "" where there is none.
    """

    id: str
    name: str
    lane: Lane
    pack: str
    topic: str
    status: Status = "active"
    body: str = ""
    call_back: str = ""


@dataclass(frozen=True, slots=True)
class System:
    """One connection: a kind of system with settings, run by one agency."""

    id: str
    agency: str
    kind: str
    status: Status = "active"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Site:
    """A place code of exactly one agency."""

    kind: str
    code: str
    agency: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of the service directory: what is offered, and the system that receives referrals for it.

    Args:
        wanted: a word of ``service-wanted``.
        answers: another system of the agency, in which its workers answer what came into ``system``; "": none.
        required: categories that the service needs instead of the profile's, or empty (consent rules 2.6).
    """

    id: str
    agency: str
    wanted: str
    name: str
    system: str
    site: str = ""
    program: str = ""
    status: Status = "active"
    required: tuple[str, ...] = ()
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Worker:
    """A person who acts for an agency, or for the hub.

    Args:
        reports_to: id of the worker whose line of report it is in; "" where none is said (consent rules 3.6).
        key: public JWK with which it signs what it says over HTTP (settled S46); empty where it has none.
    """

    id: str
    agency: str
    role: str
    ended_at: str | None = None
    reports_to: str = ""
    key: Mapping[str, str] = field(default_factory=dict)
