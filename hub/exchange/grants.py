"""A message that goes on a declared duty of care: where it leads, who it says that it is from, and what opens with it.

One declaration opens one message: it is used up in the unit of that message's first open, and what is then to be done
about it (self-review, review, notice to the client) is due from there on. A mandatory report may be opened again under
the same declaration (settled S28).

A women's service is never named: what it must report comes from the hub's relay, with the number that the service has
given for it (settled S27).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from consent.model import Decision
from consent.model.declared import Declaration
from consent.review import reviews_of
from hub.errors import Unavailable
from hub.exchange.complete import Ends
from hub.exchange.entries import HUB, override_entry
from hub.exchange.house import House
from hub.exchange.records import Declared, ReferralRecord
from hub.exchange.submission import Led
from hub.model.audit import AuditEvent
from hub.model.codes import ID, ID_AGENCY
from hub.model.envelope import OVERRIDE
from hub.model.rows import Handover
from hub.ports import Directory, Peek, Unit

RELAY = "relay"  # stands where a women's service would; no agency may take the name
RELAY_NAME = "A service that is not named"
_BASIS = "override:"


def led(house: House, rows: Peek, record: ReferralRecord, declared: Declaration) -> Led:
    """To the agency that a declaration names, into a system of its that takes such messages.

    Of several the first: where there is danger, none of them is wrong.
    """
    systems = [
        system.id
        for system in rows.directory.all().systems.values()
        if system.agency == declared.recipient and house.adapters[system.kind].takes(OVERRIDE)
    ]
    return Led(
        agency=record.performer.agency,
        system=min(systems, default=""),
        service=None,
        routed=bool(systems),
        identity="one" if declared.subject else "ambiguous",
        subject=declared.subject,
        looked_up=False,
    )


def told(rows: Peek, record: ReferralRecord) -> ReferralRecord:
    """The record as its recipient may see it: without numbers of documents, which no danger needs (consent rules 3.4).

    Of a women's service the service's own name is in none of its numbers.
    """
    agency = record.source.system.agency
    record = replace(record, entries=tuple(_without_documents(entry, agency) for entry in record.entries))
    if not _is_hidden(rows.directory.all(), agency):
        return record
    return replace(record, entries=tuple(_unnamed(entry, agency) for entry in record.entries))


def ends(rows: Peek, of_message: Ends, override: str) -> Ends:
    """Both ends of such a message, with the number under which its reporter is reached."""
    directory = rows.directory.all()
    call_back = directory.agencies[of_message.sender].call_back
    shown = replace(of_message, call_back=call_back, override=override)
    if not _is_hidden(directory, of_message.sender):
        return shown
    return replace(shown, sender=RELAY, sender_name=RELAY_NAME)


def keep_words(house: House, unit: Unit, declared: Declaration, said: Declared) -> None:
    """Keep what was declared in words, sealed, from when something goes on it; before, its source has it (INV-6).

    Of one that was used, and goes again with other words, the former stay for their review.
    """
    facts = {f"limb:{each.id}": each.fact for each in said.limbs}
    words = {"narrative": said.narrative, "told": said.told, "attempts": said.attempts, **facts}
    again = f"{declared.version}/" if declared.used_by and declared.version > 1 else ""
    seal_words(house, unit, declared, {f"{again}{part}": text for part, text in words.items()})


def seal_words(house: House, unit: Unit, declared: Declaration, words: dict[str, str]) -> None:
    """Keep words about somebody under that person's own key; of nobody nothing is kept.

    Args:
        words: by part; empty ones are left out.
    """
    if declared.subject is None:
        return
    known = unit.overrides.subject_key(declared.subject)
    if known is None:
        epoch = house.words.current(unit.now)
        known = (epoch, house.words.new_key(epoch))
        unit.overrides.put_subject_key(declared.subject, *known)
    for part, text in words.items():
        if text:
            place = f"{declared.override_id}/{part}"
            unit.overrides.put_words(declared.override_id, part, house.words.seal(*known, place, text))


def known(house: House, declared: Declaration) -> list[str]:
    """What this machine remembers of a declaration that the store knows, so that its journal sends no such again."""
    marks = {"used": declared.used_by, "ended": declared.ended_at}
    return [declared.content, *(mark(house, word, declared) for word, is_so in marks.items() if is_so)]


def mark(house: House, word: str, declared: Declaration) -> str:
    """That the record of a declaration was used, or ended, whatever it says later."""
    return house.keys.digest("record", f"{word}\n{declared.system}/{declared.record_key}")


def use(house: House, unit: Unit, row: Handover, decision: Decision) -> bool:
    """Use up what an answer of gate 2 rests on. False: another message has used it since; it is prepared again."""
    named = next((name.removeprefix(_BASIS) for name in decision.basis if name.startswith(_BASIS)), None)
    if named is None:
        return True
    before = unit.overrides.get(named)
    assert before is not None, "an answer rests on a declaration that is there"
    ours = unit.overrides.use(named, row.envelope_id)
    must = house.packs.is_mandatory(before.code)
    if ours and before.used_by is None:
        begin_review(house, unit, before)
        with suppress(Unavailable):
            house.journal.know(mark(house, "used", before))
    return ours or must


def begin_review(house: House, unit: Unit, declared: Declaration, *, recovered_at: datetime | None = None) -> None:
    """What is due from now on.

    Args:
        recovered_at: it went by the journal, and the store came back then.
    """
    agency = unit.directory.all().agencies[declared.agency]
    code = house.packs.reason_code(agency.pack, declared.code)
    assert code is not None, "nothing opens on a reason code that nobody has"
    pack = house.packs.facts(agency.pack)
    for review in reviews_of(declared, code.terms.kind, pack, recovered_at=recovered_at):
        unit.reviews.put(review)
        due = {"part": review.part.value, "due_at": review.due_at.isoformat()}
        unit.audit.append(override_entry(AuditEvent.REVIEW_DUE, declared, HUB, unit.now, **due))


def _without_documents(entry: dict[str, Any], agency: str) -> dict[str, Any]:
    resource = entry["resource"]
    if resource["resourceType"] != "Patient":
        return entry
    own = [each for each in resource.get("identifier", ()) if each["system"].startswith(f"{ID}/{agency}/")]
    return {**entry, "resource": {**resource, "identifier": own}}


def _unnamed(node: Any, agency: str) -> Any:
    """A node without the agency's id: in the systems of its own numbers, and where it is itself referred to."""
    if isinstance(node, list):
        return [_unnamed(part, agency) for part in node]
    if not isinstance(node, dict):
        return node.replace(f"{ID}/{agency}/", f"{ID}/{RELAY}/") if isinstance(node, str) else node
    if node.get("system") == ID_AGENCY and node.get("value") == agency:
        return {**node, "value": RELAY}
    return {name: _unnamed(part, agency) for name, part in node.items()}


def _is_hidden(directory: Directory, agency: str) -> bool:
    return directory.agencies[agency].lane == "womens"
