"""Group B. State and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from consent.model import Facts
from consent.model.words import ConsentState
from tests.builders import AT, BASELINE, C, consent, holding, item, saying, ticked
from tests.unit.consent.rows import Group
from tests.unit.consent.test_decide_follow_up import CONTACT, MONTH_12, REVIEW, asks

STATE = ConsentState
SECOND = timedelta(seconds=1)
SHORTER = ticked(C.IDENT, C.CONTACT, C.LANG, C.EMPLOY)
V4 = consent(version=4, registry_seq=60)
K2 = consent(consent_id="K2", version=1, registry_seq=50, captured_at=AT - timedelta(hours=2))
GONE = consent(version=4, state=STATE.WITHDRAWN)
MIDNIGHT = datetime(2025, 6, 2, 4, tzinfo=UTC)  # in Toronto, when 2025-06-01 is over


def at(instant: datetime, facts: Facts = BASELINE) -> Facts:
    return replace(facts, at=instant)


def later(facts: Facts = BASELINE, seconds: float = 5) -> Facts:
    """Asked again when it is opened."""
    return replace(facts, system=replace(facts.system, decision_age_s=seconds))


ROWS: Group = {
    16: ("one second before valid_from", at(datetime(2025, 1, 10, 5, tzinfo=UTC) - SECOND)),
    17: ("it expires at the instant of the decision", holding(consent(expires_at=AT))),
    18: ("it expires one second later", holding(consent(expires_at=AT + SECOND))),
    19: (
        "it ends with that local day; delivered at 23:30",
        at(MIDNIGHT - timedelta(minutes=30), holding(consent(expires_at=MIDNIGHT))),
    ),
    20: ("it expires between release and delivery", later(at(AT + 5 * SECOND, holding(consent(expires_at=AT))), 15)),
    21: ("no expiry on the record", holding(consent(expires_at=None))),
    22: (
        "ten years on the form; 25 months after capture",
        at(datetime(2027, 2, 10, 16, tzinfo=UTC), holding(consent(expires_at=datetime(2035, 1, 10, tzinfo=UTC)))),
    ),
    23: ("withdrawn yesterday", holding(consent(state=STATE.WITHDRAWN))),
    24: ("withdrawn after release, before it was opened", later(holding(GONE))),
    25: ("withdrawn after it was opened; the delivered message", later()),
    26: ("and a resend of the same message", later(holding(GONE), 3600)),
    27: ("withdrawn at B; A's own copy still says active", holding(consent(), GONE)),
    28: ("withdrawn at 09:00, known at 15:00; delivered at 12:00", later(holding(consent()))),
    29: ("withdrawn by telephone, unsigned", holding(consent(version=4, state=STATE.WITHDRAWN, signed_on=None))),
    30: ("coded: client said to keep B out of it", holding(consent(version=4, state=STATE.SUSPENDED))),
    31: ("withdrew CONTACT only", holding(consent(categories=ticked(C.IDENT, C.NEEDS, C.LANG, C.EMPLOY)))),
    32: ("withdrew NEEDS only, which is required", holding(consent(categories=SHORTER))),
    33: ("K withdrawn; K2 of the same scope signed today", holding(consent(state=STATE.WITHDRAWN), K2)),
    34: (
        "v4 drops NEEDS; the message cites v3",
        holding(consent(state=STATE.SUPERSEDED), replace(V4, categories=SHORTER)),
    ),
    35: ("a token for v3 in place of a decision; v4 is wider", saying(holding(V4), token=("K", 3))),
    36: ("a draft: one mandatory field is missing", holding(consent(state=STATE.DRAFT, expires_at=None))),
    37: ("v4 is a draft, v3 active", holding(consent(), replace(V4, state=STATE.DRAFT))),
    38: ("v4 active; the sender pins v3", saying(holding(V4), pinned=("K", 3))),
    39: ("a verbal one lapsed, the paper unsigned", holding(consent(state=STATE.LAPSED))),
    40: ("case closed at A last week", saying(case_closed=True)),
    41: ("closed six months ago; follow-up to month 12, CONTACT only", asks()),
    42: ("and asks what is not in the follow-up profile", asks(CONTACT, REVIEW, item(C.EDUC, 5))),
    43: ("and at month 13", asks(at=MONTH_12 + timedelta(days=30))),
    44: ("client state DECLINED", holding(consent(state=STATE.DECLINED))),
}
