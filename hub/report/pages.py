"""The report as files: one page that needs nothing else, and a CSV for each part."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from hub.report.charts import chart
from hub.report.masking import SHOWN_FROM
from hub.report.shown import Cell, Part, Shown

MASKED = "masked"
NOTHING = "nothing is recorded of this yet"


def files(parts: Sequence[Part], month: str, made_at: datetime) -> Mapping[str, bytes]:
    """Name -> bytes of every file.

    Args:
        month: ``YYYY-MM``.
    """
    tables = {f"part-{part.number:02}.csv": _csv(part) for part in parts}
    return {f"report-{month}.html": _page(parts, month, made_at).encode(), **tables}


def written(cell: Cell) -> str:
    """A cell in words."""
    if cell is None:
        return MASKED
    return f"{cell:,g}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell


def _page(parts: Sequence[Part], month: str, made_at: datetime) -> str:
    def drawn(table: Shown) -> Markup:
        return Markup(chart(table))  # noqa: S704 - SVG in which the library has escaped every label

    page = _templates().get_template("month.html")
    made = made_at.isoformat(timespec="minutes")
    return page.render(
        parts=parts, month=month, made_at=made, written=written, chart=drawn, nothing=NOTHING, shown_from=SHOWN_FROM
    )


@cache
def _templates() -> Environment:
    loader = PackageLoader("hub.report")
    return Environment(loader=loader, autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True)


def _csv(part: Part) -> bytes:
    """A line for each row: its table, then its cells; a masked one says so, and so does what is not recorded."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    for table in part.tables:
        lines.writerow(("table", *table.columns))
        lines.writerows((table.title, *(MASKED if cell is None else cell for cell in row)) for row in table.rows)
    for what in part.missing:
        lines.writerow((what, NOTHING))
    return out.getvalue().encode()
