"""Every code has a meaning in both languages, and the privacy officer's list is that list."""

from __future__ import annotations

import pytest

from consent.explain import explain, meanings
from consent.model import Decision
from consent.model.words import Code, Outcome
from tests.tidy.house import ROOT, table

OFFICER = ROOT / "docs" / "officer.md"


def test_every_code_has_its_meaning_and_no_other_word_has() -> None:
    assert list(meanings()) == list(Code), "in the order of the rules"


@pytest.mark.parametrize("code", Code)
def test_a_meaning_is_one_sentence_of_its_own_in_each_language(code: Code) -> None:
    words = meanings()[code]

    for text in words:
        assert text[0].isupper()
        assert text.endswith(".")
        assert ". " not in text
        assert len(text) < 180
    assert words.en != words.fr


def test_no_two_codes_mean_the_same() -> None:
    location = {Code.RD_LOCATION, Code.DN_PROTECTED_LOCATION}
    others = [words for code, words in meanings().items() if code not in location]

    assert len({words.en for words in others}) == len(others)
    assert len({words.fr for words in others}) == len(others)


def test_the_officers_list_is_complete_and_says_the_same() -> None:
    rows = table(OFFICER, "What each code means")

    assert {code: tuple(cells) for code, cells in rows.items()} == {
        code.value: tuple(words) for code, words in meanings().items()
    }


@pytest.mark.parametrize("outcome", Outcome)
def test_an_answer_begins_with_whether_it_may_go(outcome: Outcome) -> None:
    said = explain(Decision(outcome, "P-8", (Code.DN_WITHDRAWN,)))

    may = outcome in (Outcome.PERMIT, Outcome.PERMIT_REDACTED)
    assert said.en.startswith("It may go" if may else "It may not go")
    assert said.fr.startswith("Cela peut partir" if may else "Cela ne peut pas partir")
    assert said.en.endswith("The client has withdrawn the consent.")
