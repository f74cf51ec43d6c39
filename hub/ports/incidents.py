"""What a unit or a peek reads and writes of what went wrong; see ``unit.py``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from hub.model.incidents import Duty, Holding, Incident, IncidentEvent


class IncidentRows(Protocol):
    """Incidents with their deliveries, notices and events."""

    def put(self, row: Incident) -> None:
        """Open an incident, or replace it as it stands now."""

    def get(self, incident_id: str) -> Incident | None:
        """One incident."""

    def every(self, limit: int, *, closed: bool) -> list[Incident]:
        """The open ones, the oldest first; with ``closed`` the others too."""

    def hold(self, row: Holding) -> None:
        """Add a delivery to an incident."""

    def holdings(self, incident_id: str) -> list[Holding]:
        """Its deliveries, by envelope."""

    def reached(self, notice_id: str) -> None:
        """The recall that a notice is stands in its recipient's system since now."""

    def to_correct(self, referral_no: str) -> list[Holding]:
        """Deliveries of a referral that a correction shall follow, in open incidents, and has not reached."""

    def corrected_by(self, referral_no: str, envelope_id: str | None) -> None:
        """A correction of these is on its way; None: no more."""

    def recall_by(self, referral_no: str, recall: str) -> None:
        """The recipients of these are told otherwise."""

    def telephoned(self, incident_id: str, envelope_ids: Iterable[str]) -> None:
        """The recipients of these were told by telephone; who was told before stays so."""

    def owe(self, row: Duty) -> None:
        """Add a notice that is due, or replace it as it stands now."""

    def duties(self, incident_id: str) -> list[Duty]:
        """Its notices, by number."""

    def append(self, incident_id: str, actor: str, what: str, code: str = "") -> None:
        """Write down what was done."""

    def events(self, incident_id: str) -> list[IncidentEvent]:
        """What was done, oldest first."""

    def open_with(self, envelope_ids: Iterable[str], *, but: str = "") -> dict[str, str]:
        """Envelope to the open incident that it is in already; not of one kind, where it is named."""

    def held(self, subject_refs: Iterable[str]) -> set[str]:
        """Those of the people about whom an incident is open."""

    def withheld_from(self, subject_ref: str) -> list[tuple[str, str]]:
        """Envelopes of the deliveries of which a person is not told, each with the reason of the withheld notice."""

    def closed(self, limit: int) -> list[Incident]:
        """Closed incidents, that first which was determined first; else closed."""

    def remove(self, incident_ids: Iterable[str]) -> None:
        """Delete incidents with all that belongs to them."""
