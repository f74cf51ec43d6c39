"""What the verifier can find wrong, in words for a person."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """What is wrong, most basic first."""

    KEY_UNREADABLE = "key-unreadable"
    CHECKPOINT_UNREADABLE = "checkpoint-unreadable"
    KEY_UNKNOWN = "key-unknown"  # no signature by this key: another log, or a replaced key
    SIGNATURE_WRONG = "signature-wrong"
    EXPORT_UNREADABLE = "export-unreadable"
    LOG_EMPTY = "log-empty"
    LINE_UNREADABLE = "line-unreadable"
    INDEX_GAP = "index-gap"  # a line dropped, doubled or moved
    ENTRY_CHANGED = "entry-changed"
    ENTRY_EMPTIED = "entry-emptied"  # a line without a body, of which no entry says that its time was over
    ENTRY_MISSING = "entry-missing"
    ENTRY_EXTRA = "entry-extra"
    ENTRIES_SWAPPED = "entries-swapped"
    ROOT_DIFFERS = "root-differs"  # wrong somewhere; the place cannot be proven
    LOG_CUT = "log-cut"  # smaller than a checkpoint from outside says
    FORK = "fork"  # another history than a checkpoint from outside
    LEAVES_DIFFER = "leaves-differ"  # the bodies are right, the list of hashes beside them is not
    NODES_DIFFER = "nodes-differ"  # entries and leaves are right, the tree that stands over them is not
    DOCUMENT_UNREADABLE = "document-unreadable"  # no receipt, no proof
    NOT_PROVEN = "not-proven"  # its proof does not lead to the signed root
    OTHER_CHECKPOINT = "other-checkpoint"  # the checkpoint from outside is over another size
    NOT_COSIGNED = "not-cosigned"  # by somebody who should have


class Wrong(Exception):
    """A fault on its way to the report."""

    def __init__(self, fault: Fault, reason: str, first_wrong: int | None = None) -> None:
        super().__init__(reason)
        self.fault, self.reason, self.first_wrong = fault, reason, first_wrong
