"""Identifiers and names: shapes, normalised values, folding (program systems §1, cases 6, 7, 15 to 21, 24).

An identifier is a triple (system, type, value as text). It proves identity only together with the birth date.
Values here are personal: nothing in this module logs, and no error holds one.
"""

from __future__ import annotations

import re
import unicodedata

from hub.model import codes

# program systems §1: shape of the normalised value, by identifier system suffix
SHAPES = {
    "uci": re.compile(r"\d{8}|\d{10}"),
    "trp": re.compile(r"[A-Z]\d{7,10}"),
    "imm": re.compile(r"[A-Z]\d{9,10}"),
    "harts": re.compile(r"\d{8}"),
    "eois-cams": re.compile(r"\d{7}"),
    "eois-plan": re.compile(r"\d+"),
}
GOVERNMENT = {f"{codes.ID}/{kind}": kind for kind in ("uci", "trp", "imm", "harts", "eois-cams")}  # of a person
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_FORM_OR_APPLICATION = re.compile(r"CAN\d+|IMM\d{4}")


def is_clean(text: str) -> bool:
    """Whether ``clean`` certainly leaves a text as it is: signs of ASCII that are seen, single spaces between them."""
    return text.isascii() and text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " "


def clean(text: str) -> str:
    """Strip what nobody sees: no-break space, zero-width, tab, line break; accents composed (cases 6, 7)."""
    if is_clean(text):
        return text
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", text)).split())


def normalise(value: str) -> str:
    """Upper case, no space, no hyphen. Never a number: leading zeros count."""
    return clean(value).replace(" ", "").replace("-", "").upper()  # all that is space is a single one by now


def passes_as_sin(value: str) -> bool:
    """Whether a value could be a Social Insurance Number: nine digits that pass the Luhn check (case 21)."""
    if not re.fullmatch(r"\d{9}", value):
        return False
    doubled = (int(d) * (2 if i % 2 else 1) for i, d in enumerate(value))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def shape_problem(kind: str, value: str) -> str | None:
    """Why a normalised value is no identifier of this kind, in words without the value; None if it is one.

    Args:
        kind: ``uci``, ``trp``, ``imm``, ``harts``, ``eois-cams``, ``eois-plan``.
    """
    if _FORM_OR_APPLICATION.fullmatch(value):
        return "the number of a form or an application, which identifies nobody"
    if passes_as_sin(value):
        return "a number that passes as a SIN, which never leaves"
    if kind == "uci" and re.fullmatch(r"\d{7}|\d{9}", value):
        return "a UCI of 7 or 9 digits: a leading zero may have been lost, look at the document"
    if kind in SHAPES and not SHAPES[kind].fullmatch(value):
        return f"a value that has not the shape of {kind}"
    return None


def fold(name: str) -> str:
    """A name for comparing: no accents, no case, no punctuation; kept letters of any script (cases 6, 7, 16)."""
    plain = unicodedata.normalize("NFKD", clean(name).casefold())
    if plain.isascii() and plain.isalnum():
        return plain
    return "".join(c for c in plain if c.isalnum())


def skeleton(name: str) -> str:
    """The consonants of a folded name, doubles once: one form for spellings of one name (case 17)."""
    folded = fold(name)
    bones = re.sub(r"[aeiouy]", "", folded) or folded
    return re.sub(r"(.)\1+", r"\1", bones)
