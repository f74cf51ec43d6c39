"""Our own empty templates, with the anatomy of the genuine one, made from the tables of ``schemas/records/icare/``.

Program systems 2.3; ECMA-376 part 1. An agency's own template wins over these, which are for agencies that have none
yet. English only (settled S15). Equal tables give equal bytes: members bear one date, and their order is fixed.

- The visible sheet: the title merged over all columns, technical ids in the hidden row 2, labels in row 3 (mandatory
  ones in orange), 2,500 prepared rows of text cells.
- ``LOV`` and ``LOVIds``, hidden: info, what is mandatory, the values, their ids where they are known.
- Each list column offers its values by a validation in the extension part of the sheet.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from adapters.icare.cells import letters_of
from adapters.icare.layout import FIRST_ROW, LAST_ROW, Column, Module, Value, lists
from adapters.icare.words import ENGLISH

SHEET = "iCARE Template"
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a container can say
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_FORMATS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
_XM = "http://schemas.microsoft.com/office/excel/2006/main"
_VALIDATIONS = "{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"  # the extension that holds x14:dataValidations
_TITLE, _LABEL, _NEEDED, _TEXT, _BOLD = 1, 2, 3, 4, 5  # places in cellXfs below
_FIRST_VALUE_ROW = 3  # of LOV and LOVIds
_LINE_HEIGHT = 100  # points: three lines of the title

_STYLES = f"""<styleSheet xmlns="{_MAIN}"><fonts count="5">\
<font><sz val="11"/><name val="Calibri"/></font>\
<font><b/><sz val="18"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font>\
<font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font>\
<font><b/><sz val="11"/><color rgb="FFFFA500"/><name val="Calibri"/></font>\
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>\
<fill><patternFill patternType="solid"><fgColor rgb="FFA9A9A9"/><bgColor indexed="64"/></patternFill></fill>\
<fill><patternFill patternType="solid"><fgColor rgb="FF0000FF"/><bgColor indexed="64"/></patternFill></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
<xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1" applyAlignment="1">\
<alignment horizontal="left" wrapText="1"/></xf>\
<xf numFmtId="0" fontId="2" fillId="3" borderId="0" xfId="0" applyFont="1" applyFill="1"/>\
<xf numFmtId="0" fontId="3" fillId="3" borderId="0" xfId="0" applyFont="1" applyFill="1"/>\
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="0" fontId="4" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""


