"""The report as files, in English or French: one page that needs nothing else, and a CSV for each part."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from hub.report.charts import chart
from hub.report.masking import SHOWN_FROM
from hub.report.shown import Part, Shown
from hub.report.words import MASKED, Language, say, spoken, written

NOTHING = "nothing is recorded of this yet"


def files(parts: Sequence[Part], month: str, made_at: datetime, language: Language = "en") -> Mapping[str, bytes]:
    """Name -> bytes of every file.

    Args:
        month: ``YYYY-MM``.
    """
    said = [spoken(part, language) for part in parts]
    tables = {f"part-{part.number:02}.csv": _csv(part, language) for part in said}
    return {f"report-{month}.html": _page(said, month, made_at, language).encode(), **tables}


def _page(parts: Sequence[Part], month: str, made_at: datetime, language: Language) -> str:
    def drawn(table: Shown) -> Markup:
        return Markup(chart(table))  # noqa: S704 - SVG in which the library has escaped every label

    def sentence(text: str, **values: object) -> str:
        return say(text, language).format(**values)

    page = _templates().get_template("month.html")
    made = made_at.isoformat(timespec="minutes")
    return page.render(
        parts=parts,
        month=month,
        made_at=made,
        written=partial(written, language=language),
        chart=drawn,
        say=sentence,
        language=language,
        nothing=NOTHING,
        shown_from=SHOWN_FROM,
    )


@cache
def _templates() -> Environment:
    loader = PackageLoader("hub.report")
    return Environment(loader=loader, autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True)


def _csv(part: Part, language: Language) -> bytes:
    """A line for each row: its table, then its cells; a masked one says so, and so does what is not recorded. Numbers
    are written for programs in both languages.
    """
    masked = say(MASKED, language)
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    for table in part.tables:
        lines.writerow((say("table", language), *table.columns))
        lines.writerows((table.title, *(masked if cell is None else cell for cell in row)) for row in table.rows)
    for what in part.missing:
        lines.writerow((what, say(NOTHING, language)))
    return out.getvalue().encode()
