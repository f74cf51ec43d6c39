"""Rows of an ``each`` under child records: to which child record a row belongs is never guessed.

A whole resource of a row says it by a reference to the resource that stands for the child record itself; an element
belongs to the child record of its block, and cannot be one of its own for each row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hub.errors import Refused
from hub.mapping.model import Block, Step


def check_rows(refuse: Callable[[str, str, str, str], Refused], top: Sequence[Block]) -> None:
    """Look at the blocks that are resources, with what is inside them.

    Raises:
        Refused: rows under a child record that could not be told from those of another.
    """
    for block in top:
        if block.row and block.child and not _belongs(block, top):
            name = ".".join(block.child)
            raise refuse(
                f"resource.{block.name}.each",
                f"rows of `{name}` that do not say to which they belong",
                f"before it a block of `{name}` without rows, and here a line whose `to` leads to it",
                "add what is missing",
            )
        for inner in block.insides:
            if inner.row and inner.child != block.child:
                raise refuse(
                    f"resource.{inner.name}.each",
                    f"each row a `{'.'.join(inner.child)}` of its own",
                    "rows of the same child record as its block",
                    "mend `each`",
                )


def leading(block: Block, path: tuple[str, ...], top: Sequence[Block]) -> Step | None:
    """The line of a block whose reference leads to the child records at a path."""
    names = {other.name for other in top if other.child == path}
    return next((step for step in block.steps if names.intersection(step.leads)), None)


def _belongs(block: Block, top: Sequence[Block]) -> bool:
    owner = next(other for other in top if other.child == block.child)
    step = leading(block, block.child, top)
    return not owner.row and step is not None and step.way != "<" and step.leads[:1] == (owner.name,)
