"""Files as the hub would write them for the sample's centre, by hand: no adapter is at work here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from hub.sample import harts
from hub.sample.centre import Centre
from hub.sample.harts import Draft

DAY = date(2026, 6, 1)
CLIENT = {
    "LOCAL_KEY": "ABCDEFGHIJ23", "DOC_TYPE": "NONE", "SURNAME": "Okonkwo-Hawthorne", "GIVEN": "Adaeze",
    "DOB": "19910722", "DOB_FLAG": "E", "SEX": "U", "STATUS": "OTH",
}  # fmt: skip
ASKED = {
    "REF_NO": "KCKRX6GDSFZX", "FROM_SITE": "HBR01", "TO_SITE": "TOR01", "TO_SERVICE": "ASM", "REF_DATE": "20260530",
    "STATUS": "S",
}  # fmt: skip


def asks(place: int = 0, **changes: str) -> list[Draft]:
    """Somebody who is referred to the centre; names in the order of their places."""
    mark = chr(ord("A") + place)
    person = {**CLIENT, "SURNAME": f"{mark}-Hawthorne", "LOCAL_KEY": mark * 12, **changes}
    return [("CL", "A", person), ("RF", "A", {**ASKED, "REF_NO": f"REF-{place}"})]


def told(**changes: str) -> list[Draft]:
    """The answer to a referral of the centre."""
    said = {**ASKED, "REF_NO": "B-000001", "FROM_SITE": "TOR01", "TO_SITE": "HBR01", "STATUS": "A", **changes}
    del said["TO_SERVICE"]
    return [("CL", "U", {"LOCAL_KEY": CLIENT["LOCAL_KEY"]}), ("RF", "U", said)]


def to_harts(centre: Centre, clients: Sequence[Sequence[Draft]], seq: int = 1) -> Path:
    """An S file in the centre's folder."""
    path = centre.to_harts / harts.file_name("TOR01", DAY, seq)
    path.write_bytes(harts.write("TOR01", DAY, seq, clients).replace(b"0100R", b"0100S", 1))
    return path


def answer(centre: Centre, results: Mapping[str, tuple[str, str]], state: str = "OPEN") -> None:
    """The ``.ACK`` of the centre's first file: OK for every line but the RF of these referrals.

    Args:
        results: REF_NO to result and code.
    """
    name = min(path.name for path in centre.from_harts.glob("*.DAT"))
    rows = [f"HD|{name}|20260601120000|OK|"]
    for _, client in centre.handed_in():
        for line in client.whole:
            said = results.get(line.fields.get("REF_NO", ""), ("OK", ""))
            rows.append(f"{line.number}|{line.record}|||{said[0]}|{said[1]}||")
    rows.append(f"TR|{len(rows) - 1}|0|0|0|{state}")
    (centre.from_harts / harts.ack_name(name)).write_bytes(("\r\n".join(rows) + "\r\n").encode("cp1252"))
