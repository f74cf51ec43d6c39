"""Invented iCARE workbooks, built with zipfile and plain XML, without the adapter. All people are invented.

What is public of the templates is read from ``schemas/records/icare/``; all else (parts, styles, cells) is put together
here, so that a mistake of the adapter's own templates cannot hide in the tests of its reader.
"""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("HUB_SHARED_DATA") or ROOT.parent / "shared" / "data")  # facts that stand outside
GENUINE = SHARED / "icare-information-and-orientation-2018.xlsx"
ABSENT = "the genuine workbook is not on this machine (HUB_SHARED_DATA names its folder)"

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
TITLE = (
    "Immigration, Refugees and Citizenship Canada\niCARE - Immigration Contribution Agreement Reporting Environment\n"
)

Cell = str | tuple[str, str]  # text, or a cell's attributes and what is in it, as XML
Rows = Mapping[int, Mapping[str, Cell]]  # Excel row to column letters to cell

PROFILE = {
    "client_validation_type_id": "FOSS/GCMS Client ID", "client_validation_id": "11223344",
    "client_birth_dt": "1991-07-22", "phone_no": "416-555-0142", "email_txt_ind": "No", "street_no": "13",
    "street_nme": "Maple", "street_type_id": "Street", "city_txt": "Toronto", "province_id": "Ontario",
    "postal_txt": "M1T1T5", "official_language_id": "English", "consent_ind": "Yes",
}  # fmt: skip
NARS = {
    "client_validation_type_id": "FOSS/GCMS Client ID", "client_validation_id": "11223344",
    "client_birth_dt": "1991-07-22", "postal_cd": "M5V2T6", "assessment_start_dt": "2026-05-04",
    "assessment_language_id": "English", "preferred_official_language_id": "English",
    "institution_type_id": "Settlement service provider", "assessment_referral_id": "Family / friends",
    "language_skills_needs_ind": "Yes", "language_skills_referrals_ind": "Yes",
    "language_skills_needs_reason_id": "Find employment", "intention_canadian_citizen_ind": "Unknown/Not sure",
    "support_required_services_required": "No", "non_cic_program_needs_services_required": "No",
    "support_received_ind": "No", "settlement_plan_ind": "Yes", "assessment_completed_dt": "2026-05-04",
}  # fmt: skip


def table(name: str) -> list[dict[str, str]]:
    """A table of the public facts."""
    with (ROOT / "schemas" / "records" / "icare" / "2018" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def columns(module: str) -> list[dict[str, str]]:
    """The columns of a module, in order."""
    return [row for row in table("columns") if row["module"] == module]


def letters(position: int) -> str:
    """Column letters of a position from 1."""
    found = ""
    while position:
        position, place = divmod(position - 1, 26)
        found = chr(65 + place) + found
    return found


def cell(reference: str, value: Cell) -> str:
    """One cell: a text inline, or as its attributes and content say."""
    if isinstance(value, tuple):
        return f"<c r={quoteattr(reference)}{value[0]}>{value[1]}</c>"
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def sheet(rows: Rows, *, head: str = "", tail: str = "") -> str:
    """A sheet part."""
    lines = [
        f'<row r="{number}">' + "".join(cell(f"{column}{number}", value) for column, value in cells.items()) + "</row>"
        for number, cells in rows.items()
    ]
    return f'<worksheet xmlns="{MAIN}">{head}<sheetData>{"".join(lines)}</sheetData>{tail}</worksheet>'


def package(sheets: Sequence[tuple[str, str, str]], *, more: Mapping[str, str | bytes] | None = None,
            date1904: bool = False, shared: Sequence[str] = ()) -> bytes:  # fmt: skip
    """The bytes of a workbook.

    Args:
        sheets: name, state (``visible``, ``hidden``) and the part's XML, of each.
        more: further parts, or parts to put in place of ours.
        shared: shared strings.
    """
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" state="{state}" r:id="rId{n}"/>'
        for n, (name, state, _) in enumerate(sheets, 1)
    )
    linked = "".join(
        f'<Relationship Id="rId{n}" Type="{_REL}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n, _ in enumerate(sheets, 1)
    )
    linked += f'<Relationship Id="rIdS" Type="{_REL}/styles" Target="styles.xml"/>'
    linked += f'<Relationship Id="rIdT" Type="{_REL}/sharedStrings" Target="sharedStrings.xml"/>'
    typed = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n, _ in enumerate(sheets, 1)
    )
    epoch = ' date1904="1"' if date1904 else ""
    strings = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in shared)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{typed}'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{_REL}">'
        f"<workbookPr{epoch}/><sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{linked}</Relationships>',
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
    }
    parts |= {f"xl/worksheets/sheet{n}.xml": xml for n, (_, _, xml) in enumerate(sheets, 1)}
    return zipped(parts | dict(more or {}))


