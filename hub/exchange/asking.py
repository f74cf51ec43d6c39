"""May an agency be told how a referral stands, which its other end has let it see before?

The question is the gate's own (``gather`` and ``decide``), asked as of a StatusNotice that the other end would send to
the reader now (consent rules C-71, settled S49): on the consent that opened the referral or a later one in force, with
an agreement that covers the event, through systems that run. No permit is kept: what is read again is decided again.
"""

from __future__ import annotations

from collections.abc import Sequence

from consent.decide import decide
from consent.gather import Question, gather, gather_provisional
from consent.model import Facts, Item, Message, Referral
from consent.model.words import Category, Purpose
from consent.records import STATUS
from hub.exchange.house import House
from hub.exchange.message import CORRECT
from hub.model.directory import System
from hub.model.rows import ReferralRow
from hub.ports import Peek, Unit
from hub.referral.transitions import PROCESS


def may_read(house: House, unit: Unit, reader: System, found: Sequence[ReferralRow]) -> set[str]:
    """The numbers of the referrals that a system's agency may be told of, wholly or not at all."""
    _ask_for_all(unit, found)
    return {row.number for row in found if _is_permitted(gather(unit, _question(reader, row), house.packs))}


def might_read(house: House, rows: Peek, reader: System, found: Sequence[ReferralRow]) -> set[str]:
    """The same as it looks without locks: it chooses what a unit then decides, and shows nothing by itself."""
    _ask_for_all(rows, found)
    asked = ((row.number, gather_provisional(rows, _question(reader, row), house.packs)) for row in found)
    return {number for number, gathered in asked if _is_permitted(gathered.facts)}


def _ask_for_all(rows: Peek, found: Sequence[ReferralRow]) -> None:
    """In one statement; who is asked for again is known by then."""
    rows.subjects.facts({row.subject_ref for row in found})


def _is_permitted(facts: Facts) -> bool:
    decision = decide(facts)
    return decision.permits and not any(each.category is Category.SERVICE_STATUS for each in decision.withheld)


def _question(reader: System, row: ReferralRow) -> Question:
    """What is asked of one referral: by its receiver of the request's own state, by its sender of the answer's."""
    is_sender = reader.agency == row.sender
    items = tuple(
        Item(path=kind, category=Category.SERVICE_STATUS, subject=row.subject_ref, essential=True)
        for kind in ("ServiceRequest", "Task")
    )
    return Question(
        sender=row.recipient if is_sender else row.sender,
        recipient=reader.agency,
        systems=(row.recipient_system if is_sender else row.sender_system, reader.id),
        message=Message(
            type=STATUS,
            event=PROCESS if is_sender else CORRECT,
            purpose=Purpose.REFERRAL,
            items=items,
            subject=row.subject_ref,
            referral=Referral(row.number, row.sender, row.recipient, row.consent_id, row.state),
        ),
    )
