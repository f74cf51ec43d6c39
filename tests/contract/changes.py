"""Consents to file, and a story drawn from a seed: what happens to the directory, to people and to what they said."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from consent.model import Agreement, Consent, Decider, Directive, Finding, Link, Raised, StateEvent
from consent.model.words import ConsentState, GivenBy, SafetyFlag
from hub.model.directory import Agency, Service, Site, System, Worker

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)

Change = tuple[str, tuple[Any, ...], dict[str, Any]]  # a method of a unit, with what it is called with


def consent_of(
    subject: str, number: str = "c-1", version: int = 1, state: ConsentState = ConsentState.ACTIVE
) -> Consent:
    return Consent(
        consent_id=number,
        version=version,
        subject_ref=subject,
        state=state,
        registry_seq=0,
        discloser="harbour",
        recipients=(),
        purposes=(),
        categories=(),
        pack="ca-on",
        pack_version=1,
    )


def happened(state: ConsentState = ConsentState.ACTIVE) -> StateEvent:
    return StateEvent(state=state, registry_seq=0, at=AT, effective_at=AT, actor="w-1")


def changes(refs: Sequence[str], seed: int, clock: Any) -> Iterator[Change]:
    """Sixty changes; of two people, three consents, and one row of each kind of the directory."""
    draw = random.Random(seed)
    versions = dict.fromkeys(("c-0", "c-1", "c-2"), 0)
    noes: list[str] = []
    for number in range(60):
        ref = draw.choice(refs)
        match draw.choice(
            ["consent", "consent", "no", "lift", "decider", "finding", "flag", "dead", "row", "stop", "link", "part"]
        ):
            case "consent":
                name = draw.choice(sorted(versions))
                versions[name] += 1
                filed = consent_of(refs[int(name[-1]) % 2], name, versions[name], draw.choice(list(ConsentState)))
                event = replace(happened(filed.state), at=clock.now())
                yield "consents.put", (filed, event), {"system": "s", "key": name, "read_as": "1"}
            case "no":
                noes.append(f"d-{number}")
                yield "consents.put_directive", (Directive(noes[-1], ref, 0),), {}
            case "lift" if noes:
                yield "consents.lift", (noes.pop(), "worker:w-1"), {}
            case "decider":
                deciders = [Decider(f"p-{n}", GivenBy.PARENT) for n in range(draw.randrange(3))]
                yield "subjects.put_deciders", (ref, deciders), {}
            case "finding":
                yield "subjects.put_findings", (ref, [Finding(AT)] * draw.randrange(2)), {}
            case "flag":
                flags = [Raised(flag, "harbour") for flag in draw.sample(list(SafetyFlag), draw.randrange(3))]
                yield "subjects.put_raised", (ref, flags), {}
            case "dead":
                yield "subjects.set_deceased", (ref, "a", "s"), {"dead": draw.random() < 0.5}
            case "link" | "part" as what:
                verb = "links.put" if what == "link" else "links.end"
                yield verb, (Link(refs[0], refs[1], confirmed=draw.random() < 0.5),), {}
            case "row":
                yield "directory.put", (_row(draw, number),), {}
            case "stop":
                yield "directory.stop", (draw.random() < 0.5,), {}


def _row(draw: random.Random, number: int) -> Any:
    status: Any = draw.choice(["active", "suspended", "ended"])
    return draw.choice(
        [
            Agency("harbour", "Harbour", "general", "ca-on", "delivery.A", status=status),
            Service("job", "lakeside", "employment", "employment", "lakeside-cms", status=status),
            System("lakeside-cms", "lakeside", "cms", status, {"path": str(number)}),
            Site("harts", str(draw.randrange(2)), draw.choice(["harbour", "lakeside"])),
            Worker("w-1", "harbour", draw.choice(["worker", "officer"])),
            Agreement("A", number, ("harbour", "lakeside"), (), (), (), "active", AT),
        ]
    )
