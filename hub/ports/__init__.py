"""Ports: what the hub needs of the world, as promises.

``world.py`` holds clock, randomness, keys and bus; ``unit.py`` the store and the unit through which everything
that must commit together is read and written.
"""

from hub.ports.rows import (
    AuditRows,
    ConsentRows,
    Counts,
    Cursors,
    Decisions,
    Directory,
    DirectoryRows,
    HandoverRows,
    InboxRows,
    NoticeRows,
    OutboxRows,
    ReferralRows,
    SubjectRows,
    WaitingRows,
)
from hub.ports.unit import Peek, ProvisionalFacts, Store, Unit
from hub.ports.world import Alerts, Bus, BusRecord, Clock, Ids, Keys, Outgoing

__all__ = [
    "Alerts",
    "AuditRows",
    "Bus",
    "BusRecord",
    "Clock",
    "ConsentRows",
    "Counts",
    "Cursors",
    "Decisions",
    "Directory",
    "DirectoryRows",
    "HandoverRows",
    "Ids",
    "InboxRows",
    "Keys",
    "NoticeRows",
    "OutboxRows",
    "Outgoing",
    "Peek",
    "ProvisionalFacts",
    "ReferralRows",
    "Store",
    "SubjectRows",
    "Unit",
    "WaitingRows",
]
