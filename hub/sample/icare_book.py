"""iCARE workbooks as iCARE itself makes and reads them, out of ``schemas/records/icare/``; and the answers beside them.

Program systems 2.3, 9.3. Pure: bytes in, bytes out. A workbook has the title, the technical ids, the labels and the
hidden lists of the genuine one, and of its 2,500 prepared rows those that are filled; cells are text. Columns are found
by technical id. Nothing here knows the adapter: what the hub reads and writes is judged with it.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from lxml import etree

TABLES = Path(__file__).parents[2] / "schemas" / "records" / "icare" / "2018"
PROFILE, NARS = "CLIENT_PROFILE", "NARS"
IDENTITY = ("client_validation_type_id", "client_validation_id", "client_birth_dt")
DETAILS = "processing_details"
ROWS_MAX = 2_500
HEAD = ("row", "code", "English", "French")  # of an answer
_TITLE = (
    "Immigration, Refugees and Citizenship Canada\niCARE - Immigration Contribution Agreement Reporting Environment\n"
)
_FIRST_ROW, _FIRST_VALUE = 4, 3
_NAME = re.compile(r"([A-Z_]+)_([A-Za-z0-9-]{1,20})_([0-9]{6})_([0-9]{1,4})\.xlsx")
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a container can say: the same rows give the same bytes
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_RELATIONS = "application/vnd.openxmlformats-package.relationships+xml"
_FORMATS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (  # style 1 is text
    f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_SHEETS = (("iCARE Template", "visible"), ("LOV", "hidden"), ("LOVIds", "hidden"))
_T, _V, _C, _ROW, _SI = (f"{{{_MAIN}}}{name}" for name in ("t", "v", "c", "row", "si"))

Fields = Mapping[str, str]  # technical id to text


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a workbook; ``number`` is that of the spreadsheet. ``fields`` without those that are blank."""

    number: int
    fields: Fields

    @property
    def client(self) -> tuple[str, str]:
        """Whose it is: number of a document without what it is written with, and birth date."""
        return plain(self.fields.get(IDENTITY[1], "")), self.fields.get(IDENTITY[2], "")


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """What the name of a workbook says; ``month`` is ``YYYYMM``."""

    module: str
    month: str
    seq: int


@dataclass(frozen=True, slots=True)
class Word:
    """One line of a ``.hub.csv``; the row is 0 where it is about the file."""

    row: int
    code: str
    english: str


def plain(number: str) -> str:
    """A number of a document as it is compared."""
    return re.sub(r"[\s-]", "", number)


def file_name(module: str, agreement: str, month: str, seq: int) -> str:
    """The name of a workbook; ``month`` is ``YYYYMM``."""
    return f"{module}_{agreement}_{month}_{seq}.xlsx"


def named(name: str) -> Named | None:
    """What a name says; None: it is no workbook of a module and month."""
    found = _NAME.fullmatch(name)
    return Named(found[1], found[3], int(found[4])) if found else None


def required(module: str) -> tuple[str, ...]:
    """The columns that iCARE does not do without."""
    return tuple(row["id"] for row in _columns(module) if row["required"] == "yes")


@cache
def referrals() -> Mapping[str, Mapping[str, str]]:
    """Column of a referral flag to ``need``, its own column, and ``gate``, the question that it stands behind or ""."""
    return {row["flag"]: row for row in _table("referrals")}


