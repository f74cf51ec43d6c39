"""Rows into a template: the workbook that a worker uploads. Only the rows of its sheet are new; all else stays.

Program systems 2.3, 9.3 and §10, cases 31 to 33; settled S14. Saving a workbook with a library drops its lists, so the
bytes of the sheet part are changed in place: each filled cell keeps the style that was prepared for it and holds its
text inline, the dimension is widened where it must be, and every other part is the same byte for byte. What was written
is read again before it is handed over.

- A template that holds a value below its labels, a comment, or a shared string that nothing else uses is refused: it
  would carry an earlier client along.
- Lists are written as the template in hand has them, letter by letter; what it has not is an error.
- A text that a spreadsheet program might run gets an apostrophe (``values.neutral``).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from xml.sax.saxutils import escape

from adapters.icare import cells, parts, values
from adapters.icare.cells import letters_of
from adapters.icare.layout import FIRST_ROW, ROWS_MAX, Column
from adapters.icare.package import FileRefused, Package, Why
from adapters.icare.places import Places, RowPlace, found_in, is_closed, opened, tag_end
from adapters.icare.words import Words, yes_no
from adapters.icare.workbook import Template, Workbook
from hub.errors import MappingGap, Unexpected, code, shape
from hub.model.identifiers import clean

DETAILS = "processing_details"  # filled by iCARE alone
_NEXT = "download an empty template of iCARE and put it into the folder"
_CARRIERS = ("comments", "/externallinks/", "/pivotcache/")  # parts that hold values beside the sheets
_UNWRITABLE = re.compile("[\\x00-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")  # what XML cannot hold


def fill(template: bytes, rows: Sequence[Mapping[str, str]]) -> bytes:
    """Fill a template.

    Args:
        template: the bytes of an empty workbook of one module.
        rows: technical id to text, in words of ours (``words``); blank ones are left out. At most 2,500.

    Returns:
        The bytes of the filled workbook.

    Raises:
        FileRefused: the template is none, or holds something of an earlier client.
        MappingGap: a column that the module has not, a value that the template has not, too many rows. It names the
            column and shows no value.
    """
    if len(rows) > ROWS_MAX:
        raise MappingGap("icare workbook", f"{len(rows)} rows", f"{ROWS_MAX} at most", "split them first")
    book = Workbook(template)
    if not _has_ids(book):
        raise FileRefused(Why.NOT_A_TEMPLATE, "a template without its technical ids", "those of iCARE in row 2", _NEXT)
    leaks_nothing(book)
    written = [_written(book.template, row) for row in rows]
    data = book.package.read(book.template.part)
    filled = _replaced(book.package, book.template.part, _filled(data, book.template, written))
    _looked_at(book, filled, written)
    return filled


def misfit(template: Template, row: Mapping[str, str]) -> MappingGap | None:
    """What of a row a template cannot hold, so that its neighbours can be filled in without it; None: nothing."""
    try:
        _written(template, row)
    except MappingGap as gap:
        return gap
    return None


def leaks_nothing(book: Workbook) -> None:
    """See that a template carries nothing of anybody along (settled S14).

    Raises:
        FileRefused: it does.
    """
    template = book.template
    if any(word in name.lower() for name in book.package.names for word in _CARRIERS):
        raise FileRefused(Why.LEAKS, "comments, or values of another workbook", "a template without them", _NEXT)
    used: set[str] = set()
    for sheet in book.book.sheets:
        for number, found in cells.rows(book.package, sheet.part, book.strings):
            if sheet.part not in (template.part, *template.hidden):
                raise FileRefused(Why.LEAKS, "a further sheet with something in it", "none", _NEXT)
            if sheet.part == template.part and number >= FIRST_ROW:
                where = f"{letters_of(found[0].column)}{number}"
                raise FileRefused(Why.LEAKS, f"something in cell {where}", f"nothing below row {FIRST_ROW - 1}", _NEXT)
            used.update(cell.text for cell in found)
    if left := sum(1 for text in book.strings if clean(text) and text not in used):
        raise FileRefused(Why.LEAKS, f"{left} texts that no cell shows", "none", _NEXT)


def _has_ids(book: Workbook) -> bool:
    """Whether row 2 has the ids as iCARE spells them; a workbook without them is read, and not written."""
    top = dict(cells.rows(book.package, book.template.part, book.strings, FIRST_ROW - 1))
    said = {clean(cell.text) for cell in top.get(2, ())}
    return book.template.first_row == FIRST_ROW and {column.id for column in book.template.bound.values()} <= said


def _written(template: Template, row: Mapping[str, str]) -> dict[int, str]:
    """Place of the column to the text of its cell."""
    places = {column.id: place for place, column in template.bound.items()}
    found = {}
    for name, text in row.items():
        if name not in places or name == DETAILS:
            where = f"icare {template.module.code}.{name}" if name in template.module.columns else "icare column"
            raise MappingGap(where, "a column that is not written here", "one of the template", "mend the mapping")
        column = template.bound[places[name]]
        if clean(text):
            found[places[name]] = _text(template, column, clean(text))
    return found


def _text(template: Template, column: Column, text: str) -> str:
    words = template.words.get(column.id)
    match column.kind:
        case "date":
            found = text if values.is_day(text) else None
        case "text":
            found = values.neutral(text) if len(text) <= values.TEXT_MAX and not _UNWRITABLE.search(text) else None
        case _:
            found = _word(column, words, text)
    if found is None:
        got = shape(text) if column.kind in ("date", "text") else code(text)
        expected = "a value that the template in hand has" if words else values.EXPECTED[column.kind]
        raise MappingGap(
            f"icare {template.module.code}.{column.id}", got, expected, "mend the mapping, or the template"
        )
    return found


def _word(column: Column, words: Words | None, text: str) -> str | None:
    plain = values.number(text) if column.kind == "number" else text
    if plain is None or words:
        return words.write(plain) if words and plain is not None else None
    return yes_no(plain) if column.kind == "yes_no" else plain


def _filled(data: bytes, template: Template, rows: Sequence[Mapping[int, str]]) -> bytes:
    """The sheet part with its rows from 4 on put anew."""
    places = found_in(data)
    styles = {column: cell.style for column, cell in places.rows.get(FIRST_ROW, RowPlace(0)).cells.items()}
    changes: list[tuple[int, int, bytes]] = []
    added: list[bytes] = []
    for number, row in enumerate(rows, FIRST_ROW):
        there = places.rows.get(number)
        xml = _row(data, places.prefix, number, there, row, styles)
        if there is not None:
            changes.append((there.begin, there.end, xml))
        elif any(later > number for later in places.rows):
            raise FileRefused(Why.NOT_A_TEMPLATE, "prepared rows with holes", "rows without one", _NEXT)
        else:
            added.append(xml)
    changes.append((places.data_end, places.data_end, b"".join(added)))
    if places.dimension is not None:
        last_row = max([*places.rows, FIRST_ROW + len(rows) - 1])
        columns = [*template.bound, *(column for row in places.rows.values() for column in row.cells)]
        tag = f'<{places.prefix}dimension ref="A1:{letters_of(max(columns))}{last_row}"/>'
        changes.append((*_dimension(data, places), tag.encode()))
    return _changed(data, changes)


def _dimension(data: bytes, places: Places) -> tuple[int, int]:
    assert places.dimension is not None, "asked only where there is one"
    begin, end = places.dimension
    return (begin, end) if is_closed(data, end) else (begin, tag_end(data, end))


def _row(
    data: bytes, prefix: str, number: int, there: RowPlace | None, row: Mapping[int, str], styles: Mapping[int, str]
) -> bytes:
    prepared = there.cells if there is not None else {}
    begin = opened(data[there.begin : tag_end(data, there.begin)]) if there else f'<{prefix}row r="{number}">'.encode()
    inside = []
    for column in sorted({*prepared, *row}):
        if column not in row:
            inside.append(data[prepared[column].begin : prepared[column].end])
            continue
        style = prepared[column].style if column in prepared else styles.get(column, "")
        styled = f' s="{style}"' if style else ""
        inside.append(
            f'<{prefix}c r="{letters_of(column)}{number}"{styled} t="inlineStr"><{prefix}is>'
            f'<{prefix}t xml:space="preserve">{escape(row[column])}</{prefix}t></{prefix}is></{prefix}c>'.encode()
        )
    return b"".join((begin, *inside, f"</{prefix}row>".encode()))


def _changed(data: bytes, changes: Iterable[tuple[int, int, bytes]]) -> bytes:
    found, at = [], 0
    for begin, end, new in sorted(changes, key=lambda each: each[:2]):
        found += [data[at:begin], new]
        at = end
    return b"".join((*found, data[at:]))


def _replaced(package: Package, part: str, new: bytes) -> bytes:
    """The package with one part put anew; members keep order, date and name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in package.names:
            member = copy(package.member(name))
            data = new if member.filename == package.member(part).filename else package.read(name)
            archive.writestr(member, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _looked_at(before: Workbook, data: bytes, rows: Sequence[Mapping[int, str]]) -> None:
    """Case 32. Read what was written: lists, parts and rows must be what they should be."""
    after = Workbook(data)
    part = before.template.part
    same = after.package.names == before.package.names and all(
        after.package.read(name) == before.package.read(name) for name in before.package.names if name != part
    )
    if not same:
        raise Unexpected("icare workbook", "other parts than the template's", "the same", "tell the maintainers")
    if _lists(after, part) != _lists(before, part):
        raise Unexpected("icare workbook", "other lists than the template's", "the same", "tell the maintainers")
    found = [
        (number, {cell.column: cell.text for cell in row if cell.kind == "text"})
        for number, row in cells.rows(after.package, part, after.strings)
        if number >= FIRST_ROW
    ]
    asked = [(number, dict(row)) for number, row in enumerate(rows, FIRST_ROW) if row]
    if found != asked:
        raise Unexpected("icare workbook", "other rows than were written", "the same", "tell the maintainers")


def _lists(book: Workbook, part: str) -> int:
    """Validations of a sheet, those of the extension part included."""
    return sum(1 for name, _ in parts.elements(book.package, part) if name == "dataValidation")
