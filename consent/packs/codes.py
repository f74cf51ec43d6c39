"""The reason codes of an override, as a pack says them (consent rules 3.2 to 3.4): ``[code.<reason code>]``.

The list of codes is closed, and is code: no file can add one (C-160). What a code asks for is the pack's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from consent.model.declared import Terms
from consent.model.words import Body, Category, Code
from consent.packs.reading import Table

CODES = frozenset(
    {
        *("DOC-CHILD", "DOC-SELF", "DOC-OTHER", "DOC-UNCON"),
        *("ST-CHILD-PROTECT", "ST-CHILD-PROTECT-Y", "ST-RETIREMENT", "ST-LTC", "ST-EMERG-ORG", "ST-FIN-ABUSE"),
        *("ST-PUBLIC-BODY", "ST-KIN", "ST-FED-BODY", "EU-VITAL", "AU-PGS1", "AU-16A", "AU-VIC-FV"),
    }
)
_KINDS: Mapping[str, Literal["may", "must", "scheme"]] = {"may": "may", "must": "must", "scheme": "scheme"}
_USED = (Code.OV_CHILD, Code.OV_SELF_HARM, Code.OV_HARM_OTHERS, Code.OV_UNCONSCIOUS, Code.OV_STATUTORY)


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """What a pack says of one. ``from_16``: the one that takes its place where the child is 16 or older, or ""."""

    terms: Terms
    from_16: str = ""


def read_codes(table: Table) -> dict[str, ReasonCode]:
    """The reason codes of a pack.

    Raises:
        Refused: another code than those of consent rules 3.2, or a word that is not understood.
    """
    found = {code: _read(code, entry, table) for code, entry in table.tables().items()}
    for code, each in found.items():
        if each.from_16 and each.from_16 not in found:
            raise table.fault(f"{code}.from_16", f"`{each.from_16}`", "a reason code of this pack")
    return found


def _read(code: str, table: Table, codes: Table) -> ReasonCode:
    if code not in CODES:
        raise codes.fault(code, "a reason code of nobody", f"one of {', '.join(sorted(CODES))}")
    kind = table.take("kind", str)
    if kind not in _KINDS:
        raise table.fault("kind", f"`{kind}`", f"one of {', '.join(_KINDS)}")
    answer = table.word("answer", Code) if table.has("answer") else None
    if answer not in (None, *_USED):
        raise table.fault("answer", f"`{answer}`", f"one of {', '.join(_USED)}")
    terms = Terms(
        code=code,
        answer=answer,
        kind=_KINDS[kind],
        limbs=table.texts("limbs"),
        bodies=table.words("bodies", Body),
        profile=table.words("profile", Category),
        child=table.has("child") and table.take("child", bool),
        limbs_against_a_no=table.texts("limbs_against_a_no") if table.has("limbs_against_a_no") else (),
    )
    from_16 = table.take("from_16", str) if table.has("from_16") else ""
    table.done()
    if not terms.limbs:
        raise table.fault("limbs", "an empty list", "each limb of the test")  # nothing to attest is no test
    return ReasonCode(terms, from_16)
