"""What to do about a code, in words for somebody at the end of a long day. It decides nothing, and names nobody.

The words stand in ``advice.csv``: a header ``codes,en,fr``, and one line for the codes that are mended alike. Every
refusing code has its words (a test says so). ``returned:CODE`` is what counts where a message was given back for good.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Advice(NamedTuple):
    """Why, and what to do, in both languages."""

    en: str
    fr: str


_UNKNOWN = Advice(
    "ask your administrator (`hub doctor`)", "demandez à votre administratrice ou administrateur (`hub doctor`)"
)


@cache
def by_code() -> Mapping[str, Advice]:
    """All of them.

    Raises:
        ValueError: a line of the packaged list has not two sentences.
    """
    text = files("hub.model").joinpath("advice.csv").read_text("utf-8")
    return {code: Advice(en, fr) for codes, en, fr in list(csv.reader(text.splitlines()))[1:] for code in codes.split()}


def advice(code: str) -> Advice:
    """What to do about a code; one that nobody knows sends the reader to ``hub doctor``."""
    return by_code().get(code, _UNKNOWN)
