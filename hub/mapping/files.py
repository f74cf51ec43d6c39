"""The files of a kind: read from folders, the later over the earlier, and their digest."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.mapping.model import fault

SUFFIXES = (".toml", ".csv")


def gather(kind: str, folders: Sequence[Path]) -> dict[str, bytes]:
    """The mapping files by name. A later folder's file replaces an earlier one's; an absent folder overlays nothing.

    Raises:
        Refused: no folder holds a ``.toml``, or a file cannot be read.
    """
    found: dict[str, bytes] = {}
    for folder in folders:
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path.suffix in SUFFIXES:
                    found[path.name] = _bytes(kind, path)
    if not any(name.endswith(".toml") for name in found):
        raise fault(
            f"mappings/{kind}", "", "no .toml file", "a file per record kind", "name the folder that holds them"
        )
    return found


def _bytes(kind: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise fault(
            f"mappings/{kind}/{path.name}", "", "a file that cannot be read", "one", "look at its rights"
        ) from error


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over names and bytes, each with its length before it, as hex."""
    hashed = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            hashed.update(len(part).to_bytes(8, "big") + part)
    return hashed.hexdigest()


DEPTH_MAX = 20  # tables and lists in one another; the grammar needs six


def toml(file: str, data: bytes) -> dict[str, Any]:
    """A mapping file as a tree.

    Raises:
        Refused: it is no TOML in UTF-8; the parser's line and column are told.
    """
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, a number too long, or nested too deeply
        where = str(error).partition("(at ")[2].rstrip(")") if isinstance(error, tomllib.TOMLDecodeError) else ""
        raise fault(file, where, "what is no TOML", "TOML in UTF-8", "mend the file") from error
    level: list[Any] = [tree]
    for _ in range(DEPTH_MAX):
        level = [below for node in level for below in (node.values() if isinstance(node, dict) else node)]
        level = [node for node in level if isinstance(node, dict | list)]
    if level:
        raise fault(file, "", "what is nested too deeply", f"at most {DEPTH_MAX} levels", "mend the file")
    return tree
