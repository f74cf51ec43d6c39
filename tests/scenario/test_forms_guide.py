"""A client signs a form, gets a receipt, takes the yes back: every command of both guides, run as it stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.model.directory import Worker
from tests.network import Network, make, refer
from tests.scenario.test_officers_guide import GUIDE, Officer
from tests.tidy.house import ROOT
from tests.unit.commands.conftest import Desk
from tests.unit.commands.test_consent import alias_of
from tests.unit.forms.papers import Page, text_of

AGENCY_GUIDE = (ROOT / "docs" / "agency.md").read_text(encoding="utf-8")
BY = ("--agency", "harbour", "--as", "harbour-worker")


class Somebody(Officer):
    """NUMBER is that of the consent that was entered last."""

    def run(self, line: str) -> None:
        super().run(line)
        words, said = self.said[-1]
        if words.startswith("consent add"):
            header, row = (each.split("\t") for each in said.splitlines()[:2])
            self.words["NUMBER"] = dict(zip(header, row, strict=True))["number"]


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Harbour has a client, and the hub an officer."""
    monkeypatch.chdir(tmp_path)
    made = make(tmp_path)
    made.put(Worker("officer", "hub", "officer"))
    refer(made)
    made.run()
    return made


@pytest.fixture
def worker(network: Network, tmp_path: Path) -> Somebody:
    somebody = Somebody(Desk(network.dir / "hub", network.clock, []), tmp_path)
    somebody.words["ALIAS"] = alias_of(network)
    return somebody


def state(folder: Path, name: str) -> str:
    (said,) = Page((folder / name).read_text(encoding="utf-8")).all("//*[@id='state']")
    return text_of(said)


def test_from_a_form_to_a_receipt_that_says_withdrawn_as_the_agencys_guide_says(
    network: Network, worker: Somebody, tmp_path: Path
) -> None:
    worker.do("A client signs a form", AGENCY_GUIDE)

    form = Page((tmp_path / "form.html").read_text(encoding="utf-8"))
    written = dict(
        zip(*((line.split(",")) for line in (tmp_path / "signed.csv").read_text().splitlines()), strict=True)
    )
    printed = {
        row[0].text: [each.text for each in row[1:]] for row in (r.xpath(".//code") for r in form.all("//tbody/tr"))
    }
    for column in ("recipient_org", "text_version", "language", "notice_version"):
        assert [written[column]] == printed[column]
    for column in ("purposes", "categories"):
        assert set(written[column].split()) <= set(printed[column])
    assert '<html lang="fr-CA">' in (tmp_path / "formulaire.html").read_text(encoding="utf-8")

    number = worker.words["NUMBER"]
    shown = worker.desk.json("consent", "show", number, *BY)["consents"][0]
    assert (shown["state"], shown["incomplete"]) == ("WITHDRAWN", [])
    assert state(tmp_path, "receipt.html") == "We have your yes."
    assert state(tmp_path, "recu.html") == "Nous avons votre oui."
    assert state(tmp_path, "withdrawn.html") == (
        "You took your yes back on June 1, 2026. We send nothing more because of it."
    )
    assert f"{number}-1" in (tmp_path / "receipt.html").read_text(encoding="utf-8")
    assert f"{number}-2" in (tmp_path / "withdrawn.html").read_text(encoding="utf-8")
    assert "drinking or drugs" in (tmp_path / "receipt.html").read_text(encoding="utf-8")
    looks = [entry for entry in network.entries() if entry["event_type"] == "VIEW"]
    assert [entry["actor"]["ref"] for entry in looks] == ["harbour-worker"] * 4
    assert network.verifies()


def test_the_words_that_clients_sign_as_the_officers_guide_says(
    network: Network, worker: Somebody, tmp_path: Path
) -> None:
    worker.do("A client signs a form", AGENCY_GUIDE)
    (tmp_path / "receipt.html").unlink()

    worker.do("The words that clients sign", GUIDE)

    assert "Texte 2026-1, fr-CA." in (tmp_path / "text.html").read_text(encoding="utf-8")
    assert state(tmp_path, "receipt.html").startswith("You took your yes back")
    assert '"state": "WITHDRAWN"' in worker.said[-1][1]
    looks = [entry["actor"]["ref"] for entry in network.entries() if entry["event_type"] == "VIEW"]
    assert looks[-2:] == ["officer"] * 2


def test_a_consent_that_was_signed_on_the_form_lets_the_referral_go(network: Network, worker: Somebody) -> None:
    """What is entered as the form says is a consent, and not a draft."""
    worker.desk.ok("consent", "withdraw", "harbour-cms/consent:1", "--how", "PHONE", *BY)
    part = AGENCY_GUIDE.split("cat > signed.csv <<'END'\n")[1].split("END\n")[0]
    said = worker.desk.json("consent", "add", "-", "--alias", worker.words["ALIAS"], *BY, stdin=part)
    assert [(each["state"], each["missing"]) for each in said["filed"]] == [("ACTIVE", [])]

    answer = worker.desk.json("consent", "decide", "--alias", worker.words["ALIAS"], "--to", "lakeside-employment", *BY)

    assert answer["codes"][0] == "OK_CONSENT"
    assert answer["basis"] == [said["filed"][0]["number"]]
    assert "SUBSTANCE" in answer["goes"]
    assert "HEALTH_MENTAL" not in answer["goes"], "nobody ticked it"


def test_a_consent_in_talk_has_a_receipt_that_says_until_when_it_waits(worker: Somebody) -> None:
    part = AGENCY_GUIDE.split("cat > signed.csv <<'END'\n")[1].split("END\n")[0]
    header, row = part.splitlines()
    cells = dict(zip(header.split(","), row.split(","), strict=True)) | {"form": "VERBAL", "verbal_note": "in the file"}
    for column in ("signed_on", "evidence_ref"):
        del cells[column]
    stdin = f"{','.join(cells)}\n{','.join(cells.values())}\n"
    number = worker.desk.json("consent", "add", "-", "--alias", worker.words["ALIAS"], *BY, stdin=stdin)["filed"][0][
        "number"
    ]

    page = worker.desk.ok("consent", "receipt", number, "--as", "harbour-worker")

    assert "You still have to sign, by June 14, 2026. Until then we send no private things." in page
