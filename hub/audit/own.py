"""The hub looks at its own log: every entry, the tree over them, and what has no place yet.

The hub may be at work meanwhile: what it adds is left for the next look.
"""

from __future__ import annotations

from hub.audit.log import AuditLog
from hub.audit.verify import Report, verify_stored


def verify_own(log: AuditLog, *, key: str, checkpoint: bytes) -> Report:
    """Verify a stored log.

    Args:
        key: the log's verifier-key line.
        checkpoint: a signed checkpoint that is kept outside the store.

    Raises:
        IntegrityBroken: an entry stands beyond the head or has lost its place, or the log does not continue the newest
            checkpoint in its folder.
    """
    head = log.head()
    report = verify_stored(
        ((entry.index, entry.body, entry.leaf) for entry in log.stored(head.size)),
        nodes=lambda: log.nodes(head.size),
        size=head.size,
        root=head.root,
        key=key,
        checkpoint=checkpoint,
    )
    if report.ok:
        log.verify_at_start()
    return report
