"""How long what is kept is kept: the longest that applies (consent rules 4.2). Pure.

- ten years from the event; seven from the person's last service entry (the last delivery about them, or the last step
  of a referral of theirs); seven from the 18th birthday; and what an agreement with the funder sets for the client
  files of a kind of system. That last one has no default: where the pack names none, nothing ends.
- What is open, what something in force relies on, and what lies under an open incident or review is kept whatever its
  age: silence of these rules deletes nothing.

Numbers are the pack's (``[retention]``), of the agency whose row it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time
from enum import StrEnum

from consent.days import months_after, years_after
from consent.packs.afterwards import FILE_KINDS, Keeping
from hub.model.keeping import Person


class Why(StrEnum):
    """Why something is still kept; the first that holds, the strongest first."""

    OPEN = "open"  # a message under way, a consent in force, a standing no
    HOLD = "hold"  # an incident or review about it is open
    NO_VALUE = "no-value"  # an agreement sets its years, and the pack does not say them
    AGREEMENT = "agreement"  # those years
    EVENT = "event"  # its own years
    SERVICE = "service"  # years since the person was last served
    MINOR = "minor"  # years since the person's 18th birthday


NOBODY = Person()


def why_kept(
    keeping: Keeping,
    now: datetime,
    at: datetime,
    people: Iterable[Person],
    *,
    kinds: Iterable[str] = (),
    is_open: bool = False,
    held: bool = False,
) -> Why | None:
    """Why a row is kept at an instant; None: it ends now.

    Args:
        at: the event of which it tells; where it has an end, that.
        people: whom it is about.
        kinds: of the systems that it came out of and went into.
    """
    about = tuple(people)
    filed = [kind for kind in kinds if kind in FILE_KINDS]
    named = [keeping.files[kind] for kind in filed if kind in keeping.files]
    served = [each.served_at for each in about if each.served_at]
    birthdays = [datetime.combine(each.turns_18_on, time(), UTC) for each in about if each.turns_18_on]
    reasons = {
        Why.OPEN: is_open,
        Why.HOLD: held or any(person.held for person in about),
        Why.NO_VALUE: len(named) < len(filed),
        Why.AGREEMENT: any(now < years_after(at, years) for years in named),
        Why.EVENT: now < years_after(at, keeping.event_years),
        Why.SERVICE: any(now < years_after(last, keeping.service_years) for last in served),
        Why.MINOR: any(now < years_after(day, keeping.from_18_years) for day in birthdays),
    }
    return next((why for why, holds in reasons.items() if holds), None)


def breach_ends_at(keeping: Keeping, determined_at: datetime) -> datetime:
    """When the record of a breach ends: so many months after it was determined (SOR/2018-64 s.6)."""
    return datetime.combine(months_after(determined_at.date(), keeping.breach_months), determined_at.timetz())


def longest(keepings: Iterable[Keeping]) -> Keeping:
    """What binds a row that several agencies' packs keep: of each number the highest, of files only what all name."""
    every = tuple(keepings)
    named = set.intersection(*(set(each.files) for each in every))
    return Keeping(
        event_years=max(each.event_years for each in every),
        service_years=max(each.service_years for each in every),
        from_18_years=max(each.from_18_years for each in every),
        breach_months=max(each.breach_months for each in every),
        files={kind: max(each.files[kind] for each in every) for kind in named},
    )
