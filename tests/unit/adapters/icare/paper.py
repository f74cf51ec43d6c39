"""A desk at which reports to iCARE are written and come back: parcels in, workbooks out. All people are invented."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from adapters.contract import Answering, Gathering, Page, Parcel, Sent
from adapters.icare.source import connect, look
from adapters.icare.workbook import Workbook
from hub.model.canonical import canonical
from tests import icare_builder as icare
from tests.contract.source import Memory, nothing
from tests.icare_builder import Office

NOW = datetime(2026, 6, 3, 14, tzinfo=UTC)
UNKNOWN = "Unable to validate against database. / (Client) Impossible de valider dans la base de données."
IO = {
    "client_validation_type_id": "FOSS/GCMS Client ID", "client_validation_id": "11223344",
    "client_birth_dt": "1991-07-22", "postal_cd": "M5V2T6", "start_dttm": "2026-05-04",
    "service_language_id": "English", "service_official_language_id": "English",
    "institution_type_id": "Settlement service provider", "service_referred_by_id": "Family / friends",
    "orientation_service_id": "Group orientation", "training_received_service_ind": "No",
    "skill_received_service_ind": "No", "support_received_ind": "No", "target_group_specific_ind": "No",
    "orientation_length_id": "1 to 2 hours", "end_dttm": "2026-05-04",
}  # fmt: skip


def io_row(**changes: str) -> dict[str, str]:
    """A row of Information and Orientation with all that is mandatory."""
    return {name: text for name, text in {**IO, **changes}.items() if text}


def report(envelope_id: str, module: str = "IO", fields: Mapping[str, str] | None = None, **changes: str) -> Parcel:
    """A parcel: that row with changes, or these fields."""
    own = io_row(**changes) if fields is None else dict(fields)
    return Parcel(envelope_id, "report", canonical({"module": module, "fields": own}))


def profiled(envelope_id: str, **changes: str) -> Parcel:
    """A parcel of a Client Profile."""
    return report(envelope_id, "CLIENT_PROFILE", cast(dict[str, str], icare.profile(**changes)))


class Desk:
    """A folder, what the hub remembers of it, and the day."""

    def __init__(self, folder: Path) -> None:
        self.office, self.memory, self.now = Office(folder), Memory(), NOW
        self.folder = folder
        self.settings = dict(self.office.settings)
        (folder / "templates").mkdir()
        for module in ("IO", "CLIENT_PROFILE", "CC"):  # without prepared rows and lists: quick to fill
            (folder / "templates" / f"{module}.xlsx").write_bytes(icare.workbook(module, lov=False))

    def source(self, how: Callable[..., object] = connect) -> Answering:
        """A new process."""
        return cast(Answering, how(self.settings, self.memory, lambda: self.now))

    def gathering(self) -> Gathering:
        """A new process."""
        return cast(Gathering, self.source())

    def looker(self) -> Answering:
        """A new process that only looks."""
        return self.source(look)

    def send(self, *parcels: Parcel, commit: Callable[[], None] = nothing) -> list[Sent]:
        """Send by a new process."""
        return self.source().send(parcels, commit)

    def codes(self, *parcels: Parcel) -> list[tuple[str, str]]:
        """Send; state and code of each."""
        return [(str(one.state), one.code) for one in self.send(*parcels)]

    def books(self, place: str = "") -> list[str]:
        """Names of the workbooks in a place."""
        return sorted(path.name for path in (self.folder / place).glob("*.xlsx"))

    def rows(self, name: str, place: str = "") -> list[dict[str, str]]:
        """The rows of a workbook, in our words."""
        found = list(Workbook((self.folder / place / name).read_bytes()).rows())
        assert not any(row.faults for row in found)
        return [dict(row.fields) for row in found]

    def numbers(self, name: str, place: str = "") -> list[str]:
        """Whose rows stand in a workbook."""
        return [row["client_validation_id"] for row in self.rows(name, place)]

    def todo(self, name: str) -> list[list[str]] | None:
        """The list beside a workbook, without its head."""
        path = self.folder / f"{name}.todo.csv"
        if not path.exists():
            return None
        head, *lines = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
        assert head == ["row", "column", "label", "English", "French"]
        assert all(len(line) == len(head) and all(line) for line in lines)
        return lines

    def spool(self) -> list[str]:
        """What lies in the spool, without the lock."""
        return sorted(path.name for path in (self.folder / ".spool").glob("*") if path.name != "lock")

    def save(self, name: str, rows: list[dict[str, str]], place: str = "", module: str = "IO") -> None:
        """A worker, or iCARE, saves a workbook with these rows."""
        data = icare.workbook(module, cast(list[Mapping[str, icare.Cell]], rows), lov=False)
        (self.folder / place).mkdir(exist_ok=True)
        (self.folder / place / name).write_bytes(data)

    def came_back(self, name: str, rows: Mapping[str, str], module: str = "IO", **changes: str) -> None:
        """iCARE returned a workbook: number of the client to what it says."""
        base = io_row(**changes) if module == "IO" else cast(dict[str, str], icare.profile(**changes))
        own = [{**base, "client_validation_id": number, "processing_details": said} for number, said in rows.items()]
        self.save(name, [{key: text for key, text in row.items() if text} for row in own], "processed", module)


class Reader:
    """The exchange: it reads page after page, and keeps the cursor once a page is settled."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self.since = desk, ""
        self.source = desk.source()

    def anew(self) -> None:
        """Another process."""
        self.source = self._desk.source()

    def page(self, *, settled: bool = True) -> Page:
        """One page."""
        page = self.source.fetch(self.since)
        if settled:
            self.since = page.cursor
        return page

    def told(self) -> tuple[list[str], list[tuple[str, str]]]:
        """All that is told until nothing more is: accepted, and rejected with their codes."""
        accepted, rejected = list[str](), list[tuple[str, str]]()
        for _ in range(20):
            before = self.since
            page = self.page()
            accepted += [each.envelope_id for each in page.accepted]
            rejected += [(each.envelope_id, each.code) for each in page.rejections]
            if before == self.since:
                return sorted(accepted), sorted(rejected)
        raise AssertionError("a fetch that never ends")


def refused(row: int = 1, rows: int = 1, *, text: str = UNKNOWN) -> str:
    """What iCARE writes of a row that it refuses."""
    return f"[BUID:305939,RID:,ORP:{row}/{rows},DTS:2026-06-10 10:05:04][1] (Client) {text}"


def taken(record: str = "10387104") -> str:
    """What it writes of one that it took."""
    return f"[BUID:305939,RID:{record},ORP:1/1,DTS:2026-06-10 10:05:04]"
