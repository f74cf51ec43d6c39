"""How the lines of one client agree with each other: rules H1 to H3 of program systems 4.7.

Pure. It sees CL, EL, AS and RF; whether a line belongs to a client (H1) it asks of every line. H4 and H5 speak of
courses, enrolments and exits (``courses``); H6 is the file's (``dat``). Lines that delete are held against H1 alone.
"""

from __future__ import annotations

from dataclasses import replace

from adapters.harts.layout import DELETED, Fault, Line
from hub.errors import code

FEDERAL = frozenset({"LINC", "CLIC"})
ELIGIBLE = frozenset({"PR", "PP", "AIP", "LIC"})  # H2; CUAET where the site says so
SKILLS = ("l", "s", "r", "w")
LITERACY = frozenset({"FL", "1L", "2L", "3L", "4L"})
# H3: the levels that a tool can find; a tool that is not named here finds any
_NUMBERS = [f"{level:02}" for level in range(1, 13)]
_BEGINNERS = frozenset({*_NUMBERS[:8], "PC", *LITERACY})
_FINDS = {"CLBPT": _BEGINNERS, "CLBA": _BEGINNERS, "ELTPA": frozenset(_NUMBERS[5:10])}
NO_LEVEL = frozenset({"IE", "NA"})  # no result, which every tool may have


def client_checked(line: Line) -> Line:
    """A CL with what it lacks: a number (H1), or a birth date that its flag says is known."""
    faults = []
    if not line.fields.keys() & {"harts_no", "local_key"} and not _wrong(line, "HARTS_NO", "LOCAL_KEY"):
        faults.append(Fault(line.number, "CL", "LOCAL_KEY", "H1", "nothing", "LOCAL_KEY or HARTS_NO"))
    known = line.fields.get("dob_flag", "U") != "U"
    if known and line.action != DELETED and "dob" not in line.fields and not _wrong(line, "DOB"):
        faults.append(Fault(line.number, "CL", "DOB", "DN_SCHEMA", "nothing", "a day, or U as DOB_FLAG"))
    return _with(line, faults)


def line_checked(client: Line | None, line: Line, *, cuaet_eligible: bool) -> Line:
    """A line below a CL with what contradicts the rules.

    Args:
        client: the CL above, or None where there is none.
        cuaet_eligible: the site takes CUAET holders into federal courses (program systems 6.2).
    """
    if client is None:
        fault = Fault(line.number, line.record, "", "H1", "no CL above", "its CL line", "send it below its client")
        return _with(line, [fault])
    faults = _belongs(client, line)
    if line.action != DELETED:
        if line.record == "EL":
            faults += _stream(client, line, cuaet_eligible=cuaet_eligible)
        elif line.record == "AS":
            faults += _levels(line)
    return _with(line, faults)


def _belongs(client: Line, line: Line) -> list[Fault]:
    if (
        _wrong(line, "LOCAL_KEY")
        or _wrong(client, "LOCAL_KEY")
        or line.fields.get("local_key") == client.fields.get("local_key")
    ):
        return []
    return [Fault(line.number, line.record, "LOCAL_KEY", "H1", "another than above", "the LOCAL_KEY of its CL")]


def _stream(client: Line, line: Line, *, cuaet_eligible: bool) -> list[Fault]:
    """H2. Who may learn in a federal stream; silent where the CL's own status could not be read."""
    status = client.fields.get("status")
    federal = line.fields.get("stream") in FEDERAL and line.fields.get("result") == "1"
    if not federal or status is None or status in ELIGIBLE or (status == "CUAET" and cuaet_eligible):
        return []
    expected = "PR, PP, AIP or LIC" + (", CUAET" if cuaet_eligible else "")
    return [
        Fault(
            line.number, "EL", "STREAM", "H2", f"CL.STATUS {code(status)}", expected, "use the ESL or FSL stream"
        )
    ]  # fmt: skip


def _levels(line: Line) -> list[Fault]:
    """H3. Literacy codes for reading and writing only, and levels that the tool can find."""
    finds = _FINDS.get(line.fields.get("tool", ""))
    faults = []
    for skill in SKILLS:
        level = line.fields.get(skill)
        if level is None or level in NO_LEVEL:
            continue
        if level in LITERACY and skill in ("l", "s"):
            expected = "no literacy code: those are for R and W"
        elif finds is not None and level not in finds:
            expected = "a level that this TOOL can find"
        else:
            continue
        faults.append(Fault(line.number, "AS", skill.upper(), "H3", code(level), expected))
    return faults


def _wrong(line: Line, *fields: str) -> bool:
    return any(fault.field in fields for fault in line.faults)


def _with(line: Line, faults: list[Fault]) -> Line:
    return replace(line, faults=(*line.faults, *faults)) if faults else line
