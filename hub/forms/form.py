"""The consent form: one recipient agency, plain words, nothing ticked, lines for the pen (consent rules 1.5). Pure.

Its last page is the worker's: which words go into the record (``v_hub_consent``), and the note on a verbal consent
(F-10). Where a women's service is an end of it there is no such note: there it is signed on paper, and no family
member interprets (V-04, V-06).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from consent.model.words import Category
from hub.forms.offer import Offer, What
from hub.forms.pages import render
from hub.forms.texts import Text

CRISIS_DAYS = 14  # [D] consent rules 1.5: what was agreed to in a crisis ends then at the latest


@dataclass(frozen=True, slots=True)
class End:
    """One of the two agencies, as the directory has it."""

    id: str
    name: str
    womens: bool


@dataclass(frozen=True, slots=True)
class Form:
    """What one form asks.

    Args:
        months_max: the longest life that the packs of both allow.
        verbal_days: within which a verbal consent is signed.
        notice: version of the privacy notice; "": the pack names none.
    """

    discloser: End
    recipient: End
    offer: Offer
    months_max: int
    verbal_days: int
    notice: str

    @property
    def strict(self) -> bool:
        """Whether a women's service is an end of it."""
        return self.discloser.womens or self.recipient.womens


def form_page(form: Form, text: Text) -> str:
    """The form in the words of a text."""
    return render(
        "form.html",
        text,
        form=form,
        names={"agency": form.discloser.name, "recipient": form.recipient.name},
        plain=[each for each in form.offer.what if not each.sensitive],
        sensitive=[each for each in form.offer.what if each.sensitive],
        what=lambda what: _what(what, text),
        needs=lambda categories: _list(categories, text),
        record=record(form, text),
        crisis_days=CRISIS_DAYS,
    )


def record(form: Form, text: Text) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """Columns of the record that the form fixes: its words, and for which box each of them stands."""
    why = [(each.purpose.value, text.say(f"purpose.{each.purpose}")) for each in form.offer.why]
    return (
        ("recipient_org", [(form.recipient.id, "")]),
        ("text_version", [(text.version, "")]),
        ("language", [(text.language, "")]),
        ("notice_version", [(form.notice, "") if form.notice else ("", text.say("worker.no_notice"))]),
        ("purposes", why),
        ("categories", [(each.category.value, _what(each, text)) for each in form.offer.what]),
    )


def _what(what: What, text: Text) -> str:
    said = text.say(f"category.{what.category}")
    return text.say("what.coarse", what=said) if what.coarse else said


def _list(categories: Sequence[Category], text: Text) -> str:
    return "; ".join(text.say(f"category.{each}") for each in categories)
