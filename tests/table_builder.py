"""An invented housing registry that shows its records as tables: CSV files, a workbook or a database.

Its workers save rows; each save writes the tables anew, as an export does. All people are invented. Nothing here knows
the adapter.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl

APPLICANT: Mapping[str, Any] = {
    "Family name": "Okonkwo-Tremblay", "Given name": "Amara", "Known as": "", "Born on": "1991-07-22",
    "Birth date is": "E", "Gender": "female", "Phone": "416-555-0142", "Phone is safe": "no", "E-mail": "",
    "E-mail is safe": "", "Address is secret": "no", "Street": "12 Elm Street", "Unit": "4", "City": "Toronto",
    "Province": "ON", "Postal code": "M5V 2T6", "Language": "ibo", "Interpreter": "no", "Died on": "",
}  # fmt: skip
REFERRAL: Mapping[str, Any] = {
    "to_agency": "lakeside", "service": "employment", "program": "newcomer", "urgency": "routine", "need": "employment",
    "reason": "Looks for work near the new home.", "sent_at": "2026-05-04 09:00:00", "status": "sent",
    "status_at": "2026-05-04 09:00:00",
}  # fmt: skip
CONSENT: Mapping[str, Any] = {
    "form_id": "F-1", "given_by": "SELF", "authority_kind": "", "capacity_basis": "PRESUMED", "form": "WRITTEN",
    "valid_from": "2026-01-12", "expires_on": "2026-12-31", "recipient_org": "lakeside", "purposes": "REFERRAL",
    "categories": "IDENT CONTACT NEEDS LANG SERVICE_STATUS", "onward_orgs": "", "text_version": "sharing-v3",
    "notice_version": "notice-v2", "language": "en", "client_reads": "en", "interpreter_kind": "",
    "explained": "what who why risk may-refuse", "not_condition": "yes", "condition_reason": "",
    "captured_by": "w-17", "captured_at": "2026-01-12 10:15:00", "signed_on": "2026-01-12",
    "evidence_ref": "drawer 3", "receipt_at": "2026-01-12 10:20:00", "receipt_channel": "PAPER", "verbal_note": "",
    "declined": "", "lifts": "", "withdrawn_at": "", "withdrawn_how": "",
}  # fmt: skip
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "applicants": ("applicant_no", *APPLICANT),
    "papers": ("paper_no", "applicant_no", "type", "number"),
    "referrals": ("referral_no", "applicant_no", *REFERRAL),
    "consents": ("consent_no", "applicant_no", *CONSENT),
    "answers": ("answer_no", "hub_referral_no", "status", "reason", "status_at", "appointment_at"),
}


class Registry:
    """A housing registry.

    Args:
        form: csv, xlsx or sql; of sql a SQLite file.
    """

    def __init__(self, folder: Path, form: str = "csv") -> None:
        self.form = form
        self.folder = folder
        folder.mkdir(parents=True)
        self.tables: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
        self.save()

    @property
    def path(self) -> Path:
        """What the setting ``path`` names."""
        return {"csv": self.folder, "xlsx": self.folder / "registry.xlsx", "sql": self.folder / "registry.sqlite"}[
            self.form
        ]

    @property
    def settings(self) -> dict[str, Any]:
        """As an administrator types them."""
        found: dict[str, Any] = {"form": self.form, "path": str(self.path)}
        if self.form == "sql":
            found |= {"answers_path": str(self.folder / "answers.csv"), "read_every_s": 0}
        return found

    def apply(self, number: str = "", **cells: Any) -> str:
        """An applicant with a UCI; their number."""
        number = number or str(101 + len(self.tables["applicants"]))
        self.tables["applicants"].append({"applicant_no": number, **APPLICANT, **cells})
        self.paper(number)
        return number

    def paper(self, applicant: str, type: str = "UCI", number: str = "") -> None:  # noqa: A002 - the column's name
        """A number that a government gave."""
        row = {"paper_no": str(1 + len(self.tables["papers"])), "applicant_no": applicant, "type": type}
        self.tables["papers"].append({**row, "number": number or f"11{int(applicant):08d}"})

    def consent(self, applicant: str, number: str = "", **cells: Any) -> str:
        """A signed consent; its number."""
        number = number or f"C-{1 + len(self.tables['consents'])}"
        self.tables["consents"].append({"consent_no": number, "applicant_no": applicant, **CONSENT, **cells})
        return number

    def refer(self, applicant: str, number: str = "", **cells: Any) -> str:
        """A referral; its number."""
        number = number or f"R-{1 + len(self.tables['referrals'])}"
        self.tables["referrals"].append({"referral_no": number, "applicant_no": applicant, **REFERRAL, **cells})
        return number

    def answer(self, hub_referral_no: str, status: str, **cells: Any) -> str:
        """What the registry's workers say of a referral that came; its number."""
        number = str(1 + len(self.tables["answers"]))
        row = {"answer_no": number, "hub_referral_no": hub_referral_no, "status": status, "reason": ""}
        row |= {"status_at": "2026-06-01 15:00:00", "appointment_at": ""}
        self.tables["answers"].append({**row, **cells})
        return number

    def row(self, table: str, number: str) -> dict[str, Any]:
        """A row by its number, to be changed."""
        return next(row for row in self.tables[table] if row[COLUMNS[table][0]] == number)

    def save(self) -> None:
        """Show the tables as they are now: written beside their place, then renamed."""
        if self.form == "csv":
            for name in self.tables:
                self._csv(name)
        elif self.form == "xlsx":
            self._workbook()
        else:
            self._database()

    def told(self, table: str = "referrals") -> list[dict[str, str]]:
        """The lines of the hub's answers beside a table."""
        path = {
            "csv": self.folder / f"{table}.csv.hub.csv",
            "xlsx": self.folder / "registry.xlsx.hub.csv",
            "sql": self.folder / "answers.csv",
        }[self.form]
        if not path.exists():
            return []
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def _csv(self, name: str) -> None:
        half = self.folder / f"{name}.half"
        with half.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS[name])
            writer.writeheader()
            writer.writerows(self.tables[name])
        half.replace(self.folder / f"{name}.csv")

    def _workbook(self) -> None:
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for name, columns in COLUMNS.items():
            sheet = book.create_sheet(name)
            sheet.append(columns)
            for row in self.tables[name]:
                sheet.append([row.get(column) for column in columns])
        half = self.folder / "half"
        book.save(half)
        half.replace(self.path)

    def _database(self) -> None:
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute("BEGIN")
        for name, columns in COLUMNS.items():
            named = ", ".join(f'"{column}"' for column in columns)
            db.execute(f"DROP TABLE IF EXISTS {name}")
            db.execute(f"CREATE TABLE {name} ({named})")
            marks = ", ".join("?" for _ in columns)
            rows = [[row.get(column) for column in columns] for row in self.tables[name]]
            db.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
        db.execute("COMMIT")
        db.close()