def template(module: Module) -> bytes:
    """The empty workbook of a module, culture ``en-CA``.

    Returns:
        The bytes of an ``.xlsx``; equal for equal tables.
    """
    texts = _Texts()
    shown = _shown(module, texts)
    allowed = {column.position: lists().get(column.list, ()) for column in module.columns.values()}
    lov, ids = _lov(module, allowed, texts), _ids(allowed)
    parts = {
        "[Content_Types].xml": _types(),
        "_rels/.rels": _links({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": _book(),
        "xl/_rels/workbook.xml.rels": _links(
            {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in (1, 2, 3)}
            | {"rId4": ("styles", "styles.xml"), "rId5": ("sharedStrings", "sharedStrings.xml")}
        ),
        "xl/worksheets/sheet1.xml": shown,
        "xl/worksheets/sheet2.xml": lov,
        "xl/worksheets/sheet3.xml": ids,
        "xl/styles.xml": _STYLES,
        "xl/sharedStrings.xml": texts.part(),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, xml in parts.items():
            member = zipfile.ZipInfo(name, ZIP_DATE)
            archive.writestr(member, (_DECLARED + xml).encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


class _Texts:
    """The shared strings, in the order in which they are first used."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._used = 0

    def cell(self, reference: str, text: str, style: int = 0) -> str:
        self._used += 1
        place = self._places.setdefault(text, len(self._places))
        return f'<c r="{reference}"{_styled(style)} t="s"><v>{place}</v></c>'

    def part(self) -> str:
        found = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in self._places)
        return f'<sst xmlns="{_MAIN}" count="{self._used}" uniqueCount="{len(self._places)}">{found}</sst>'


def _shown(module: Module, texts: _Texts) -> str:
    columns = list(module.columns.values())
    last = letters_of(len(columns))
    title = texts.cell("A1", module.title, _TITLE) + "".join(
        f'<c r="{letters_of(column.position)}1"{_styled(_TITLE)}/>' for column in columns[1:]
    )
    ids = "".join(texts.cell(f"{letters_of(column.position)}2", column.id) for column in columns)
    labels = "".join(
        texts.cell(f"{letters_of(column.position)}3", column.label, _NEEDED if column.required == "yes" else _LABEL)
        for column in columns
    )
    places = [letters_of(column.position) for column in columns]
    prepared = "".join(
        _row(number, "".join(f'<c r="{place}{number}"{_styled(_TEXT)}/>' for place in places))
        for number in range(FIRST_ROW, LAST_ROW + 1)
    )
    widths = "".join(
        f'<col min="{column.position}" max="{column.position}" width="{max(18, len(column.label))}" customWidth="1"/>'
        for column in columns
    )
    return (
        f'<worksheet xmlns="{_MAIN}"><dimension ref="A1:{last}{LAST_ROW}"/>'
        '<sheetViews><sheetView tabSelected="1" workbookViewId="0"/></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>'
        + _row(1, title, f' ht="{_LINE_HEIGHT}" customHeight="1"')
        + _row(2, ids, ' hidden="1"')
        + _row(3, labels)
        + prepared
        + f'</sheetData><mergeCells count="1"><mergeCell ref="A1:{last}1"/></mergeCells>'
        + f"{_validations(columns)}</worksheet>"
    )


def _validations(columns: Iterable[Column]) -> str:
    """A list for each column that has one, in the extension part, as the genuine template keeps them."""
    found = []
    for column in columns:
        if count := len(lists().get(column.list, ())):
            place = letters_of(column.position)
            source = f"LOV!${place}${_FIRST_VALUE_ROW}:${place}${_FIRST_VALUE_ROW + count - 1}"
            found.append(
                '<x14:dataValidation type="list" allowBlank="1" showInputMessage="1" showErrorMessage="1">'
                f"<x14:formula1><xm:f>{source}</xm:f></x14:formula1>"
                f"<xm:sqref>{place}{FIRST_ROW}:{place}{LAST_ROW}</xm:sqref></x14:dataValidation>"
            )
    return (
        f'<extLst><ext uri="{_VALIDATIONS}" xmlns:x14="{_X14}">'
        f'<x14:dataValidations count="{len(found)}" xmlns:xm="{_XM}">{"".join(found)}</x14:dataValidations>'
        "</ext></extLst>"
    )


def _lov(module: Module, allowed: Mapping[int, tuple[Value, ...]], texts: _Texts) -> str:
    info = (
        texts.cell("A1", "info", _BOLD)
        + _number("B1", str(len(module.columns)), _BOLD)
        + _number("C1", str(module.version), _BOLD)
        + texts.cell("D1", ENGLISH, _BOLD)
    )
    needed = "".join(
        texts.cell(f"{letters_of(column.position)}2", f"Mandatory={'true' if column.required == 'yes' else 'false'};")
        for column in module.columns.values()
    )
    values = "".join(
        _row(
            number,
            "".join(texts.cell(f"{letters_of(place)}{number}", value.label, _TEXT) for place, value in found.items()),
        )
        for number, found in _grid(allowed)
    )
    return _hidden(_row(1, info) + _row(2, needed) + values)


def _ids(allowed: Mapping[int, tuple[Value, ...]]) -> str:
    return _hidden(
        "".join(
            _row(
                number,
                "".join(_number(f"{letters_of(place)}{number}", each.id) for place, each in found.items() if each.id),
            )
            for number, found in _grid(allowed)
        )
    )


def _grid(allowed: Mapping[int, tuple[Value, ...]]) -> Iterable[tuple[int, dict[int, Value]]]:
    """Rows of the hidden sheets: number, and the values in it by place of their column."""
    for below in range(max(map(len, allowed.values()))):
        found = {place: values[below] for place, values in allowed.items() if below < len(values)}
        yield _FIRST_VALUE_ROW + below, found


def _hidden(inside: str) -> str:
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{inside}</sheetData></worksheet>'


def _row(number: int, inside: str, attributes: str = "") -> str:
    return f'<row r="{number}"{attributes}>{inside}</row>'


def _number(reference: str, digits: str, style: int = 0) -> str:
    return f'<c r="{reference}"{_styled(style)}><v>{digits}</v></c>'


def _styled(style: int) -> str:
    return f' s="{style}"' if style else ""


def _book() -> str:
    sheets = [(SHEET, ""), ("LOV", ' state="hidden"'), ("LOVIds", ' state="hidden"')]
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}"{state} r:id="rId{n}"/>' for n, (name, state) in enumerate(sheets, 1)
    )
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>'


def _links(targets: Mapping[str, tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="{each}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for each, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _types() -> str:
    own = {"workbook": "sheet.main", "styles": "styles", "sharedStrings": "sharedStrings"}
    own |= {f"worksheets/sheet{n}": "worksheet" for n in (1, 2, 3)}
    listed = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{_FORMATS}.{kind}+xml"/>' for part, kind in own.items()
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>'
    )
