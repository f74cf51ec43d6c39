"""The tables of the door: proofs that were used, and how often agencies have asked. They belong to ``tables.py``.

A proof's id is kept as a keyed digest: it is whatever a client made up.
"""

from __future__ import annotations

from hub.store.columns import number, table, words

jti = table("jti", words("client", key=True), words("digest", key=True), words("until_at"))
api_rate = table(
    "api_rate", words("agency", key=True), words("what", key=True), number("minute", key=True), number("asked")
)
