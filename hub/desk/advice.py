"""What a state means and waits for, in words for somebody at the end of a long day (``hub.model.advice``: codes)."""

from __future__ import annotations

from hub.exchange.reports import TAKEN_BACK
from hub.model.envelope import MessageState

_BY_STATE = {
    MessageState.RELEASED: "on its way to the bus",
    MessageState.PUBLISHED: "on the bus",
    MessageState.ARRIVED: "waits for its turn",
    MessageState.HELD: "it cannot be written out: mend what is named, then `hub deliveries retry`",
    MessageState.OPENED: "is being handed over, or nobody knows yet whether it arrived: it is tried again",
    MessageState.DELIVERED: "the recipient's system has it",
    MessageState.REFUSED: "was refused: `hub deliveries waiting` says why",
    MessageState.RETURNED: "went back to its sender",
}

_BY_REFERRAL = {
    "requested": "the receiver has not answered yet",
    "received": "the receiver has it and will answer",
    "declined": "the receiver cannot take it: find another service with the client",
    "cancelled": "the sender has withdrawn it",
    "no-show": "the client did not come: ask how the client is, and book again",
    "accepted": "the receiver has taken it on",
    "waitlisted": "the client is on the waiting list: look in again",
    "awaiting-booking": "the receiver will book an appointment",
    "in-service": "the client takes part: nothing to do",
    "completed": "done: the sender may close the loop",
    "not-completed": "the receiver took it on and has ended it: find another service with the client",
    "cancel-requested": "the sender has withdrawn it; it ends when the receiver's system has that",
    "cancelled-after-start": "the sender has withdrawn it, and the receiver knows",
    "info-needed": "the receiver asks for more: the sender answers",
    "booked": "an appointment is booked: see that the client can come",
    "appointment-cancelled": "the appointment was called off: book again",
    "on-hold": "paused: whoever paused it goes on with it",
    "redirected": "the receiver names another service: ask the client, then enter a new referral",
    "expired": "nobody has answered: telephone the receiver, or enter a new referral",
    "loop-closed": "done, and the sender has read what came of it: nothing to do",
    "entered-in-error": "it was never meant: nothing to do",
}


def delivery_advice(state: MessageState, problem: str | None, rejection: str | None) -> str:
    """What to do about a message on its way."""
    if rejection == TAKEN_BACK:
        return "its row was taken out before it was uploaded: it may not go any more, or goes anew with less"
    if rejection:
        return f"the recipient's system rejected it afterwards ({rejection}): its sender has been told"
    words = _BY_STATE[state]
    return f"{words}: {problem}" if problem else words


def referral_advice(state: str) -> str:
    """What a referral waits for."""
    return _BY_REFERRAL.get(state, "")
