"""Texts: a version never changes once it is released, and is found again by its name and language."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from consent.model.words import Basis, Category, ConsentState, GivenBy, Purpose
from hub.errors import Refused
from hub.forms.texts import FIRST, PACKAGED, load_texts
from tests.unit.forms.papers import EN, FR, NOON, RULES, TEXTS, receipt

RELEASED = {
    "2026-1.en-CA.toml": "24e76430f7a90907b8372666a38831c0e41a94f41d60e44597b3df69c9c9bd60",
    "2026-1.fr-CA.toml": "7fadc85c609270ac5243690b6819ef91827a82fec3b5a62e94007621b2ec1b07",
}
ENGLISH = (PACKAGED / FIRST).read_text(encoding="utf-8")


def beside(folder: Path, text: str, name: str = "2027-1.en-CA.toml") -> Path:
    """A data folder's texts: one file."""
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def of_2027(text: str = ENGLISH) -> str:
    return text.replace('version = "2026-1"', 'version = "2027-1"')


def test_what_was_released_has_not_changed() -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in PACKAGED.iterdir()}

    assert found == RELEASED, "what somebody has signed does not change: give the new words a version of their own"


def test_both_languages_have_the_same_words() -> None:
    def keys(words: object) -> dict[str, list[str]]:
        return {part: list(texts) for part, texts in words.items()}  # type: ignore[attr-defined]

    assert keys(EN.words) == keys(FR.words)
    differ = [key for part, texts in EN.words.items() for key, text in texts.items() if FR.words[part][key] == text]
    assert set(differ) <= {"ca-on", "signature", "date", "at", "language", "law_version"}, "translated, all of it"


@pytest.mark.parametrize("text", TEXTS.every, ids=lambda text: text.language)
def test_there_is_a_word_for_all_that_can_be_said_and_for_nothing_else(text) -> None:
    assert set(text.words["category"]) == set(Category)
    assert set(text.words["purpose"]) == set(Purpose)
    assert set(text.words["given_by"]) == set(GivenBy)
    assert set(text.words["basis"]) == {each for each in Basis if each.startswith("EXPRESS")}
    assert set(text.words["jurisdiction"]) == set(RULES.packs)
    no_receipt = {ConsentState.DRAFT, ConsentState.ABANDONED, ConsentState.DECLINED}
    assert set(text.words["state"]) == set(ConsentState) - no_receipt | {"NOT_YET"}
    said = [each for part, texts in text.words.items() for each in texts.values()]
    codes = [each for each in (*Category, *Purpose, *ConsentState) if each not in ("DV", "NEEDS")]
    assert not [code for code in codes for each in said if code in each], "codes are no words"


def test_every_pack_knows_every_packaged_version() -> None:
    for pack in RULES.packs.values():
        assert {text.version for text in TEXTS.every} <= set(pack.text_versions), pack.pack


@pytest.mark.parametrize("language", ["en", "EN", "en-CA", "en-ca", "en-GB"])
def test_a_language_is_found_by_its_tag_or_its_first_part(language: str) -> None:
    assert TEXTS.of("2026-1", language) is EN


def test_a_language_that_has_no_text_is_refused_with_those_that_have() -> None:
    with pytest.raises(Refused, match=r"--lang: got `fa`, of which there are none, expected one of en-CA, fr-CA"):
        TEXTS.of("2026-1", "fa")
    with pytest.raises(Refused, match=r"a language that there is a text of: en-CA, fr-CA"):
        TEXTS.newest("fa", ["2026-1"])
    with pytest.raises(Refused, match="--lang: got length 16,"):
        TEXTS.newest("a long language!", ["2026-1"])
    with pytest.raises(Refused, match=r"none: the pack names no text of the hub"):
        TEXTS.newest("en", ["sharing-v3"])


