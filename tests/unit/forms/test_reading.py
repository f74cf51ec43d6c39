"""Words that a client knows: how hard every variant of the form and the receipt is to read (consent rules 1.5, F-23).

English: US grade 6 or below by Flesch-Kincaid (textstat; syllables by the CMU dictionary). Of the whole page, of its
sentences alone, since short items of a list would make hard sentences look easy, and of each sentence that has more
than a few words: none above grade 9, so that no average hides one that nobody understands.

French has no grade that is widely agreed on; the limits are declared here. Sentences: 10 words on average, 20 at most,
as the European rules for easy to read information ask for short sentences of one idea and plain-language guides for 15
to 20 words at most. Words: 5 letters on average, as in everyday French (Kandel and Moles count syllables for the same
reason), and at most one in fifteen of more than 9 letters.

A score is no reader: a person reads each text too before it is released (consent rules 1.5, S95).
"""

from __future__ import annotations

import re

import pytest
import textstat

from tests.unit.forms.papers import EN, FR, Page, every_form, every_receipt
from tests.unit.forms.test_form import PAGES

GRADE_MAX = 6
SENTENCE_GRADE_MAX, SENTENCE_WORDS_MIN = 9, 8
FR_WORDS_MEAN_MAX, FR_WORDS_MAX = 10, 20
FR_LETTERS_MEAN_MAX, FR_LONG, FR_LONG_SHARE_MAX = 5.0, 9, 1 / 15
NAMES = ("Harbour Centre", "Lakeside Work", "Rosewood House", "Hill Clinic", "America/Toronto")
WORD = re.compile(r"[^\W\d_]+")
ENGLISH = {name: page for name, page in PAGES.items() if name.endswith("(en-CA)")}
FRENCH = {name: page for name, page in PAGES.items() if name.endswith("(fr-CA)")}


def said(page: str) -> list[str]:
    """Block by block, each with an end; names of agencies and numbers are not our words."""
    blocks = []
    for block in Page(page).said():
        ours = re.sub("|".join(NAMES), "us", block)
        blocks.append(ours if ours[-1] in ".?!" else f"{ours.rstrip(':;').strip()}.")
    return blocks


def sentences(blocks: list[str]) -> list[str]:
    return [each for block in blocks for each in re.split(r"(?<=[.?!])\s+", block) if WORD.search(each)]


def words(text: str) -> list[str]:
    return WORD.findall(text)


def test_every_variant_is_here() -> None:
    assert set(ENGLISH) == {f"form {each} (en-CA)" for each in every_form(EN)} | {
        f"receipt {each} (en-CA)" for each in every_receipt(EN)
    }
    assert len(ENGLISH) == len(FRENCH) > 30


@pytest.mark.parametrize("page", ENGLISH.values(), ids=ENGLISH)
def test_english_is_at_grade_6_or_below(page: str) -> None:
    blocks = said(page)

    assert textstat.flesch_kincaid_grade(" ".join(blocks)) <= GRADE_MAX
    whole = [each for each in sentences(blocks) if len(words(each)) >= SENTENCE_WORDS_MIN]
    assert len(whole) > 5
    assert textstat.flesch_kincaid_grade(" ".join(whole)) <= GRADE_MAX
    hard = {each: grade for each in whole if (grade := textstat.flesch_kincaid_grade(each)) > SENTENCE_GRADE_MAX}
    assert hard == {}


@pytest.mark.parametrize("page", FRENCH.values(), ids=FRENCH)
def test_french_keeps_to_short_sentences_and_short_words(page: str) -> None:
    every = sentences(said(page))
    counts = [len(words(each)) for each in every]
    letters = [len(each) for sentence in every for each in words(sentence)]

    assert [each for each, count in zip(every, counts, strict=True) if count > FR_WORDS_MAX] == []
    whole = [count for count in counts if count >= 4]
    assert sum(whole) / len(whole) <= FR_WORDS_MEAN_MAX
    assert sum(letters) / len(letters) <= FR_LETTERS_MEAN_MAX
    assert sum(each > FR_LONG for each in letters) / len(letters) <= FR_LONG_SHARE_MAX


def test_the_limits_can_be_missed() -> None:
    hard = "The aforementioned organization reserves discretionary authority regarding confidential disclosures."
    assert textstat.flesch_kincaid_grade(hard) > SENTENCE_GRADE_MAX
    assert sum(len(each) > FR_LONG for each in words("renseignements confidentiels")) == 2


@pytest.mark.parametrize("text", [EN, FR], ids=["en", "fr"])
def test_no_word_of_the_trade_is_used(text: object) -> None:
    trade = (
        "consent", "disclos", "recipient", "categor", "purpose", "withdraw", "revok", "referral", "aiguill", "finalit",
        "divulg", "consentement", "destinataire", "révoqu", "personal information", "expir",
    )  # fmt: skip
    pages = ENGLISH if text is EN else FRENCH
    for name, page in pages.items():
        found = " ".join(Page(page).said()).lower()
        assert not [word for word in trade if word in found], name
