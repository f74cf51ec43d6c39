"""A HARTS site with two folders, as its people and its nightly job use it. All people are invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from adapters.harts import ack, dat

SITE = "T00001"
DAY = date(2026, 6, 1)

CLIENT: Mapping[str, str] = {
    "harts_no": "40000001", "uci": "11223344", "doc_type": "PR", "doc_no": "RA0302123456",
    "surname": "Okonkwo-Tremblay", "given": "Amara",
    "dob": "1991-07-22", "dob_flag": "E", "sex": "F", "status": "PR", "landing_date": "2024-03-04",
    "country": "NGA", "lang1": "ibo", "address": "4 Oak Street", "city": "Toronto", "postal": "M5V2T6",
}  # fmt: skip
ASSESSMENT: Mapping[str, str] = {
    "assess_date": "2026-05-04", "type": "I", "tool": "CLBPT", "l": "05", "s": "05", "r": "04", "w": "03",
    "centre": SITE, "assessor": "A-17", "valid_to": "2026-11-04",
}  # fmt: skip
REFERRAL: Mapping[str, str] = {
    "ref_no": "R-1", "from_site": SITE, "to_site": "T00002", "to_service": "EMP", "ref_date": "2026-06-01",
    "status": "S", "reason": "LNG",
}  # fmt: skip

COURSE: Mapping[str, str] = {
    "course": "LINC-5", "title": "LINC 5, evenings", "site": SITE, "stream": "LINC", "format": "2",
    "start": "2026-05-01", "end": "2026-12-18", "seats": "20", "funded_seats": "20", "hours_week": "15.00",
    "schedule": "E", "focus": "3", "l_from": "04", "l_to": "06", "active": "1",
}  # fmt: skip
ENROLMENT: Mapping[str, str] = {
    "course": "LINC-5", "first_class": "2026-05-04", "l": "05", "s": "05", "r": "04", "w": "03", "funding": "F",
    "transport": "1", "disability": "0",
}  # fmt: skip
ATTENDANCE: Mapping[str, str] = {
    "course": "LINC-5", "period": "2026-05", "hours_offered": "60.00", "hours_attended": "52.33", "absent_days": "2",
    "excused_days": "1", "warnings": "0",
}  # fmt: skip
EXIT: Mapping[str, str] = {
    "course": "LINC-5", "exit_date": "2026-11-20", "status": "C", "l": "06", "s": "06", "r": "05", "w": "04",
    "cert": "1", "cert_l": "06", "cert_s": "06",
}  # fmt: skip
LISTING: Mapping[str, str] = {"course": "LINC-5", "listed_on": "2026-05-04", "position": "3", "priority": "2"}


class Site:
    """The folders of a HARTS site, and its nightly job."""

    def __init__(self, folder: Path, site: str = SITE) -> None:
        self.site = site
        self.from_harts, self.to_harts = folder / "from", folder / "to"
        for each in (self.from_harts, self.to_harts):
            each.mkdir(parents=True)
        self._seq = 0

    @property
    def settings(self) -> dict[str, object]:
        """As an administrator types them."""
        return {
            "from_harts_path": str(self.from_harts),
            "to_harts_path": str(self.to_harts),
            "site": self.site,
            "batch_every_s": 0,
        }

    def hand_in(
        self,
        *clients: Sequence[dat.Draft],
        seq: int | None = None,
        day: date = DAY,
        courses: Sequence[dat.Draft] = (),
    ) -> str:
        """Write one R file; its name."""
        self._seq = seq or self._seq + 1
        header = dat.Header(self.site, day, self._seq, dat.FROM_HARTS)
        name = dat.file_name(header)
        (self.from_harts / name).write_bytes(dat.write(header, clients, courses))
        return name

    def answer_to(self, name: str) -> ack.Ack | None:
        """What the hub says of a file."""
        path = self.from_harts / ack.ack_name(name)
        return ack.read(path.name, path.read_bytes()) if path.exists() else None

    def received(self) -> list[dat.Batch]:
        """The S files that lie there, oldest first."""
        found = [dat.read(each.name, each.read_bytes(), dat.TO_HARTS) for each in sorted(self.to_harts.glob("*.DAT"))]
        assert all(isinstance(each, dat.Batch) for each in found), "a file that HARTS would refuse"
        return [each for each in found if isinstance(each, dat.Batch)]

    def acknowledge(self, batch: dat.Batch, answers: Mapping[int, ack.Answer], numbers: Mapping[int, str]) -> None:
        """HARTS takes a file in and answers.

        Args:
            answers: by line; the others are OK.
            numbers: HARTS_NO by line of the CL.
        """
        named = batch.keys()
        keys = [dat.LineKey(key.number, key.record, key.key, numbers.get(key.number, key.harts_no)) for key in named]
        said = {key.number: answers.get(key.number, ack.Answer(ack.Result.OK)) for key in keys}
        found = ack.answered(batch.name, keys, said, datetime(2026, 6, 2, tzinfo=UTC))
        (self.to_harts / ack.ack_name(batch.name)).write_bytes(ack.write(found))


def client(*lines: dat.Draft, **changes: str) -> list[dat.Draft]:
    """A client with the lines below it."""
    return [("CL", "A", _changed(CLIENT, changes)), *lines]


def referral(**changes: str) -> dat.Draft:
    """An RF line."""
    return ("RF", changes.pop("action", "A"), _changed(REFERRAL, changes))


def assessment(**changes: str) -> dat.Draft:
    """An AS line."""
    return ("AS", "A", _changed(ASSESSMENT, changes))


def course(**changes: str) -> dat.Draft:
    """A CO line."""
    return ("CO", changes.pop("action", "A"), _changed(COURSE, changes))


def enrolment(**changes: str) -> dat.Draft:
    """An EN line."""
    return ("EN", changes.pop("action", "A"), _changed(ENROLMENT, changes))


def attendance(**changes: str) -> dat.Draft:
    """An AT line."""
    return ("AT", changes.pop("action", "A"), _changed(ATTENDANCE, changes))


def exit_(**changes: str) -> dat.Draft:
    """An EX line."""
    return ("EX", changes.pop("action", "A"), _changed(EXIT, changes))


def listing(**changes: str) -> dat.Draft:
    """A WL line."""
    return ("WL", changes.pop("action", "A"), _changed(LISTING, changes))


def _changed(fields: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in {**fields, **changes}.items() if value}
