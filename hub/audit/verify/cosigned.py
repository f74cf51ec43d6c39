"""Who has cosigned a checkpoint beside the log itself (C2SP ``tlog-cosignature``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hub.audit.verify import Report
from hub.audit.verify.faults import Fault, Wrong
from hub.audit.verify.notes import COSIGNED, cosigned_at, parse_key


def with_cosigners(report: Report, note: bytes, lines: Sequence[str]) -> Report:
    """The same report with who has cosigned a checkpoint; a fault where one of them has not.

    Args:
        note: the checkpoint, whose own signature the report has judged.
        lines: the cosigners' verifier-key lines, from outside.
    """
    if not report.ok:
        return report
    found = []
    try:
        for line in lines:
            key = parse_key(line, COSIGNED)
            at = cosigned_at(note, key)
            if at is None:
                raise Wrong(Fault.NOT_COSIGNED, f"{key.name}+{key.key_id.hex()} has not cosigned the checkpoint")
            found.append((key.name, at))
    except Wrong as wrong:
        return replace(report, fault=wrong.fault, reason=wrong.reason)
    return replace(report, cosigned=tuple(found))
