"""The picture of kept results: a bar a figure that has a reference, in a file that any reader of XML takes."""

from __future__ import annotations

from xml.etree import ElementTree

from bench.drawing import BETTER, NAME_MAX, WORSE, draw
from bench.figures import Figure
from bench.kept import Kept
from bench.machine import Machine

MACHINE = Machine(2, "A & B <CPU>", 8_192, "Linux x86_64", "3.11.7", 0.5)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(*figures: Figure) -> ElementTree.Element:
    text = draw({"some": Kept("2026-06-01T16:00:00+00:00", MACHINE, figures)}, 1.0)
    return ElementTree.fromstring(text)


def bars(root: ElementTree.Element) -> list[tuple[str, float, float]]:
    """Colour, left end, length."""
    found = [bar for bar in root.iter(f"{SVG}rect") if bar.find(f"{SVG}title") is not None]
    return [(bar.get("fill", ""), float(bar.get("x", "")), float(bar.get("width", ""))) for bar in found]


def words(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_a_figure_has_a_bar_from_its_reference_and_its_numbers() -> None:
    root = drawn(Figure("decide", 40_000, "/s", 400, "Rego"))

    ((_, _, length),) = bars(root)
    assert length > 0
    assert "40,000 /s  beside 400  = 100" in words(root)


def test_a_ratio_and_its_reciprocal_are_as_long_on_either_side_of_one() -> None:
    (_, much, long), (_, little, short) = bars(drawn(Figure("a", 10, "/s", 1), Figure("b", 1, "/s", 10)))

    assert abs(long - short) < 0.2
    assert little < much


def test_a_bar_says_by_its_colour_whether_the_reference_is_better() -> None:
    figures = [
        Figure("quick", 9, "/s", 3),
        Figure("slow", 3, "/s", 9),
        Figure("soon", 3, "ms", 9),
        Figure("late", 9, "ms", 3),
    ]

    assert [colour for colour, _, _ in bars(drawn(*figures))] == [BETTER, WORSE, BETTER, WORSE]


def test_a_figure_without_a_reference_has_words_and_no_bar() -> None:
    root = drawn(Figure("proof", 61.8, "ms"))

    assert bars(root) == []
    assert "61.8 ms" in words(root)


def test_what_xml_means_otherwise_is_written_as_text() -> None:
    root = drawn(Figure("<script>&", 1, "ms", 2, "a < b", '"quoted"'))

    assert "<script>&" in words(root)
    assert any("A & B <CPU>" in word for word in words(root))
    assert list(root.iter(f"{SVG}script")) == []


def test_a_long_name_is_cut_where_it_is_shown_and_whole_in_its_title() -> None:
    root = drawn(Figure("n" * 200, 1, "ms", 2))

    assert max(word.count("n") for word in words(root)) < NAME_MAX
    assert any("n" * 200 in (title.text or "") for title in root.iter(f"{SVG}title"))


def test_nothing_leaves_the_picture() -> None:
    root = drawn(*(Figure(f"f{n}", 10.0**n, "/s", 1) for n in range(-6, 7)))
    width = float(root.get("width", ""))

    assert all(left >= 0 and left + length <= width for _, left, length in bars(root))
