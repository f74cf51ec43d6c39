"""Ports: what the hub needs of the world, as promises.

``world.py`` holds clock, randomness, keys and bus; ``unit.py`` the store and the unit through which everything
that must commit together is read and written.
"""

from hub.ports.unit import (
    AuditRows,
    ConsentRows,
    Cursors,
    Decisions,
    Directory,
    DirectoryRows,
    HandoverRows,
    InboxRows,
    NoticeRows,
    OutboxRows,
    Peek,
    ProvisionalFacts,
    ReferralRows,
    Store,
    SubjectRows,
    Unit,
    WaitingRows,
)
from hub.ports.world import Bus, BusRecord, Clock, Ids, Keys, Outgoing

__all__ = [
    "AuditRows",
    "Bus",
    "BusRecord",
    "Clock",
    "ConsentRows",
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