STYLES = (  # style 1 is text, 2 a date, 3 a date of a format of its own
    f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="170" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">'
    + "".join(f'<xf numFmtId="{each}" fontId="0" fillId="0" borderId="0" xfId="0"/>' for each in (0, 49, 14, 170))
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def zipped(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The parts as one file, with one date."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, method)
    return out.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    """The parts of a file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def heads(module: str) -> dict[int, dict[str, Cell]]:
    """Rows 1 to 3 of a template of a module."""
    own = columns(module)
    name = next(row["name"] for row in table("modules") if row["module"] == module)
    return {
        1: {"A": f"{TITLE}{name}\n"},
        2: {letters(n): row["id"] for n, row in enumerate(own, 1)},
        3: {letters(n): row["label"] for n, row in enumerate(own, 1)},
    }


def hidden(module: str, *, culture: str = "en-CA", version: int = 591,
           labels: Mapping[tuple[str, str], str] | None = None) -> list[tuple[str, str, str]]:  # fmt: skip
    """LOV and LOVIds of a module.

    Args:
        labels: (list, id or English label) to another label.
    """
    by_list: dict[str, list[dict[str, str]]] = {}
    for row in table("lists"):
        by_list.setdefault(row["list"], []).append(row)
    own = columns(module)
    lov: dict[int, dict[str, Cell]] = {
        1: {"A": "info", "B": ("", f"<v>{len(own)}</v>"), "C": ("", f"<v>{version}</v>"), "D": culture},
        2: {letters(n): f"Mandatory={str(row['required'] == 'yes').lower()};" for n, row in enumerate(own, 1)},
    }
    ids: dict[int, dict[str, Cell]] = {1: {}}
    for n, row in enumerate(own, 1):
        for place, value in enumerate(by_list.get(row["list"], ()), 3):
            key = (row["list"], value["id"] or value["label"])
            lov.setdefault(place, {})[letters(n)] = (labels or {}).get(key, value["label"])
            if value["id"]:
                ids.setdefault(place, {})[letters(n)] = value["id"]
    return [("LOV", "hidden", sheet(dict(sorted(lov.items())))), ("LOVIds", "hidden", sheet(dict(sorted(ids.items()))))]


def workbook(
    module: str,
    rows: Iterable[Mapping[str, Cell]] = (),
    *,
    first: int = 4,
    top: Rows | None = None,
    name: str = "iCARE Template",
    lov: bool = True,
    extra: Rows | None = None,
    **options: object,
) -> bytes:
    """A workbook of one module.

    Args:
        rows: technical id to cell, one below another from row ``first``.
        top: rows 1 to 3 in place of those of the template.
        extra: cells to be put in at the end, by row and column letters.
    """
    place = {row["id"]: letters(int(row["position"])) for row in columns(module)}
    body: dict[int, dict[str, Cell]] = {n: dict(cells) for n, cells in (heads(module) if top is None else top).items()}
    for number, row in enumerate(rows, first):
        body[number] = {place[column]: value for column, value in row.items()}
    for number, cells in (extra or {}).items():
        body.setdefault(number, {}).update(cells)
    order = {column: n for n, column in enumerate(letters(n) for n in range(1, 200))}
    body = {n: dict(sorted(cells.items(), key=lambda each: order[each[0]])) for n, cells in sorted(body.items())}
    own = {key: options.pop(key) for key in ("culture", "version", "labels") if key in options}
    sheets = [(name, "visible", sheet(body)), *(hidden(module, **own) if lov else [])]  # type: ignore[arg-type]
    return package(sheets, **options)  # type: ignore[arg-type]


def profile(**changes: Cell) -> dict[str, Cell]:
    """A row of a Client Profile."""
    return {name: value for name, value in {**PROFILE, **changes}.items() if value != ""}


def assessed(**changes: Cell) -> dict[str, Cell]:
    """A row of NARS with one referral: language skills."""
    return {name: value for name, value in {**NARS, **changes}.items() if value != ""}


AGREEMENT = "A-100"


class Office:
    """Workers of an agency with an iCARE agreement, and the folder into which they put their workbooks."""

    def __init__(self, folder: Path, agreement: str = AGREEMENT) -> None:
        self.folder, self.agreement = folder, agreement
        self._counts: dict[tuple[str, str], int] = {}
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def settings(self) -> dict[str, object]:
        """As the directory keeps them."""
        return {"path": str(self.folder), "agreement": self.agreement}

    def hand_in(self, module: str, rows: Iterable[Mapping[str, Cell]], month: str = "202605", **options: object) -> str:
        """Put a workbook there; its name."""
        self._counts[module, month] = seq = self._counts.get((module, month), 0) + 1
        name = f"{module}_{self.agreement}_{month}_{seq}.xlsx"
        return self.put(name, workbook(module, rows, **options))  # type: ignore[arg-type]

    def put(self, name: str, data: bytes) -> str:
        """Put a file there; its name."""
        (self.folder / name).write_bytes(data)
        return name

    def move(self, name: str, place: str) -> None:
        """The worker moves a workbook into a folder below."""
        (self.folder / place).mkdir(exist_ok=True)
        (self.folder / name).rename(self.folder / place / name)

    def answer_to(self, name: str, place: str = "") -> list[list[str]] | None:
        """What the hub says of a file, without its head; None: nothing yet."""
        path = self.folder / place / f"{name}.hub.csv"
        if not path.exists():
            return None
        head, *lines = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
        assert head == ["row", "code", "English", "French"]
        assert all(len(line) == len(head) and line[2] and line[3] for line in lines)
        return lines
