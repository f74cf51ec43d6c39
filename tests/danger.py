"""Harbour, with bodies that can help (a society for children, hospital, police, ambulance, registrar) and a landlord.

Each has a CMS of its own. No agency has an agreement with any of them, and no client has consented to anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from consent.packs import PACKAGED, load_packs
from hub.model.directory import Agency, System, Worker
from tests import cms_builder as cms
from tests.network import Network, make

PACKS = load_packs(PACKAGED)
BODIES = {
    "society": "CHILD_PROTECTION",
    "hospital": "HOSPITAL",
    "police": "POLICE",
    "ambulance": "AMBULANCE",
    "registrar": "REGISTRAR",
    "landlord": "",
}
FACT = "She said so to me herself this morning."


def in_danger(folder: Path, **options: Any) -> Network:
    """The network, with the workers whom the rules tell apart."""
    network = make(folder, **options)
    for name, body in BODIES.items():
        lane = "protective" if body else "general"
        cms.make_cms(folder / f"{name}.sqlite")
        settings = {"path": str(folder / f"{name}.sqlite"), "busy_timeout_ms": 50}
        topic = f"delivery.{name.upper():A<12}"
        network.put(
            Agency(name, name.title(), lane, "ca-on", topic, body=body),
            System(f"{name}-cms", name, "cms", "active", settings),
        )
    harbour = network.directory().agencies["harbour"]
    network.put(
        Agency(harbour.id, harbour.name, harbour.lane, harbour.pack, harbour.topic, call_back="416-555-0142"),
        Worker("w-301", "harbour", "worker", reports_to="w-300"),
        Worker("w-300", "harbour", "supervisor"),
        Worker("w-900", "harbour", "supervisor"),
        Worker("w-901", "harbour", "supervisor", reports_to="w-301"),
        Worker("w-7", "harbour", "volunteer"),
        Worker("w-500", "harbour", "officer"),
        Worker("w-501", "harbour", "officer"),
    )
    return network


def client(network: Network, **fields: Any) -> int:
    """A client of Harbour of whom the registry has never heard."""
    db = network.db("harbour")
    number = cms.add_client(db, **{"phone": "416-555-0199", "phone_safe": 1, **fields})
    cms.add_identifier(db, number)
    db.close()
    return number


def other(network: Network, turn: int) -> int:
    """Another client, who resembles none of the others."""
    name = {"last_name": "ABCDEFGH"[turn] * 6, "first_name": "STUVWXYZ"[turn] * 5}
    return client(network, **name, birth_date=f"198{turn}-0{turn + 1}-1{turn}", phone=f"416-555-010{turn}")


def limbs(code: str, *, against_a_no: bool = False) -> dict[str, str]:
    """Every limb of the test of a code, with its fact."""
    found = PACKS.reason_code("ca-on", code)
    if found is None:
        return {}
    return dict.fromkeys((*found.terms.limbs, *(found.terms.limbs_against_a_no if against_a_no else ())), FACT)


def declare(
    network: Network,
    code: str,
    to: str,
    about: int | None = None,
    *,
    approved_by: str | None = "w-900",
    missing: tuple[str, ...] = (),
    **fields: Any,
) -> int:
    """A worker of Harbour declares, and a second person approves; then the hub works. The declaration's number.

    Args:
        missing: limbs that stay blank.
    """
    db = network.db("harbour")
    about = client(network) if about is None else about
    asked = limbs(code, against_a_no=fields.pop("against_a_no", False))
    answered = {limb: "" if limb in missing else fact for limb, fact in asked.items()}
    number = cms.add_override(db, about, code, to, answered, **fields)
    if approved_by:
        cms.add_word(db, number, approved_by)
    db.close()
    network.run()
    return number


def declared(network: Network, number: int) -> Any:
    """What the registry holds of a declaration."""
    with network.hub.store.peek() as rows:
        return rows.overrides.of_record("harbour-cms", f"override:{number}")


def answers(network: Network, number: int) -> list[tuple[str, tuple[str, ...]]]:
    """Every decision about a declaration's messages, oldest first: outcome and codes, by the log."""
    source, found = f"harbour-cms/override:{number}", []
    messages = set()
    for entry in network.entries():
        if entry["event_type"] == "DECISION" and entry["source"] == source:
            messages.add(entry["message_id"])
            found.append((entry["outcome"], tuple(entry["codes"])))
        elif entry["event_type"] == "DELIVERY" and entry["message_id"] in messages:
            found.append((entry["outcome"], tuple(entry["codes"])))
    return found
