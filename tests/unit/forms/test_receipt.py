"""The receipt: the fields of F-17 and F-18 as far as the record has them, and how the consent stands now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consent.model import Grant, Interpreter, Onward
from consent.model.words import Basis, Category, GivenBy, Purpose
from hub.forms.receipt import document, receipt_page
from tests.unit.forms.papers import EN, END, FR, NOON, Page, consent, in_talk, receipt, text_of, withdrawn

HOUR = timedelta(hours=1)


def fields(page: str) -> dict[str, str]:
    """Each term of a receipt with what stands under it."""
    found: dict[str, str] = {}
    for each in Page(page).all("//dl/*"):
        if each.tag == "dt":
            term = text_of(each)
        else:
            found[term] = " ".join(filter(None, (found.get(term), text_of(each))))
    return found


def state(page: str) -> str:
    return text_of(Page(page).all("//*[@id='state']")[0])


def test_a_receipt_in_english() -> None:
    page = receipt_page(receipt(), EN)

    assert fields(page) == {
        "Receipt number": "ABCDEFGHIJKL-2",
        "Printed on": "June 1, 2026, 12:00 (America/Toronto, -04:00)",
        "Your number with Harbour Centre": "MNOPQRSTUVWX",
        "Who said yes": "You",
        "When": "June 1, 2026, 12:00 (America/Toronto, -04:00)",
        "How": "You signed on paper.",
        "Who shares": "Harbour Centre",
        "Who gets it": "Lakeside Work",
        "Why": "to send you to a service and hear how it went",
        "What": "your name, date of birth and ID numbers what you need help with",
        "Private": "drinking or drugs",
        "May they pass it on?": "No. They must ask you first.",
        "From": "June 1, 2026",
        "Until the end of": "December 31, 2026 It ends sooner if you stop it.",
        "The text you were shown": "Text 2026-1, en-CA.",
        "Privacy notice": "notice-v2",
        "Rules of": "Ontario, Canada, version 1",
    }
    assert state(page) == "We have your yes."
    assert EN.say("receipt.stop") in page
    assert EN.say("receipt.help") in page


def test_a_receipt_in_french() -> None:
    page = receipt_page(receipt(), FR)

    assert fields(page)["Jusqu’à la fin du"].startswith("31 décembre 2026")
    assert fields(page)["À partir du"] == "1er juin 2026"
    assert state(page) == "Nous avons votre oui."


@pytest.mark.parametrize(
    ("record", "printed_at", "said"),
    [
        (consent(), END - timedelta(seconds=1), "We have your yes."),
        (consent(), END, "Your yes has ended. We send nothing more because of it."),
        (consent(valid_from=NOON + HOUR), NOON, "Your yes does not count yet. See the first day below."),
        (withdrawn(), NOON, "You took your yes back on June 3, 2026. We send nothing more because of it."),
        (in_talk(), NOON, EN.say("state.VERBAL_PENDING", day="June 14, 2026")),
        (in_talk(), datetime(2026, 6, 15, 3, 59, tzinfo=UTC), EN.say("state.VERBAL_PENDING", day="June 14, 2026")),
        (in_talk(), datetime(2026, 6, 15, 16, tzinfo=UTC), EN.say("state.LAPSED")),
        (in_talk(verbal_note=None), NOON, EN.say("state.LAPSED")),
    ],
)
def test_how_it_stands_is_said_as_of_the_moment_of_printing(record: Any, printed_at: datetime, said: str) -> None:
    assert state(receipt_page(receipt(record, made_at=printed_at), EN)) == said


def test_it_ends_at_the_latest_when_the_pack_ends_it() -> None:
    long = receipt(consent(expires_at=NOON.replace(year=2036)))
    capped = replace(long, pack=replace(long.pack, life_months_max=6))

    assert fields(receipt_page(long, EN))["Until the end of"].startswith("June 1, 2028")
    assert fields(receipt_page(capped, EN))["Until the end of"].startswith("December 1, 2026")


def test_each_version_of_a_consent_has_a_receipt_of_its_own() -> None:
    assert receipt(consent(version=3)).receipt_id == "ABCDEFGHIJKL-3"


def test_who_decided_who_interpreted_and_who_may_pass_it_on() -> None:
    record = consent(
        given_by=GivenBy.PARENT,
        basis=Basis.EXPRESS_ELECTRONIC,
        interpreter=Interpreter("QUALIFIED", "fa", independent=True),
        onward_sharing=(Onward("hill", Purpose.HEALTH_CARE),),
    )
    found = fields(receipt_page(receipt(record), EN))

    assert found["Who said yes"] == "Your parent"
    assert found["How"] == "You signed on a screen."
    assert found["Interpreter"] == "A trained interpreter who does not work here (fa)"
    assert found["May they pass it on?"] == "Yes, to Hill Clinic: to take care of your health."


def test_only_of_a_womens_service_it_says_whether_it_may_be_named() -> None:
    named, silent = (receipt(consent(names_discloser=each), womens=True) for each in (True, False))

    assert fields(receipt_page(named, EN))["Our name"] == "We may say that it comes from Harbour Centre."
    assert fields(receipt_page(silent, EN))["Our name"] == "We do not say that it comes from Harbour Centre."
    assert "Our name" not in fields(receipt_page(receipt(), EN))


def test_in_the_words_of_another_text_it_says_so_and_names_the_one_that_was_shown() -> None:
    found = fields(receipt_page(receipt(consent(text_version="sharing-v3", language="en")), EN))

    assert found["The text you were shown"].startswith("Text sharing-v3, en.")
    assert "This page uses the words of text 2026-1." in found["The text you were shown"]


def test_a_consent_to_private_things_alone_lists_nothing_else() -> None:
    found = fields(receipt_page(receipt(consent(categories=(Grant(Category.DV),))), EN))

    assert "What" not in found
    assert found["Private"] == "harm by a partner or family"


def test_what_was_kept_back_and_what_counts_for_less_stand_on_it() -> None:
    narrow = Grant(Category.DV, (Purpose.REFERRAL,), END - timedelta(days=31))
    record = consent(
        categories=(Grant(Category.IDENT), narrow), exclusions=("IMMIG", "harbour-cms/note:4", "harbour-cms/note:5")
    )
    found, french = fields(receipt_page(receipt(record), EN)), fields(receipt_page(receipt(record), FR))
    said = document(receipt(record), EN)

    assert found["Private"] == (
        "harm by a partner or family (only for: to send you to a service and hear how it went)"
        " (until the end of November 30, 2026)"
    )
    assert found["Not this"] == f"{EN.say('category.IMMIG')} notes or papers that you named (how many: 2)"
    assert french["Pas ceci"].endswith("les notes ou papiers que vous avez nommés (combien : 2)")
    assert said["kept_back"] == ["IMMIG", "harbour-cms/note:4", "harbour-cms/note:5"]
    assert [each["category"] for each in said["narrower"]] == ["DV"]
    assert "harbour-cms" not in receipt_page(receipt(record), EN)
    assert "Not this" not in fields(receipt_page(receipt(), EN))


def test_an_hour_that_is_there_twice_is_told_apart() -> None:
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    pages = [receipt_page(receipt(consent(captured_at=at)), EN) for at in (first, first + HOUR)]

    assert [fields(page)["When"][18:] for page in pages] == [
        "01:30 (America/Toronto, -04:00)",
        "01:30 (America/Toronto, -05:00)",
    ]


def test_a_pack_without_a_name_is_shown_by_its_id() -> None:
    assert fields(receipt_page(receipt(consent(pack="ca-qc")), EN))["Rules of"] == "CA-QC, version 1"


def test_what_comes_from_elsewhere_is_text() -> None:
    page = receipt_page(receipt(names={"harbour": "<i>H</i>", "lakeside": "<i>L</i>"}), EN)

    assert "<i>" not in page
    assert "&lt;i&gt;L" in page


def test_a_program_gets_the_same() -> None:
    found = document(receipt(), EN)

    assert (found["receipt"], found["state"], found["jurisdiction"]) == ("ABCDEFGHIJKL-2", "ACTIVE", "ca-on")
    assert found["captured_at"] == "2026-06-01T12:00:00-04:00"
    assert (found["discloser"], found["recipients"], found["sensitive"]) == ("harbour", ["lakeside"], ["SUBSTANCE"])
