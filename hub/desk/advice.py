"""What to do about a code or a state, in words for somebody at the end of a long day. It decides nothing.

Every refusing code has its words (a test says so); a code that nobody knows sends the reader to ``hub doctor``.
"""

from __future__ import annotations

from hub.exchange.reports import TAKEN_BACK
from hub.model.envelope import MessageState

_ASK = "ask the client for a new consent and save it"
_BY_WORDS: dict[str, str] = {
    f"the hub knows no consent of this client for that agency: {_ASK}; the referral then goes by itself": (
        "DN_NO_CONSENT"
    ),
    "the consent begins later: it goes by itself on that day": "DN_NOT_YET_VALID",
    f"the consent has ended: {_ASK}": "DN_EXPIRED DN_SUPERSEDED",
    "the client said it on the telephone and has not signed in time: have it signed, and save the day": (
        "DN_VERBAL_LAPSED"
    ),
    f"the client has withdrawn: respect it; only if the client wishes, {_ASK}": "DN_WITHDRAWN",
    "the consent is a draft: fill in what its row lacks (`hub consent show`), it then goes by itself": (
        "DN_PENDING DN_RECORD_INCOMPLETE"
    ),
    f"the client was not told enough, or not in a language that they read: explain it, and {_ASK}": (
        "DN_NOT_KNOWLEDGEABLE"
    ),
    f"the consent names nobody in particular, or everything: {_ASK} that names this agency and this purpose": (
        "DN_OVERBROAD"
    ),
    "the client was not told that this is reported, or what says so lacks something: tell the client and save it": (
        "DN_NOTICE"
    ),
    "the consent is in doubt: its row has gone from its system, save it again there": "DN_SUSPENDED",
    "the client has forbidden it: only the client lifts that (`hub consent directive lift`)": "DN_DIRECTIVE",
    "two records of this client contradict each other: ask the client which one holds": "DN_CONFLICT",
    "the consent names another agency, or the directory has not exactly one such service: correct the address, "
    "ask the client for a consent that names this one, or add the service": "DN_RECIPIENT",
    f"the consent is not for this purpose or direction: {_ASK}": "DN_PURPOSE DN_DIRECTION",
    f"the client did not agree to something that this cannot go without: talk to the client, perhaps {_ASK}": (
        "DN_REQUIRED_BLOCKED"
    ),
    f"the client may not have been free to choose: talk to the client alone, perhaps {_ASK}": "DN_COERCED",
    "it needs the client's signature: have the consent signed and save the day": "DN_WRITTEN_REQUIRED",
    "the case is closed: open a new one if the client is back": "DN_CASE_CLOSED",
    "nobody has noted that whoever gave the consent may decide for this client: `hub subjects decider add`": (
        "DN_AUTHORITY"
    ),
    f"the client is 16 or older now, or decides again: {_ASK}": "DN_AUTHORITY_LAPSED DN_RECONFIRM",
    "somebody else decides before whoever gave the consent: ask that one (`hub subjects show`)": "DN_SDM_RANK",
    "those who decide together do not agree: nothing goes; ask your privacy officer": "DN_SDM_CONFLICT",
    "whoever gave the consent may not decide for this client: talk to the client, or to who else may": "DN_SDM_BARRED",
    "the client, though under 16, decides this alone, and has not agreed: respect it": "DN_MINOR_PREVAILS",
    "the client has died: nothing goes; ask your privacy officer": "DN_DECEASED",
    "no agreement between the two agencies covers it: see `hub agreements list`": "DN_NO_AGREEMENT",
    f"it would be passed on by somebody who may not: {_ASK} for this agency": "DN_ONWARD",
    "it would tell who or where somebody is: take that out of the record": (
        "DN_REIDENTIFY DN_PROTECTED_LOCATION DN_ABSOLUTE"
    ),
    "this agency's records do not go by the hub yet: use the way you used before": "DN_EXISTENCE DN_OFF_BUS",
    "a safety flag stands on it: ask your privacy officer before anything else": "DN_SAFETY_CONFLICT",
    "the sender is suspended or unknown: see `hub agencies list` and `hub systems list`": "DN_SENDER",
    "it may be one of your own clients: say which one, or that it is new (`hub subjects resolve`)": "DN_IDENTITY",
    "the record has something that cannot be read: correct the field and save it": "DN_SCHEMA",
    "the agency's pack is not there: see `hub doctor`": "DN_PACK",
    "the hub was not well: it is tried again by itself": "DN_STALE DN_REGISTRY_DOWN DN_AUDIT_DOWN",
    "the referral cannot take this step now, or something must come first, which the place names": "DN_TRANSITION",
    "a duty of care may apply: if it does, declare it (`hub override declare`, or the form in your system)": (
        "NO_CHILD NO_SELF_HARM NO_HARM_OTHERS NO_UNCONSCIOUS NO_STATUTORY"
    ),
    "who declared this may not: a worker or supervisor may, and of a report whoever formed the suspicion": "OX_ROLE",
    "a limb of the test is not answered, or answered no: say what was seen for each, or do not share": "OX_THRESHOLD",
    "say in your own words what was seen or heard, when and from whom, which danger it is, and what the client knows": (
        "OX_CONTENT"
    ),
    "this agency cannot meet that danger, or it was declared for another one: choose who can help": "OX_RECIPIENT",
    "the declaration is over: declare it again if the danger is still there": "OX_EXPIRED",
    "one declaration is for one message: declare it again": "OX_REUSED",
    "what was shared before it was declared is an incident: tell your privacy officer": "OX_BACKDATED",
    "a second person must approve, or the attempts to reach one be written down where danger is imminent": (
        "OX_SECOND_PERSON"
    ),
    "it is about somebody close to who declared it: another worker must": "OX_CONFLICT_OF_INTEREST",
    "reviews of what was declared before are overdue: write them first": "OX_SUSPENDED",
    "the client's consent covers it already: declare nothing next time": "OX_NOT_NEEDED",
    "no duty of care opens this through the hub: telephone, and ask your privacy officer": "OX_NOT_OVERRIDABLE",
    "nobody took it in 72 hours: see `hub systems check`; it is read again and judged by the hub itself": (
        "NOT_ACKNOWLEDGED"
    ),
    "its key is gone: it is read again and judged by the hub itself": "KEY_GONE",
    "its stored bytes were changed: it is read again and judged by the hub itself; find out who did": "SEAL_BROKEN",
    "its record, or what its client allows of it, was changed: what it says now is judged by the hub itself": "CHANGED",
    "an incident was opened about it: your privacy officer sees to it": "RECALLED",
    "what it relied on has ended and another consent or agreement covers it: it is judged anew under that": (
        "BASIS_ENDED"
    ),
}
_BY_CODE = {code: words for words, codes in _BY_WORDS.items() for code in codes.split()}

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


def advice(code: str) -> str:
    """What to do about a code."""
    return _BY_CODE.get(code, "see `hub doctor`")


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
