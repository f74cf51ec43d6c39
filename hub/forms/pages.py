"""How a page of this room is made: a template without a word of its own, and a text that says all of it."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from hub.forms.texts import Text


def render(template: str, text: Text, **values: Any) -> str:
    """The whole page, HTML 5, with nothing to be fetched from elsewhere; what comes from elsewhere is escaped."""
    return _templates().get_template(template).render(text=text, say=text.say, **values)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("hub.forms"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