def test_an_unknown_version_is_refused_by_name_with_those_that_there_are() -> None:
    with pytest.raises(Refused, match=r"got `sharing-v3`, of which the hub has no text, expected one of 2026-1"):
        TEXTS.of("sharing-v3", "en")
    with pytest.raises(Refused, match="--text-version: got length 23,") as refused:
        TEXTS.of("Amara Okonkwo, Harbour.", "en")
    assert "Amara" not in str(refused.value)


def test_an_older_text_is_still_there_when_there_is_a_newer_one(tmp_path: Path) -> None:
    later = of_2027().replace("You choose what we share.", "It is your choice.")
    texts = load_texts(PACKAGED, beside(tmp_path, later))

    assert texts.newest("en", ["2026-1", "2027-1"]).say("form.intro").startswith("It is your choice.")
    assert texts.of("2026-1", "en") == EN
    assert texts.newest("fr", ["2026-1", "2027-1"]) == FR, "of the newer there is no French text yet"


def test_a_translation_of_the_data_folder_is_used_as_any_other(tmp_path: Path) -> None:
    text = ENGLISH.replace('language = "en-CA"', 'language = "fa"').replace('translator = ""', 'translator = "Mina R."')
    texts = load_texts(PACKAGED, beside(tmp_path, text, "2026-1.fa.toml"))

    assert texts.of("2026-1", "fa").translator == "Mina R."
    assert len(texts.every) == len(TEXTS.every) + 1


def test_where_a_language_has_two_texts_its_whole_tag_is_asked_for(tmp_path: Path) -> None:
    texts = load_texts(
        PACKAGED, beside(tmp_path, ENGLISH.replace('language = "en-CA"', 'language = "en-GB"'), "2026-1.en-GB.toml")
    )

    assert texts.of("2026-1", "en-gb").language == "en-GB"
    with pytest.raises(Refused, match="got `en`, of which there are several, expected one of en-CA, en-GB"):
        texts.of("2026-1", "en")


def test_no_file_takes_the_place_of_a_released_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="other words than those that were released"):
        load_texts(PACKAGED, beside(tmp_path, ENGLISH.replace("You choose", "We choose"), FIRST))
    assert load_texts(PACKAGED, beside(tmp_path, ENGLISH, FIRST)) == TEXTS


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('how = "Tick why we may share it."\n', "", "why.how: got nothing"),
        ('how = "Tick why we may share it."', 'how = " "', "why.how: got other names in braces, or no text"),
        ("[why]\n", '[why]\nwhy = "x"\n', "why.why: got a word that nothing reads"),
        (
            "{months} months",
            "{weeks} weeks",
            "end.most: got other names in braces, or no text, expected these: {months}",
        ),
        ("{months} months", "24 months", "end.most"),
        ("{months} months", "{months months", "end.most: got a brace that is not closed"),
        ('version = "2027-1"', 'version = "2028-1"', "others than the file's name says"),
        ('version = "2027-1"', 'version = "20 27"', "what is none"),
        ('language = "en-CA"', 'language = "en_ca"', "what is none"),
        ('"January", ', "", "months: got 11, expected 12"),
        ("[why]", "[why", "no TOML"),
        ('translator = ""', "", "translator: got nothing"),
        ('translator = ""', "translator = 3", "translator"),
    ],
)
def test_a_wrong_file_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, place: str) -> None:
    text = of_2027()
    assert old in text

    with pytest.raises(Refused) as refused:
        load_texts(PACKAGED, beside(tmp_path, text.replace(old, new, 1)))

    assert str(refused.value).startswith("2027-1.en-CA.toml")
    assert place in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "2027-1.en-CA.toml").mkdir()

    with pytest.raises(Refused, match="IsADirectoryError, expected a file"):
        load_texts(PACKAGED, tmp_path)


def test_a_day_is_the_local_one_as_people_write_it() -> None:
    zone = receipt().zone

    assert (EN.day(NOON, zone), FR.day(NOON, zone)) == ("June 1, 2026", "1er juin 2026")
