"""How partners of the loop behave: what a receiver does with a referral, and what becomes of it at its sender. Data.

A course is what somebody means to say, step by step, and after how many days each; who falls silent has no further
step. All of it is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.referral_messages import ASKS, BOOKED, PROCESS, TAKEN


@dataclass(frozen=True, slots=True)
class Step:
    """One word of a receiver.

    Args:
        days: least and most since what came before it.
        extra: what comes with it: a part of ``loop_messages.EXTRAS``; "" nothing.
    """

    state: str
    days: tuple[int, int] = (0, 2)
    extra: str = ""
    event: str = PROCESS


def _booked(extra: str = "appointment", days: tuple[int, int] = (0, 3)) -> Step:
    return Step("booked", days, extra, BOOKED)


_TAKEN = Step("received", (0, 1), event=TAKEN)
_ACCEPTED = Step("accepted")
_SERVED = (Step("in-service", (2, 9), "output"), Step("completed", (3, 60), "output"))

RECEIVERS: Mapping[str, tuple[Step, ...]] = {
    "prompt": (_TAKEN, _ACCEPTED, _booked(), *_SERVED),
    "in one word": (Step("completed", (1, 8), "output"),),
    "slow": (
        Step("received", (2, 8), event=TAKEN),
        Step("accepted", (2, 12)),
        _booked(days=(2, 14)),
        Step("in-service", (5, 40), "output"),
        Step("completed", (20, 120), "output"),
    ),
    "declines": (Step("declined", (0, 6), "reason"),),
    "declines late": (_ACCEPTED, Step("declined", (3, 30), "reason")),
    "redirects": (_TAKEN, Step("redirected", (0, 6), "redirect")),
    "waiting list": (_ACCEPTED, Step("waitlisted", (0, 3), "begins"), Step("accepted", (10, 60)), _booked(), *_SERVED),
    "waiting list for ever": (_ACCEPTED, Step("waitlisted", (0, 3), "begins")),
    "waiting list, a slip of the pen": (_ACCEPTED, Step("waitlisted", (0, 3), "begins in 2206")),
    "booked, a slip of the pen": (_ACCEPTED, _booked("appointment in 2206")),
    "no-show": (_ACCEPTED, _booked(), Step("no-show", (12, 16)), Step("awaiting-booking", (0, 9)), _booked(), *_SERVED),
    "no-show for ever": (_ACCEPTED, _booked(), Step("no-show", (12, 16))),
    "calls off": (_ACCEPTED, _booked(), Step("appointment-cancelled", (1, 6), "reason")),
    "pauses": (_ACCEPTED, Step("on-hold", (1, 5), "reason"), Step("accepted", (1, 50)), _booked(), *_SERVED),
    "pauses for ever": (_ACCEPTED, _booked(), Step("on-hold", (1, 5), "reason")),
    "serves for ever": (_ACCEPTED, _booked(), Step("in-service", (2, 9), "output")),
    "gives up": (_ACCEPTED, _booked(), Step("not-completed", (2, 30), "reason")),
    "asks": (_TAKEN, Step("info-needed", (0, 4), "question", ASKS)),
    "takes it and falls silent": (_TAKEN,),
    "accepts and falls silent": (_ACCEPTED,),
    "books and falls silent": (_ACCEPTED, _booked()),
    "reads and falls silent": (),
}

READING = ("acknowledges", "acknowledges", "acknowledges", "never acknowledges", "never reads")
"""What an agency's software does with what lies there for it; one that never reads may still write."""

SENDERS = ("closes", "closes", "never closes", "cancels", "cancels", "takes it back", "pauses", "a slip of the pen")
CLIENTS = ("stays", "stays", "stays", "stays", "stays", "withdraws")
ABORTS = ("accepted", "rejected", "")  # how a receiver answers one who cancels after booking; "": never
