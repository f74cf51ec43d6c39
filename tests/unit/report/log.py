"""A log in the making: bodies of entries as the hub writes them, about invented cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hub.model.audit import MUST_SAY, Actor, AuditEvent, Entry
from hub.report.tally import Tally
from hub.report.window import Window

MAY = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
NOON = datetime(2026, 5, 13, 16, tzinfo=UTC)  # a Wednesday; noon in Toronto
DAY = timedelta(days=1)
HUB = Actor("system:hub")


class Log:
    """Entries, in the order of their time."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._count = 0

    def add(self, event: AuditEvent, at: datetime, actor: Actor = HUB, **details: Any) -> None:
        said = {**dict.fromkeys(MUST_SAY[event], ""), **details}
        self.entries.append(Entry(event, at, actor, said))

    def number(self) -> str:
        self._count += 1
        return f"N{self._count:05}"

    def sent(self, at: datetime = NOON, sender: str = "harbour", times: int = 1, **more: Any) -> None:
        """Messages were decided, opened and acknowledged."""
        for _ in range(times):
            message = self.number()
            said = _decided(message, sender, **more)
            self.add(AuditEvent.DECISION, at, source=f"{sender}-cms/referral:{message}", **said)
            if said["outcome"].startswith("PERMIT"):
                self.add(AuditEvent.DELIVERY, at, **said)
                self.add(AuditEvent.ACK, at, message_id=message)

    def override(
        self,
        at: datetime = NOON,
        *,
        agency: str = "harbour",
        code: str = "DOC-SELF",
        worker: str = "w-301",
        subject: str | None = None,
        imminent: bool = False,
        approved: bool = True,
        goes: bool = True,
        needless: bool = False,
        done: str | None = "UPHELD",
        took: timedelta = DAY,
    ) -> str:
        """An override was declared, used, and reviewed by the officer. Its number."""
        number = self.number()
        own = {"override_id": number, "version": 1, "agency": agency, "subject_ref": subject or f"s-{number}"}
        source = f"{agency}-cms/override:{number}"
        declared = {"code": code, "worker": worker, "imminent": imminent, "source": source}
        self.add(AuditEvent.OVERRIDE_DECLARED, at, **own, **declared)
        if approved:
            self.add(AuditEvent.OVERRIDE_APPROVED, at, **own, approver="w-900")
        if not goes and not needless:
            return number
        codes = ["OK_CONSENT", "OX_NOT_NEEDED"] if needless else ["OV_SELF_HARM"]
        said = _decided(f"m-{number}", agency, codes=codes, message_type="OverrideDisclosure")
        said |= {} if needless else {"override_id": number}
        self.add(AuditEvent.DECISION, at, source=source, **said)
        self.add(AuditEvent.DELIVERY, at, **said)
        if needless:
            return number
        self.add(AuditEvent.REVIEW_DUE, at, **own, part="officer", due_at=(at + 5 * DAY).isoformat())
        if done:
            late = took >= 5 * DAY
            self.add(AuditEvent.REVIEW_DONE, at + took, **own, part="officer", outcome=done, late=late)
        return number

    def bodies(self) -> list[bytes]:
        ordered = sorted(self.entries, key=lambda entry: entry.at)
        return [entry.body(f"e-{place}") for place, entry in enumerate(ordered)]

    def tally(self, window: Window = MAY, **more: Any) -> Tally:
        tally = Tally(window, **more)
        for body in self.bodies():
            tally.add(body)
        return tally


def _decided(message: str, sender: str, **more: Any) -> dict[str, Any]:
    said = {
        "message_id": message,
        "sender": sender,
        "recipient": "lakeside",
        "purpose": "REFERRAL",
        "outcome": "PERMIT",
        "codes": ["OK_CONSENT"],
        "withheld_codes": [],
        "categories_removed": [],
    }
    return said | more
