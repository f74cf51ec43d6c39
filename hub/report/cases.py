"""Overrides as the log tells of them: one small case for each, however long the log is.

Entries of one instant may stand in the log in any order, so nothing here rests on one having come before another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from consent.model.reviewed import Outcome, Part
from consent.model.words import Code
from hub.model.audit import AuditEvent

_MESSAGE = "OverrideDisclosure"  # what goes on an override, and nothing else (profiles.toml)


@dataclass(slots=True)
class Task:
    """A part of a review: until when, and how it ended last."""

    due_at: datetime | None = None
    done_at: datetime | None = None
    outcome: Outcome | None = None


@dataclass(slots=True)
class Case:
    """One override. ``opened_at``: something was handed over on it; ``needless``: a consent covered it already."""

    number: str
    agency: str
    subject: str | None
    code: str
    worker: str
    imminent: bool
    declared_at: datetime
    approved: bool = False
    needless: bool = False
    opened_at: datetime | None = None
    tasks: Mapping[Part, Task] = field(default_factory=dict)

    @property
    def is_duty_of_care(self) -> bool:
        """Declared because of a danger, not a statute."""
        return self.code.startswith("DOC-")


@dataclass(slots=True)
class _Told:
    """What the log has told of one so far. ``declared``: its newest version, and when it was declared first."""

    declared: Mapping[str, Any] | None = None
    declared_at: datetime | None = None
    approved: bool = False
    opened_at: datetime | None = None
    tasks: dict[Part, Task] = field(default_factory=dict)


class Book:
    """The cases that the entries tell of; those whose declaration is not among them are left out."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}
        self._covered: set[str] = set()  # sources of declarations that a consent covered

    def __iter__(self) -> Iterator[Case]:
        for number, told in self._told.items():
            said = told.declared
            if said is not None and told.declared_at is not None:
                yield Case(
                    number=number,
                    agency=said["agency"],
                    subject=said.get("subject_ref"),
                    code=said["code"],
                    worker=said["worker"],
                    imminent=bool(said["imminent"]),
                    declared_at=told.declared_at,
                    approved=told.approved,
                    needless=said["source"] in self._covered,
                    opened_at=told.opened_at,
                    tasks=told.tasks,
                )

    def add(self, event: AuditEvent, entry: Mapping[str, Any], at: datetime) -> None:
        """Take in what an entry says of a case."""
        if event is AuditEvent.DECISION and Code.OX_NOT_NEEDED.value in entry["codes"]:
            self._covered.add(entry["source"])
        if event in _TAKE and "override_id" in entry:
            _TAKE[event](self._told.setdefault(entry["override_id"], _Told()), entry, at)


def is_on_override(entry: Mapping[str, Any]) -> bool:
    """Whether a decision is about what was declared, also where a consent covers it."""
    return bool(entry["message_type"] == _MESSAGE)


def _declare(told: _Told, entry: Mapping[str, Any], at: datetime) -> None:
    """A correction before it is used is declared anew, under the same number."""
    if told.declared is None or entry["version"] >= told.declared["version"]:
        told.declared = {name: entry.get(name) for name in _SAID}
    told.declared_at = min(at, told.declared_at or at)


def _approve(told: _Told, _entry: Mapping[str, Any], _at: datetime) -> None:
    told.approved = True


def _due(told: _Told, entry: Mapping[str, Any], _at: datetime) -> None:
    told.tasks.setdefault(Part(entry["part"]), Task()).due_at = datetime.fromisoformat(entry["due_at"])


def _done(told: _Told, entry: Mapping[str, Any], at: datetime) -> None:
    """A notice that was withheld ends once more."""
    task = told.tasks.setdefault(Part(entry["part"]), Task())
    if task.done_at is None or at >= task.done_at:
        task.done_at, task.outcome = at, Outcome(entry["outcome"])


def _open(told: _Told, entry: Mapping[str, Any], at: datetime) -> None:
    if entry["outcome"].startswith("PERMIT"):
        told.opened_at = min(at, told.opened_at or at)


_SAID = ("version", "agency", "subject_ref", "code", "worker", "imminent", "source")
_TAKE = {
    AuditEvent.OVERRIDE_DECLARED: _declare,
    AuditEvent.OVERRIDE_APPROVED: _approve,
    AuditEvent.REVIEW_DUE: _due,
    AuditEvent.REVIEW_DONE: _done,
    AuditEvent.DELIVERY: _open,
}
