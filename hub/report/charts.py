"""Bars of the counts that a table shows, as SVG that stands in the page: no script, nothing fetched, none masked."""

from __future__ import annotations

import leather

from hub.report.shown import Shown

_BAR, _AROUND, _WIDTH = 28, 110, 760  # height of a bar, of what is around them, and the whole width, in pixels
_COLOUR = "#2a5b84"


def chart(table: Shown) -> str:
    """The SVG of a table's bars, or "" where there are not two to compare. Equal figures give an equal chart."""
    if len(table.bars) < 2:
        return ""
    bars = leather.Chart()
    drawn = [(table.bars[label], label) for label in reversed(list(table.bars))]  # it draws from below
    bars.add_bars(drawn, fill_color=_COLOUR)
    bars.add_x_scale(0, max(table.bars.values()))
    return str(bars.to_svg(width=_WIDTH, height=_AROUND + _BAR * len(drawn)))
