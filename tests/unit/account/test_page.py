"""The page that a client gets: plain words in two languages, all of them, and nothing but them (consent rules 4.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from consent.model.words import Category, Code, Purpose
from hub.account import RELAY, Fate, Reader, disclosures
from hub.account.page import LANGUAGES, Account, lines, page, spoken
from tests.unit.account.said import acknowledged, opened, overriding, recorded

EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
ENTRIES = [recorded(), opened(), acknowledged(), overriding(2), acknowledged(3, "e-9")]
ACCOUNT = Account(
    disclosures=disclosures(ENTRIES, Reader()),
    names={"harbour": "Harbour <Newcomer> Centre", "lakeside": "Lakeside", "crisis-line": "Crisis Line"},
    agency=None,
    request="R2QJ7VXK4MNA",
    made_at=datetime(2026, 6, 2, 3, 30, tzinfo=UTC),
    zone=ZoneInfo("America/Toronto"),
)


class Page(HTMLParser):
    """The elements of a page, in order, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def keys(words: dict[str, Any]) -> set[str]:
    return {f"{name}.{key}" for name, part in words.items() if isinstance(part, dict) for key in part}


def test_both_languages_have_the_same_words() -> None:
    assert keys(spoken("en")) == keys(spoken("fr"))  # type: ignore[arg-type]
    assert all(len(spoken(language)["months"]) == 12 for language in LANGUAGES)


@EVERY_LANGUAGE
def test_there_is_a_word_for_all_that_can_be_said_and_for_nothing_else(language: Any) -> None:
    words = spoken(language)

    assert set(words["category"]) == set(Category)
    assert set(words["purpose"]) == set(Purpose)
    assert set(words["authority"]) == {code for code in Code if code.startswith(("OK_", "OV_"))}
    assert set(words["fate"]) == set(Fate)
    said = [text for part in words.values() if isinstance(part, dict) for text in part.values()]
    assert not any(code in text for text in said for code in (*Code, *Category, *Purpose, *Fate)), "codes are no words"


def test_a_line_in_english() -> None:
    (line, danger) = lines(ACCOUNT, "en")

    assert (line.date, line.day) == ("2026-06-01", "June 1, 2026")
    assert (line.recipient, line.sender) == ("Lakeside", "Harbour <Newcomer> Centre")
    assert line.categories == ("who you are: name, date of birth, numbers that identify you", "what you need")
    assert line.purpose == "to refer you to a service, or to answer a referral"
    assert line.authority == ("You agreed.", "Your agreement recorded on June 1, 2026 by Harbour <Newcomer> Centre.")
    assert (line.left_out, line.fate) == ("", "It arrived.")
    assert danger.left_out == "Some of what was asked for was left out."
    assert danger.authority[0].startswith("There was a serious danger")


def test_a_line_in_french_and_the_first_of_a_month() -> None:
    line, _ = lines(ACCOUNT, "fr")

    assert line.day == "1er juin 2026"
    assert line.authority[0] == "Vous étiez d’accord."


def test_days_are_those_of_the_packs_zone() -> None:
    assert "Prepared on June 1, 2026. Request R2QJ7VXK4MNA." in page(ACCOUNT, "en"), "half past eleven in the evening"


@EVERY_LANGUAGE
def test_a_page_stands_alone_can_be_read_aloud_and_prints(language: Any) -> None:
    text = page(ACCOUNT, language)
    read = Page(text)
    tags = [tag for tag, _ in read.tags]

    assert ("html", {"lang": language}) in read.tags
    assert [tags.count(tag) for tag in ("h1", "main", "table", "caption", "thead", "title")] == [1] * 6
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in read.tags if tag == "th")
    assert tags.count("tr") == 1 + len(ACCOUNT.disclosures)
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert not [value for _, attrs in read.tags for name, value in attrs.items() if name in ("src", "href")]
    assert "http" not in text
    assert "url(" not in text
    assert "@media print" in text


def test_what_comes_from_elsewhere_is_text() -> None:
    text = page(replace(ACCOUNT, names={**ACCOUNT.names, "lakeside": "<script>alert(1)</script>"}), "en")

    assert "Harbour &lt;Newcomer&gt; Centre" in text
    assert "<script" not in text


def test_no_id_code_or_number_of_the_hub_is_on_the_page() -> None:
    text = page(ACCOUNT, "en")

    for word in ("s-3f6c", "e-1", "m-e-1", "d-e-1", "c-1", "o-1", "OK_CONSENT", "OV_SELF_HARM", "P-10", "AAAAAAAAAAAA"):
        assert word not in text


@EVERY_LANGUAGE
def test_nothing_is_numbered(language: Any) -> None:
    tags = [tag for tag, _ in Page(page(ACCOUNT, language)).tags]

    assert "ol" not in tags


@EVERY_LANGUAGE
def test_that_nothing_was_passed_on_is_said(language: Any) -> None:
    read = Page(page(replace(ACCOUNT, disclosures=[]), language))

    assert spoken(language)["page"]["nothing"] in read.text
    assert "table" not in [tag for tag, _ in read.tags]


@EVERY_LANGUAGE
def test_the_page_of_an_agency_says_that_it_is_not_the_whole(language: Any) -> None:
    assert "Lakeside" in Page(page(replace(ACCOUNT, agency="lakeside", disclosures=[]), language)).text
    assert "Lakeside" not in Page(page(replace(ACCOUNT, disclosures=[]), language)).text


@EVERY_LANGUAGE
def test_the_page_of_a_service_that_is_not_named_does_not_name_it(language: Any) -> None:
    read = Page(page(replace(ACCOUNT, agency=RELAY, disclosures=[]), language))

    assert spoken(language)["page"]["unnamed"] in read.text


def test_the_relay_stands_where_a_name_may_not() -> None:
    hidden = disclosures(ENTRIES, Reader(confidential=frozenset({"lakeside", "harbour"})))

    text = page(replace(ACCOUNT, disclosures=hidden), "en")

    assert "The referral hub, for a service that is not named here" in text
    assert "Lakeside" not in text
    assert "Harbour" not in text
