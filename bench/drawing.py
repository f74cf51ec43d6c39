"""Kept results as one picture: a bar a figure, from its reference to it, on a logarithmic scale. SVG 1.1, no script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, floor, log10
from xml.sax.saxutils import escape

from bench.figures import Figure, short
from bench.kept import Kept

WIDTH, NAMES, BARS = 1400, 500, 500  # pixels: of all, of the names, of the bars; numbers take the rest
ROW, MARGIN = 20, 20
NAME_MAX = 74  # characters that have room in the names' column; the whole name is the bar's title
BETTER, WORSE, INK, LINE = "#1f5f99", "#b35900", "#222222", "#cccccc"
LEGEND = (
    "A bar goes from 1, the reference of the same run, to the ratio. Blue: as good or better. Orange: slower, or more."
)


def draw(kept: Mapping[str, Kept], scale: float) -> str:
    """The picture, as the text of an SVG file."""
    decades = _decades([figure.ratio for each in kept.values() for figure in each.figures if figure.ratio])
    body = list(_heading(scale))
    top = MARGIN + 3 * ROW
    for name, each in kept.items():
        body.append(_text(MARGIN, top + 14, f"{name}  ({each.at[:10]}; {each.machine})", 'font-weight="bold"'))
        body += _lines(top + ROW, len(each.figures), decades)
        for place, figure in enumerate(each.figures, start=1):
            body += _row(top + place * ROW, figure, decades)
        top += (len(each.figures) + 2) * ROW
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {top + MARGIN}" width="{WIDTH}" '
        f'height="{top + MARGIN}" font-family="sans-serif" font-size="12" fill="{INK}">'
    )
    return "\n".join([head, "<title>Figures beside their references</title>", *body, "</svg>", ""])


def _decades(ratios: Sequence[float]) -> tuple[int, int]:
    """The powers of ten between which all ratios lie, and 1."""
    return min([0, *(floor(log10(ratio)) for ratio in ratios)]), max([1, *(ceil(log10(ratio)) for ratio in ratios)])


def _heading(scale: float) -> Iterator[str]:
    yield '<rect width="100%" height="100%" fill="#ffffff"/>'
    yield _text(MARGIN, MARGIN + 10, f"Figures beside their references, scale {scale:g}", 'font-size="16"')
    yield _text(MARGIN, MARGIN + 10 + ROW, LEGEND)


def _lines(top: int, rows: int, decades: tuple[int, int]) -> Iterator[str]:
    """A line for each power of ten, under a bench's bars, with its number."""
    for power in range(decades[0], decades[1] + 1):
        x, ends = _x(10.0**power, decades), top + rows * ROW
        colour, width = (INK, 1.5) if power == 0 else (LINE, 1)
        yield f'<line x1="{x}" y1="{top}" x2="{x}" y2="{ends}" stroke="{colour}" stroke-width="{width}"/>'
        yield _text(x, ends + 11, f"{10.0**power:g}", 'text-anchor="middle" font-size="10"')


def _row(top: int, figure: Figure, decades: tuple[int, int]) -> Iterator[str]:
    name = figure.name if len(figure.name) <= NAME_MAX else figure.name[: NAME_MAX - 1] + "…"
    yield _text(MARGIN + NAMES - 10, top + 14, name, 'text-anchor="end"')
    words = f"{short(figure.value)} {figure.unit}"
    if figure.ratio and figure.reference is not None:
        words += f"  beside {short(figure.reference)}  = {figure.ratio:.3g}"
        one, there = _x(1, decades), _x(figure.ratio, decades)
        colour = BETTER if figure.ratio == 1 or (figure.ratio > 1) is figure.more_is_better else WORSE
        place = f'x="{min(one, there)}" y="{top + 4}" width="{max(1.0, round(abs(one - there), 1))}"'
        title = f"<title>{escape(_said(figure))}</title>"
        yield f'<rect {place} height="{ROW - 8}" fill="{colour}">{title}</rect>'
    yield _text(MARGIN + NAMES + BARS + 20, top + 14, words)


def _said(figure: Figure) -> str:
    return "; ".join(
        word for word in (figure.name, f"beside {figure.beside}" if figure.beside else "", figure.note) if word
    )


def _x(ratio: float, decades: tuple[int, int]) -> float:
    low, high = decades
    return round(MARGIN + NAMES + BARS * (log10(ratio) - low) / (high - low), 1)


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}"{" " + more if more else ""}>{escape(words)}</text>'
