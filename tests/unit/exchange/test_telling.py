"""What a word says beside its code, in English and French (INV-10)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.exchange import changed, incidents
from hub.exchange.telling import FRENCH, language_of, sentences, why_and_what
from hub.model.advice import advice, by_code
from hub.model.directory import System
from hub.model.rows import Notice

ROOM = Path(changed.__file__).parent
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def word(place: str = "", kind: str = "refusal", code: str = "DN_SCHEMA") -> Notice:
    return Notice("n", "harbour-cms", kind, code, "referral:1", NOW, NOW, place=place)


def constants(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from ((target.id, node.value.value) for target in node.targets if isinstance(target, ast.Name))


def said_by_the_code() -> Iterator[str]:
    """Every sentence that stands as the last argument of a ``tell``, itself or by a name: of a module, or near by."""
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted(ROOM.rglob("*.py"))]
    everywhere = {name: text for tree in trees for name, text in constants(tree) if name.isupper()}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tell" and len(node.args) == 7:
                last = node.args[6]
                if isinstance(last, ast.Name) and last.id in everywhere:
                    yield everywhere[last.id]
                elif isinstance(last, ast.Name):
                    yield from (text for name, text in constants(tree) if name == last.id)
                elif isinstance(last, ast.Constant):
                    yield str(last.value)


def test_every_sentence_that_the_hub_tells_has_its_french_and_no_other_stands_there() -> None:
    changes = {*changed._DUTY.values(), changed._ENDED, changed._AS_BEFORE}
    told = {*said_by_the_code(), *changes, incidents.LAY_ASIDE}

    assert len(told) > 15
    assert told == set(sentences())


@pytest.mark.parametrize(
    ("row", "en", "fr"),
    [
        (word(), advice("DN_SCHEMA").en, advice("DN_SCHEMA").fr),
        (word(kind="woken"), "", ""),
        (word("for lakeside"), f"for lakeside: {advice('DN_SCHEMA').en}", f"pour lakeside : {advice('DN_SCHEMA').fr}"),
        (
            word("client.birth_date: got 9999-99-99, expected a day"),
            "client.birth_date: got 9999-99-99, expected a day",
            f"{advice('DN_SCHEMA').fr} (client.birth_date: got 9999-99-99, expected a day)",
        ),
        (word("text: cut at 9", "shortened", "CUT"), "text: cut at 9", "text: cut at 9"),
        (word(incidents.LAY_ASIDE, "recall", "RECALLED"), incidents.LAY_ASIDE, sentences()[incidents.LAY_ASIDE]),
        (
            word(kind="returned", code="EXPIRED"),
            by_code()["returned:EXPIRED"].en,
            by_code()["returned:EXPIRED"].fr,
        ),
    ],
    ids=["code alone", "no advice", "of several, which", "what a record lacks", "cut", "recall", "ended"],
)
def test_a_word_in_both_languages(row: Notice, en: str, fr: str) -> None:
    assert (why_and_what(row), why_and_what(row, FRENCH)) == (en, fr)


@pytest.mark.parametrize(("settings", "language"), [({}, "en"), ({"language": "fr"}, "fr"), ({"language": "en"}, "en")])
def test_the_language_is_the_systems(settings: dict[str, str], language: str) -> None:
    assert language_of(System("harbour-cms", "harbour", "cms", settings=settings)) == language


@pytest.mark.parametrize("code", sorted(code for code, said in by_code().items() if "`hub " in said.en))
def test_no_word_leaves_a_worker_alone_with_a_command(code: str) -> None:
    en, fr = by_code()[code]

    assert any(who in en for who in ("privacy officer", "administrator", "your system"))
    assert any(qui in fr for qui in ("responsable de la protection de la vie privée", "administrat", "votre système"))
    assert re.findall(r"`hub [a-z ]+`", en) == re.findall(r"`hub [a-z ]+`", fr)