def write(module: str, rows: Iterable[Fields]) -> bytes:
    """A workbook of a module.

    Args:
        rows: one below another, in the words of the lists.
    """
    places = {row["id"]: _letters(place) for place, row in enumerate(_columns(module), 1)}
    body = [*_head(module)]
    for number, fields in enumerate(rows, _FIRST_ROW):
        assert fields.keys() <= places.keys(), "a column that the module does not have"
        assert number < _FIRST_ROW + ROWS_MAX, "more rows than a template has"
        body.append(_row(number, {places[name]: text for name, text in _in_order(fields, places)}))
    parts = {**_frame(), "xl/worksheets/sheet1.xml": _sheet(body), **_hidden(module)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, xml in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), xml.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def read(data: bytes) -> list[Line]:
    """The rows of a workbook that hold something, by the technical ids of its row 2; the first sheet is the one."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        shared = _shared(archive)
        ids: Mapping[str, str] = {}
        found = []
        with archive.open("xl/worksheets/sheet1.xml") as sheet:
            for number, cells in _rows(sheet, shared):
                if number == 2:  # row 1 is the title, row 3 the labels
                    ids = {place: name for place, name in cells.items() if name}
                elif number >= _FIRST_ROW:
                    fields = {ids[place]: text for place, text in cells.items() if text and place in ids}
                    found += [Line(number, fields)] if fields else []
    return found


def read_answer(data: bytes) -> list[Word]:
    """The words of the hub about a file and its rows."""
    head, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert tuple(head) == HEAD, "an answer of another form"
    return [Word(int(row[0] or 0), row[1], row[2]) for row in rows]


def details(row: int, rows: int, at: datetime, message: tuple[str, str]) -> str:
    """What iCARE writes into the first column of a row that it refuses (program systems 2.3).

    Args:
        row: its place among the rows, from 1.
        message: English and French.
    """
    about = f"[BUID:305939,RID:,ORP:{row}/{rows},DTS:{at:%Y-%m-%d %H:%M:%S}]"
    return f"{about}[1] (Client) {message[0]} / (Client) {message[1]}"


def unknown_client() -> tuple[str, str]:
    """What iCARE says of a client whom it does not find, in English and French."""
    (row,) = (row for row in _table("messages") if row["code"] == "CLIENT_UNKNOWN")
    return row["english"], row["french"]


@cache
def _table(name: str) -> Sequence[Mapping[str, str]]:
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _columns(module: str) -> Sequence[Mapping[str, str]]:
    return [row for row in _table("columns") if row["module"] == module]


@cache
def _head(module: str) -> tuple[str, ...]:
    """Rows 1 to 3."""
    (title,) = (row["name"] for row in _table("modules") if row["module"] == module)
    ids, labels = ({_letters(n): row[name] for n, row in enumerate(_columns(module), 1)} for name in ("id", "label"))
    return (_row(1, {"A": f"{_TITLE}{title}\n"}), _row(2, ids, ' hidden="1"'), _row(3, labels))


@cache
def _hidden(module: str) -> Mapping[str, str]:
    """The two sheets of lists: what is mandatory, the labels, and their ids where they are known."""
    own = _columns(module)
    (version,) = (row["version"] for row in _table("modules") if row["module"] == module)
    needed = {_letters(n): f"Mandatory={str(row['required'] == 'yes').lower()};" for n, row in enumerate(own, 1)}
    labels: dict[int, dict[str, str]] = {}
    ids: dict[int, dict[str, str]] = {}
    for n, row in enumerate(own, 1):
        values = [value for value in _table("lists") if value["list"] == row["list"]] if row["list"] else []
        for place, value in enumerate(values, _FIRST_VALUE):
            labels.setdefault(place, {})[_letters(n)] = value["label"]
            ids.setdefault(place, {})[_letters(n)] = value["id"]
    info = {"A": "info", "B": str(len(own)), "C": version, "D": "en-CA"}
    lov = [_row(1, info), _row(2, needed), *(_row(place, labels[place]) for place in sorted(labels))]
    numbers = [_row(place, {at: each for at, each in ids[place].items() if each}) for place in sorted(ids)]
    return {"xl/worksheets/sheet2.xml": _sheet(lov), "xl/worksheets/sheet3.xml": _sheet(numbers)}


@cache
def _frame() -> Mapping[str, str]:
    """All parts but the sheets."""
    places = range(1, len(_SHEETS) + 1)
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" state="{state}" r:id="rId{n}"/>'
        for n, (name, state) in zip(places, _SHEETS, strict=True)
    )
    linked = {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in places} | {"rId9": ("styles", "styles.xml")}
    typed = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{_FORMATS}.{kind}+xml"/>'
        for part, kind in (
            ("workbook", "sheet.main"),
            ("styles", "styles"),
            *((f"worksheets/sheet{n}", "worksheet") for n in places),
        )
    )
    relations = f'<Default Extension="rels" ContentType="{_RELATIONS}"/>'
    xml = '<Default Extension="xml" ContentType="application/xml"/>'
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{relations}{xml}{typed}</Types>',
        "_rels/.rels": _links({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _links(linked),
        "xl/styles.xml": _STYLES,
    }


def _links(targets: Mapping[str, tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="{name}" Type="{_RELATION}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _sheet(rows: Iterable[str]) -> str:
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'


def _row(number: int, cells: Mapping[str, str], attributes: str = "") -> str:
    inside = "".join(
        f'<c r="{place}{number}" s="1" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
        for place, text in cells.items()
    )
    return f'<row r="{number}"{attributes}>{inside}</row>'


def _in_order(fields: Fields, places: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The cells of a row from left to right."""
    return ((name, fields[name]) for name in places if fields.get(name))


@cache
def _letters(place: int) -> str:
    """The letters of a column, from 1."""
    found = ""
    while place:
        place, rest = divmod(place - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


def _shared(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    found = []
    with archive.open("xl/sharedStrings.xml") as part:
        for _, item in etree.iterparse(part, tag=_SI, resolve_entities=False):
            found.append("".join(text.text or "" for text in item.iter(_T)))
            item.clear()
    return found


def _rows(sheet: Iterable[bytes], shared: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Number of each row, and its texts by column letters."""
    for _, row in etree.iterparse(sheet, tag=_ROW, resolve_entities=False):
        cells = {cell.get("r", "").rstrip("0123456789"): _text(cell, shared) for cell in row.iter(_C)}
        yield int(row.get("r", "0")), cells
        row.clear()


def _text(cell: etree._Element, shared: Sequence[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(_T))
    value = cell.findtext(_V) or ""
    return shared[int(value)] if cell.get("t") == "s" else value
