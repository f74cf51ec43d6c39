"""Ports: what the hub needs of the world, as promises.

``world.py`` holds clock, randomness, keys and bus; ``unit.py`` the store and the unit through which everything
that must commit together is read and written.
"""

from hub.ports.access import AccessRows
from hub.ports.incidents import IncidentRows
from hub.ports.keeping import KeepingRows
from hub.ports.log import AuditReads, AuditRows, RequestRows
from hub.ports.registry import ConsentRows, LinkRows, OverrideRows, ReviewRows, SubjectRows
from hub.ports.rows import (
    Counts,
    Cursors,
    Decisions,
    Directory,
    DirectoryRows,
    FollowUpRows,
    HandoverRows,
    InboxRows,
    NoticeRows,
    OutboxRows,
    ReferralRows,
    WaitingRows,
)
from hub.ports.unit import Peek, ProvisionalFacts, Store, Unit
from hub.ports.world import Alerts, Bus, BusRecord, Clock, Ids, Journal, Keys, Outgoing, TokenKeys, Words

__all__ = [
    "AccessRows",
    "Alerts",
    "AuditReads",
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
    "FollowUpRows",
    "HandoverRows",
    "Ids",
    "InboxRows",
    "IncidentRows",
    "Journal",
    "KeepingRows",
    "Keys",
    "LinkRows",
    "NoticeRows",
    "OutboxRows",
    "Outgoing",
    "OverrideRows",
    "Peek",
    "ProvisionalFacts",
    "ReferralRows",
    "RequestRows",
    "ReviewRows",
    "Store",
    "SubjectRows",
    "TokenKeys",
    "Unit",
    "WaitingRows",
    "Words",
]
