"""A CaMS site with two folders, as its people use them. Written without the adapter. All people are invented."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

SDS, OTHER_SDS = "3898A", "4102B"
NAMESPACE = "urn:hub:eois:package:1"
DAY = date(2026, 6, 1)
CREATED = "2026-05-29T10:15:00-04:00"
REFERENCE = "1234567"

PERSON: Mapping[str, str] = {
    "LegalLastName": "Okonkwo-Tremblay", "LegalFirstName": "Amara", "DateOfBirth": "1991-07-22",
    "IdentifyAs": "Female", "StatusInCanada": "Permanent Resident", "DateArrived": "2024-03-04",
    "PreferredLanguage": "English", "MaritalStatus": "Single",
}  # fmt: skip
REFERRAL: Mapping[str, str] = {
    "number": "R-1", "direction": "out", "list": "community", "code": "80", "timing": "Referred During Service",
    "formal": "Yes",
}  # fmt: skip
PLAN = (
    '<ServicePlan reference="2345678" program="Employment Service" status="Active" referredIn="EO-Action Center"'
    ' selfInitiated="Yes"><ClientSummary><Item name="SourceOfIncome">Employment Insurance</Item></ClientSummary>'
    '<SubGoal name="Job Search"><PlanItem type="career development" expectedStart="2026-06-10"'
    ' expectedEnd="2026-07-30"/></SubGoal></ServicePlan>'
)
HEADERS: Mapping[str, str] = {
    "CLIENT": "CaMS Reference Number,Client Stream,Citizenship,Marital Status,Immigration Status,Identifies As,"
    "Preferred Language,Email,Phone,Primary Mailing Address,Employment Status,Highest Education Level",
    "15B": "SDS Code,Service Plan Reference,Client Reference,Program,Plan Status,Plan Start Date,Plan Close Date,"
    "Referred In,Self Initiated,Referred Out 1,Referred Out 2,Referred Out 3,Referred Out 4,Referred Out 5,"
    "Referral Timing,Source of Income,Highest Level of Education,Labour Force Attachment,Time Out",
    "15D": "Service Plan Reference,Closure Reason,Customer Satisfaction,Case Outcome,Exit Date,Follow-up Month,"
    "Follow-up Date,Follow-up Status,Outcome,Hours per Week,Wage,Wage Per",
}
ROWS: Mapping[str, Mapping[str, str]] = {
    "CLIENT": {
        "CaMS Reference Number": REFERENCE, "Identifies As": "Female", "Preferred Language": "English",
        "Email": "amara@example.org", "Phone": "416-555-0142", "Primary Mailing Address": "4 Oak Street\nToronto",
    },
    "15B": {
        "SDS Code": f"{SDS} - Maple, Oak & Sons - 1 King Street, Toronto", "Service Plan Reference": "2345678",
        "Client Reference": REFERENCE, "Program": "Employment Service", "Plan Status": "Closed",
        "Plan Start Date": "05/01/2026", "Plan Close Date": "28/05/2026", "Referred In": "EO - Action Center",
        "Self Initiated": "Yes", "Referred Out 1": "Newcomer Services", "Referral Timing": "Referred at Exit",
    },
    "15D": {
        "Service Plan Reference": "2345678", "Closure Reason": "Completion",
        "Customer Satisfaction": "3 - No general opinion", "Case Outcome": "In training", "Exit Date": "28/05/2026",
        "Follow-up Month": "0", "Follow-up Date": "28/05/2026", "Follow-up Status": "Completed",
    },
}  # fmt: skip
NOTE = "This report's data is current to date 31/05/2026"


def package(
    package_id: str = "PKG-1",
    *,
    person: Mapping[str, str] | None = None,
    referral: Mapping[str, str] | None = None,
    reason: str = "",
    plan: str = "",
    more: str = "",
    groups: Sequence[str] = (),
    reference: str = REFERENCE,
    sender: str = SDS,
    receiver: str = OTHER_SDS,
    created: str = CREATED,
) -> str:
    """A package as text.

    Args:
        person, referral: changes; "" leaves out.
        more: what stands before the plan: Education and Employment.
    """
    said = {**PERSON, **(person or {})}
    names = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in said.items() if text)
    names += "".join(f'<DesignatedGroup code="{code}"/>' for code in groups)
    names += "<Address><PostalCode>M5V2T6</PostalCode><StreetNumber>4</StreetNumber></Address>"
    names += '<Contact phone="416-555-0142" email="amara@example.org" preferred="phone"/>'
    attributes = {**REFERRAL, **(referral or {})}
    named = "".join(f" {name}={quoteattr(text)}" for name, text in attributes.items() if text)
    below = f"<Reason>{escape(reason)}</Reason>" if reason else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<CaseReferralPackage xmlns="{NAMESPACE}" packageId="{package_id}"'
        f' created="{created}" language="en"><Sender sds="{sender}"/><Receiver sds="{receiver}"/>'
        f"<Person{f' clientReference={quoteattr(reference)}' if reference else ''}>{names}</Person>{more}{plan}"
        f"<Referral{named}>{below}</Referral></CaseReferralPackage>\n"
    )


def shared(package_id: str = "PKG-1", *, plan: str = PLAN, **how: Any) -> str:
    """A package without a Referral: what it shares is its plan."""
    text = package(package_id, plan=plan, **how)
    return text[: text.index("<Referral")] + "</CaseReferralPackage>\n"


def closed(closure: str = '<Closure reason="Completion"/>', *, follow_ups: str = "", reference: str = "2345678") -> str:
    """A plan that has ended, all of it with an outcome (E3)."""
    item = 'expectedEnd="2026-07-30" actualStart="2026-06-10" actualEnd="2026-07-01" outcome="done"'
    plan = PLAN.replace('status="Active"', 'status="Closed"').replace('expectedEnd="2026-07-30"', item)
    plan = plan.replace('name="Job Search">', 'name="Job Search" outcome="Attained">').replace("2345678", reference)
    return plan.replace("</ServicePlan>", f"{closure}{follow_ups}</ServicePlan>")


def extract(report: str, *rows: Mapping[str, str], note: str = NOTE, encoding: str = "utf-8-sig") -> bytes:
    """An extract: the rows with their changes."""
    header = HEADERS[report].split(",")
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    for changes in rows:
        row = {**ROWS[report], **changes}
        writer.writerow([row.get(column, "") for column in header])
    return (out.getvalue() + note).encode(encoding)


class Site:
    """The two folders of a site."""

    def __init__(self, folder: Path, sds: str = SDS) -> None:
        self.sds = sds
        self.from_cams, self.to_cams = folder / "from", folder / "to"
        for each in (self.from_cams, self.to_cams):
            each.mkdir(parents=True)

    @property
    def settings(self) -> dict[str, object]:
        """As an administrator types them."""
        return {"from_cams_path": str(self.from_cams), "to_cams_path": str(self.to_cams), "sds": self.sds}

    def hand_in(self, text: str) -> str:
        """Put a package into the folder, under its own name."""
        root = ElementTree.fromstring(text)
        ends = [root[place].get("sds") for place in (0, 1)]
        name = f"{ends[0]}_{ends[1]}_{root.get('packageId')}.xml"
        (self.from_cams / name).write_text(text, encoding="utf-8")
        return name

    def report(self, report: str, *rows: Mapping[str, str], day: date = DAY, **how: str) -> str:
        """Put an extract into the folder."""
        name = f"{report}_{self.sds}_{day:%Y%m%d}.csv"
        (self.from_cams / name).write_bytes(extract(report, *rows, **how))
        return name

    def week(self, *, day: date = DAY, **changes: str) -> str:
        """The three extracts of a week about one client; the name of 15B."""
        self.report("CLIENT", {}, day=day)
        self.report("15D", {}, day=day)
        return self.report("15B", changes, day=day)

    def result_of(self, name: str) -> tuple[str, list[tuple[str, str]]] | None:
        """What the hub says of a package: result; code and path of each issue."""
        number = name.removesuffix(".xml").rpartition("_")[2]
        path = self.from_cams / f"{number}.result.xml"
        if not path.exists():
            return None
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        assert root.get("packageId") == number
        return root.get("result", ""), [(each.get("code", ""), each.get("path", "")) for each in root]

    def lines_of(self, name: str) -> list[tuple[str, str]]:
        """What the hub says of an extract: row and code."""
        path = self.from_cams / f"{name.removesuffix('.csv')}.hub.csv"
        if not path.exists():
            return []
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
        return [(row[0], row[1]) for row in rows[1:]]

    def received(self) -> list[Path]:
        """The packages that lie there, by name."""
        return sorted(path for path in self.to_cams.glob("*.xml") if not path.name.endswith(".result.xml"))

    def answer(
        self, path: Path, outcome: str = "Accepted", code: str = "", at: str = "2026-06-01T12:30:00-04:00"
    ) -> None:
        """CaMS' people lay a result beside a package."""
        number = path.stem.rpartition("_")[2]
        issue = (
            f'<Issue code="{code}" path="/CaseReferralPackage/Person" messageEn="Zyxwvut" messageFr=""/>'
            if code
            else ""
        )
        (self.to_cams / f"{number}.result.xml").write_text(
            f'<PackageResult xmlns="{NAMESPACE}" packageId="{number}" created="{at}" result="{outcome}">{issue}'
            "</PackageResult>",
            encoding="utf-8",
        )


def read(path: Path) -> ElementTree.Element:
    """A package of the hub's, as another program reads it; names without their namespace."""
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    for each in root.iter():
        each.tag = each.tag.removeprefix(f"{{{NAMESPACE}}}")
    return root
