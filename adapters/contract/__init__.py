"""What every adapter is: a card, and a source that fetches, fetches again and sends.

Standard: none; ours. Each kind keeps four files: ``__init__`` (the card), ``source`` (with what lies below it, the only
input and output), ``record`` (the agency's words and shape), ``translate`` (named pairs that mappings call).
"""

from adapters.contract.card import Adapter, Converter, RecordKind
from adapters.contract.source import (
    Accepted,
    Answer,
    Answering,
    Commit,
    Declaring,
    Finding,
    Following,
    FollowUp,
    Gathering,
    Gone,
    Memory,
    Now,
    Numbered,
    Page,
    Parcel,
    Raw,
    Rejection,
    Sent,
    SentState,
    Source,
    Verdict,
)

__all__ = [
    "Accepted",
    "Adapter",
    "Answer",
    "Answering",
    "Commit",
    "Converter",
    "Declaring",
    "Finding",
    "FollowUp",
    "Following",
    "Gathering",
    "Gone",
    "Memory",
    "Now",
    "Numbered",
    "Page",
    "Parcel",
    "Raw",
    "RecordKind",
    "Rejection",
    "Sent",
    "SentState",
    "Source",
    "Verdict",
]
