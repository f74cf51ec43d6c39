"""Reading the files of an export line by line, in bounded memory. Every line must count up from 0.

Standard: JSON Lines; values are base64 (RFC 4648 §4) in its one canonical spelling.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub.audit.verify.faults import Fault, Wrong
from hub.audit.verify.notes import decoded

LINE_BYTES_MAX = 1 << 20  # an entry holds codes and ids: some hundred bytes

_DECODER = json.JSONDecoder(
    object_pairs_hook=tuple
)  # pairs: a field that stands there twice is seen; an array is a list


def leaves(path: Path) -> Iterator[bytes]:
    """The leaf hashes of ``hashes.jsonl``."""
    for position, leaf in enumerate(lines(path, "leaf")):
        if len(leaf) != 32:
            raise Wrong(Fault.LINE_UNREADABLE, f"line {position + 1} of {path.name} holds no SHA-256", position)
        yield leaf


def lines(path: Path, field: str) -> Iterator[bytes]:
    """The values of a file of lines ``{"index": n, field: base64}``, which must count up from 0."""
    try:
        with path.open("rb") as handle:
            for position, line in enumerate(iter(lambda: handle.readline(LINE_BYTES_MAX), b"")):
                index, value = _line(line, field, position)
                if index != position:
                    raise Wrong(
                        Fault.INDEX_GAP, f"line {position + 1} has index {index}, expected {position}", position
                    )
                yield value
    except OSError as error:
        raise Wrong(Fault.EXPORT_UNREADABLE, f"{path.name}: {error.strerror}") from None


def _line(line: bytes, field: str, position: int) -> tuple[int, bytes]:
    """One line. A field twice or one more is refused: two readers could read two things."""
    try:
        pairs = _DECODER.decode(line.decode())
    except (ValueError, RecursionError):
        pairs = ()
    values: dict[str, Any] = dict(pairs) if isinstance(pairs, tuple) else {}
    index, data = values.get("index"), decoded(values.get(field))
    if values.keys() != {"index", field} or len(pairs) != 2 or type(index) is not int or data is None:
        raise Wrong(Fault.LINE_UNREADABLE, f'line {position + 1} is not {{"index", "{field}"}} in base64', position)
    return index, data
