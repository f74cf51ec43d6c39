"""That no referral is silent (settled S48), and the promises of design §2 over a run of the loop."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta

from hub.model.alerts import AlertCode
from hub.referral import TERMINAL
from tests.simulation.loop_world import Loop
from tests.simulation.promises import Settled, ends_once, permitted_in_the_log

AHEAD_MAX = timedelta(days=460)  # the longest that a referral may be quiet: a date a year off, and the days of a state


def none_is_silent(loop: Loop) -> Counter[str]:
    """Each is at its end, or has a day by which it must move on; of how many are past it, a person is told today.

    Returns:
        How many there are of each state; those past their day as ``state, late``.
    """
    now, counts = loop.clock.now(), Counter[str]()
    for number, state, due_at in _rows(loop):
        if state in TERMINAL:
            assert due_at is None, f"{number} is {state} and is waited for"
            counts[state] += 1
            continue
        assert due_at is not None, f"{number} is {state}, and nobody is ever told"
        assert datetime.fromisoformat(due_at) - now <= AHEAD_MAX, f"{number} is {state}, silent until {due_at}"
        counts[f"{state}, late" if datetime.fromisoformat(due_at) <= now else state] += 1
    late = sum(count for state, count in counts.items() if state.endswith(", late"))
    at, told = loop.person.told.get(AlertCode.REFERRAL_LATE, (now, 0))
    # told as they were found: some of them the hub has ended by itself since
    assert not late or (told >= late and now - at < timedelta(hours=1)), f"{late} are late; told {told} at {at}"
    return counts


def all_are_settled(loop: Loop, counts: Counter[str]) -> None:
    """At the end each has ended, or is late and told of; and nobody has lost one."""
    waiting = [state for state in counts if state not in TERMINAL and not state.endswith(", late")]
    assert not waiting, f"neither at their end nor told of: {waiting}"
    assert sum(counts.values()) == len(loop.referrals)


def keeps_its_promises(loop: Loop) -> None:
    """INV-5, INV-2, INV-3, INV-8."""
    with closing(_db(loop)) as db:
        inbox = [dict(row) for row in db.execute("SELECT * FROM inbox ORDER BY rowid")]
        handover = {row["envelope_id"]: dict(row) for row in db.execute("SELECT * FROM handover")}
        log = [json.loads(row["body"]) for row in db.execute("SELECT body FROM audit_entry ORDER BY rowid")]
        resting = db.execute("SELECT COUNT(*) FROM outbox").fetchone()[0]
    settled = Settled(None, inbox, handover, log)  # type: ignore[arg-type]  # these two look at its rows alone
    ends_once(settled)
    permitted_in_the_log(settled)
    assert resting == 0, f"INV-6: {resting} rest in the outbox"
    assert loop.leaks == [], f"INV-3: opened after the client's no: {loop.leaks[:5]}"
    assert loop.faults == []
    assert loop.network.verifies(), "INV-8"


def _rows(loop: Loop) -> list[tuple[str, str, str | None]]:
    with closing(_db(loop)) as db:
        return [tuple(row) for row in db.execute("SELECT number, state, due_at FROM referral ORDER BY number")]


def _db(loop: Loop) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{loop.hub.settings.database}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    return db
