"""Find personal values in files where none may be (INV-1): a database, its WAL, keys, checkpoints, an export.

A file is searched as the bytes that it is, so that free pages and what a format hides count too. What is found is named
by its number in the list: the value itself is never shown. Short numbers stand in digests and random ids by chance: one
counts where no hexadecimal digit is beside it, and where it is no part of a UUID.
"""

from __future__ import annotations

import base64
import binascii
import mmap
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

PREFIX = 6  # bytes of a value that the pattern looks for; the rest is compared
BY_CHANCE = 14  # hexadecimal digits: so many of them stand in 10^16 random ones once
_DIGITS = b"0123456789abcdef"
_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UUID_LENGTH = 36

Trie = dict[int, Any]


def find(paths: Iterable[Path], values: Sequence[str]) -> Iterator[tuple[Path, int]]:
    """Pairs (file, number of the value in the list), each once, in the order of the files.

    Args:
        values: texts of at least ``PREFIX`` bytes in UTF-8.
    """
    wanted: dict[bytes, list[tuple[bytes, int]]] = {}
    for number, value in enumerate(values):
        data = value.encode()
        assert len(data) >= PREFIX, "a shorter value would be found by chance"
        wanted.setdefault(data[:PREFIX], []).append((data, number))
    if not wanted:
        return
    pattern = re.compile(b"(?=(" + _pattern(_trie(wanted)) + b"))", re.DOTALL)
    for path in paths:
        yield from ((path, number) for number in sorted(_in_file(path, pattern, wanted)))


def can_be_read(body: bytes, values: Iterable[str]) -> bool:
    """Whether one of the values stands in a body, as it is or behind base64: then it is sealed by name alone."""
    shown = body
    with suppress(binascii.Error):  # random bytes are none
        shown += b"\0" + base64.b64decode(body + b"=" * (-len(body) % 4))
    return any(value.encode() in shown for value in values)


def files_below(folder: Path) -> list[Path]:
    """Every file in a folder and below it, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _in_file(path: Path, pattern: re.Pattern[bytes], wanted: Mapping[bytes, Sequence[tuple[bytes, int]]]) -> set[int]:
    if path.stat().st_size == 0:
        return set()
    with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return {
            number
            for match in pattern.finditer(data)
            for value, number in wanted[match[1]]
            if data[match.start() : match.start() + len(value)] == value
            and not (_could_be_chance(value) and _within_digits(data, match.start(), match.start() + len(value)))
        }


def _could_be_chance(value: bytes) -> bool:
    return len(value) < BY_CHANCE and not value.strip(_DIGITS)


def _within_digits(data: mmap.mmap, start: int, end: int) -> bool:
    around = data[max(start - 1, 0) : start] + data[end : end + 1]
    first = max(start - _UUID_LENGTH, 0)
    ids = _UUID.finditer(data[first : end + _UUID_LENGTH])
    within = any(first + each.start() <= start and end <= first + each.end() for each in ids)
    return within or any(byte in _DIGITS for byte in around)


def _trie(words: Iterable[bytes]) -> Trie:
    root: Trie = {}
    for word in words:
        node = root
        for byte in word:
            node = node.setdefault(byte, {})
    return root


def _pattern(node: Trie) -> bytes:
    """A pattern that reads each byte once, however many words there are."""
    if not node:
        return b""
    branches = [re.escape(bytes([byte])) + _pattern(below) for byte, below in sorted(node.items())]
    return branches[0] if len(branches) == 1 else b"(?:" + b"|".join(branches) + b")"
