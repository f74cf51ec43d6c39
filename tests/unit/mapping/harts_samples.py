"""An invented referral of a HARTS site, and an answer of one, as the file layer hands them over."""

from __future__ import annotations

from typing import Any

from adapters.harts.record import parse
from hub.model.canonical import canonical
from hub.model.record import Record

ALIAS = "K7QM2XWBCLIE"
KEY = "TOR001/2026/7/12"
CL = {
    "local_key": ALIAS,
    "harts_no": "20417001",
    "uci": "1234567890",
    "doc_type": "PR",
    "doc_no": "RA0302123456",
    "surname": "N’Guessan",
    "given": "Amina",
    "preferred": "Mina",
    "dob": "1991-07-22",
    "dob_flag": "E",
    "sex": "F",
    "status": "PR",
    "landing_date": "2023-11-15",
    "country": "ETH",
    "lang1": "amh",
    "address": "123, rue Ste-Catherine O",
    "city": "Québec",
    "postal": "G1R4P5",
    "phone": "4165550142",
    "email": "amina@example.org",
}
AS = {
    "local_key": ALIAS,
    "assess_date": "2025-11-18",
    "type": "I",
    "tool": "CLBPT",
    "l": "05",
    "s": "08",
    "r": "2L",
    "w": "PC",
    "centre": "TOR001",
    "assessor": "J.M.",
    "valid_to": "2026-05-18",
}
EL = {
    "local_key": ALIAS,
    "stream": "LINC",
    "result": "0",
    "reason": "LVL",
    "decided_on": "2025-11-18",
    "decided_by": "J.M.",
}
RF = {
    "local_key": ALIAS,
    "ref_no": "H-2026-00012",
    "from_site": "TOR001",
    "to_site": "LAKE01",
    "to_service": "EMP",
    "course": "LINC-4-EVE",
    "ref_date": "2026-03-03",
    "start_by": "2026-04-15",
    "status": "S",
    "reason": "HOU",
    "consent_no": "C7QM2XWBCONS",
    "note": "Looks for work near home",
}
ANSWER = {
    "local_key": ALIAS,
    "ref_no": "K7QM2XWBREFE",
    "from_site": "HARB01",
    "to_site": "TOR001",
    "ref_date": "2026-03-03",
    "status": "A",
}
Changes = dict[str, str]


def given(client: Changes, lines: list[tuple[str, Changes]], file_date: str = "2026-03-04") -> dict[str, Any]:
    """The document of one record; a value of "" is a blank field."""
    rows = [[number, record, "A", fields] for number, (record, fields) in enumerate(lines, start=10)]
    cl = {"line": 2, "action": "A", "fields": client}
    return {"file_date": file_date, "client": cl, "lines": rows, "faults": []}


def read(document: dict[str, Any], key: str = KEY) -> Record:
    """A document through ``parse``."""
    return parse(key, canonical(document))


def request(
    rf: Changes | None = None,
    client: Changes | None = None,
    results: list[Changes] | None = None,
    eligible: list[Changes] | None = None,
) -> Record:
    """The referral with what differs."""
    lines = [("EL", EL | row) for row in ([{}] if eligible is None else eligible)]
    lines += [("AS", AS | row) for row in ([{}] if results is None else results)]
    return read(given(CL | (client or {}), [*lines, ("RF", RF | (rf or {}))]))


def answer(rf: Changes | None = None, results: list[Changes] | None = None) -> Record:
    """The answer with what differs."""
    return read(given(CL, [*(("AS", AS | row) for row in results or []), ("RF", ANSWER | (rf or {}))]))
