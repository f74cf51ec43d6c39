"""One pass over the log: what was counted in the window, and in the 90 days before it.

Bounded memory: counters by closed words and by who is in the directory, one case for each override, and what is under
way. An entry before the 90 days costs a look at its time; a line that has ended, of which only the hash is left, counts
nowhere.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from consent.model.reviewed import Outcome, Part
from consent.model.words import Code
from hub.model.audit import AuditEvent
from hub.report.cases import Book, is_on_override
from hub.report.window import Window

_RECORDED = re.compile(rb'"recorded_at":"([0-9T:.Z+-]{20,32})"')
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
TOOK = ("within a minute", "within an hour", "within a day", "longer")
GIVEN, WITHHELD = "given", "withheld: "
UNDER_WAY = f"{Code.DN_WITHDRAWN.value}, when it was just being handed over"
_LOOKS = (AuditEvent.VIEW, AuditEvent.AUDIT_READ)


class Tally:
    """What the log says of a window.

    Attributes:
        answers: (gate, outcome) -> first code -> decisions; not of what is declared, nor of what lacks an agreement.
        released: (block of the window, sender) -> messages handed over otherwise than on an override, each once.
        withdrawn: how long a withdrawal took from being said to being in force -> how many.
        removed: category -> messages of which it was taken out at gate 1; over_asking: by sender.
        without_agreement: (sender, recipient) of what was refused for want of an agreement.
        notices: (agency, how a notice ended) -> how many; outcomes: (agency, outcome of an officer's review).
        looks: actor -> block -> looks at personal matters; who: actor -> (agency, role).
        changes: (what, action) of the configuration; rules: (name, day) of packs and profiles that changed.
        alarms: by code.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self.cases = Book()
        self.answers: defaultdict[tuple[int, str], Counter[str]] = defaultdict(Counter)
        self.released: Counter[tuple[int, str]] = Counter()
        self.withdrawn: Counter[str] = Counter()
        self.removed: Counter[str] = Counter()
        self.over_asking: Counter[str] = Counter()
        self.without_agreement: set[tuple[str, str]] = set()
        self.notices: Counter[tuple[str, str]] = Counter()
        self.outcomes: Counter[tuple[str, Outcome]] = Counter()
        self.looks: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.who: dict[str, tuple[str, str]] = {}
        self.changes: Counter[tuple[str, str]] = Counter()
        self.rules: set[tuple[str, str]] = set()
        self.alarms: Counter[str] = Counter()
        self._under_way: set[str] = set()
        self._ended: set[str] = set()

    def add(self, body: bytes) -> None:
        """Take in one entry."""
        found = _RECORDED.search(body)
        if found is None:
            return
        at = datetime.fromisoformat(found[1].decode())
        block = self.window.block(at)
        if block is None:
            return
        entry = orjson.loads(body)
        event = AuditEvent(entry["event_type"])
        self.cases.add(event, entry, at)
        self._look(event, entry, block)
        if event is AuditEvent.DELIVERY:
            self._release(entry, block)
        elif event in (AuditEvent.ACK, AuditEvent.RETURNED):
            self._end(event, entry["message_id"])
        if block == 0:
            self._count(event, entry, at)

    def _release(self, entry: Mapping[str, Any], block: int) -> None:
        """A message counts once, however often its hand-over is tried."""
        message = entry["message_id"]
        if not entry["outcome"].startswith("PERMIT") or entry.get("taken_back") or is_on_override(entry):
            return
        if message in self._ended:  # its acknowledgement stands before it in the log
            self._ended.discard(message)
        elif message in self._under_way:
            return
        else:
            self._under_way.add(message)
        self.released[block, entry["sender"]] += 1

    def _end(self, event: AuditEvent, message: str) -> None:
        if message in self._under_way:
            self._under_way.discard(message)
        elif event is AuditEvent.ACK:
            self._ended.add(message)

    def _look(self, event: AuditEvent, entry: Mapping[str, Any], block: int) -> None:
        if event in _LOOKS:
            actor = entry["actor"]
            self.looks[actor["ref"]][block] += 1
            self.who[actor["ref"]] = (actor.get("agency", ""), actor["role"])

    def _count(self, event: AuditEvent, entry: Mapping[str, Any], at: datetime) -> None:
        if event is AuditEvent.DECISION:
            self._decided(entry)
        elif event is AuditEvent.DELIVERY:
            self._answered(2, entry)
        elif event is AuditEvent.CONSENT_WITHDRAWN:
            took = at - datetime.fromisoformat(entry["effective_at"])
            self.withdrawn[_took(took.total_seconds())] += 1
        elif event is AuditEvent.REVIEW_DONE:
            self._reviewed(entry)
        elif event is AuditEvent.CONFIG_CHANGE:
            self.changes[entry.get("what", ""), entry.get("action") or entry.get("status", "")] += 1
            if entry.get("what") == "rules":
                self.rules.add((entry["name"], at.date().isoformat()))
        elif event is AuditEvent.ALARM:
            self.alarms[entry["reason_code"]] += 1

    def _decided(self, entry: Mapping[str, Any]) -> None:
        self._answered(1, entry)
        if entry["codes"][0] == Code.DN_NO_AGREEMENT.value:
            self.without_agreement.add((entry["sender"], entry["recipient"]))
        removed = entry["categories_removed"]
        if not removed or is_on_override(entry):
            return
        self.over_asking[entry["sender"]] += 1
        self.removed.update(removed)

    def _reviewed(self, entry: Mapping[str, Any]) -> None:
        outcome = Outcome(entry["outcome"])
        if entry["part"] == Part.OFFICER.value:
            self.outcomes[entry["agency"], outcome] += 1
        elif entry["part"] == Part.NOTICE.value:
            why = f"{WITHHELD}{entry['reason_code']}" if outcome is Outcome.WITHHELD else GIVEN
            self.notices[entry["agency"], why] += 1

    def _answered(self, gate: int, entry: Mapping[str, Any]) -> None:
        code = entry["codes"][0]
        if code == Code.DN_NO_AGREEMENT.value or is_on_override(entry) or entry.get("taken_back"):
            return
        under_way = gate == 2 and "opened_before" in entry and code == Code.DN_WITHDRAWN.value
        self.answers[gate, entry["outcome"]][UNDER_WAY if under_way else code] += 1


def _took(seconds: float) -> str:
    limits = (_MINUTE, _HOUR, _DAY)
    return next((name for name, limit in zip(TOOK, limits, strict=False) if seconds <= limit), TOOK[-1])
