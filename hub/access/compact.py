"""A compact JWS (RFC 7515) before anything of it is believed: its form, its header by a closed list, what it says.

It is read as strictly as a message: UTF-8, one object each, no name twice at any depth, nothing without end. Whose
signature it is, the callers ask (``assertion.py``, ``worker_proof.py``).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from hub.exchange.strict import NotOurMessage, read_message
from hub.model.fhir import Resource
from hub.model.jwk import url64

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class NoProof(Exception):
    """Nobody is proven by this. It names nothing: whoever sends a wrong one learns only that."""


def read(
    compact: str, *, longest: int, header: Collection[str], algorithms: Collection[str]
) -> tuple[Resource, Resource]:
    """Header and payload. Nothing of them is believed yet.

    Args:
        longest: in characters.
        header: what may stand there; whatever else there is (crit, b64, jwk, x5c …) could only relax something.

    Raises:
        NoProof: it is none, by its form.
    """
    if len(compact) > longest or not _FORM.fullmatch(compact):
        raise NoProof
    first, second, _ = compact.split(".")
    head = _object(first, longest)
    if not head.keys() <= set(header) or head.get("alg") not in algorithms:
        raise NoProof
    return head, _object(second, longest)


def _object(part: str, longest: int) -> Resource:
    try:
        return read_message(url64(part), size_max_bytes=longest)
    except NotOurMessage:
        raise NoProof from None
