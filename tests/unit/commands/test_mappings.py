"""Mappings as an administrator sees them: are they whole, what is lost, and what one kind can say to another."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.conceptmap import ConceptMap

from hub.sample.pairs import FILE as SHOWN
from tests.fakes import StandingClock
from tests.network import NOON
from tests.unit.commands.conftest import Desk

KINDS = ("cms", "harts", "eois", "icare", "housing")
GUIDE = Path(__file__).resolve().parents[3] / "docs" / "administrator.md"
PACKAGED = Path(__file__).resolve().parents[3] / "mappings"


def overlay(desk: Desk, kind: str, name: str, text: str) -> None:
    """A file of the data folder over the packaged one."""
    (desk.folder / "mappings" / kind).mkdir(parents=True, exist_ok=True)
    (desk.folder / "mappings" / kind / name).write_text(text, encoding="utf-8")


def test_all_mappings_are_whole_and_no_loss_is_without_a_reason(tmp_path: Any, desk: Desk) -> None:
    document = desk.json("mappings", "check", folder=tmp_path)

    assert (document["findings"], document["unexplained"], document["ok"]) == (0, 0, True)
    assert tuple(row["kind"] for row in document["mappings"]) == KINDS
    assert document["problems"] == []


def test_a_mapping_that_cannot_be_read_is_named_and_ends_with_1(desk: Desk) -> None:
    overlay(desk, "cms", "RF_STATUS.toml", "[nonsense]\n")

    document = desk.json("mappings", "check", code=1)

    assert (document["findings"], document["unexplained"], document["ok"]) == (1, 0, False)
    assert "RF_STATUS.toml" in document["problems"][0]["where"]
    assert [row["kind"] for row in document["mappings"]] == ["harts", "eois", "icare", "housing"], (
        "the other kinds are looked at all the same"
    )


def test_a_loss_without_a_reason_is_counted_and_ends_with_1(desk: Desk) -> None:
    packaged = (PACKAGED / "harts" / "RF_STATUS.toml").read_text(encoding="utf-8")
    overlay(desk, "harts", "RF_STATUS.toml", packaged.replace('loss = "without spaces and hyphens"', 'loss = " "'))

    document = desk.json("mappings", "check", code=1)
    said = desk.run("mappings", "check")

    assert (document["findings"], document["unexplained"], document["ok"]) == (0, 1, False)
    assert "mappings/harts/RF_STATUS.toml: client.uci: got no reason" in said.stderr
    assert said.exit_code == 1
    assert "0 findings, 1 losses without a reason" in said.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_the_losses_of_a_kind_are_listed_with_their_reasons(tmp_path: Any, desk: Desk, kind: str) -> None:
    losses = desk.json("mappings", "loss", kind, folder=tmp_path)["losses"]

    assert {row["record"] for row in losses} >= ({"NARS"} if kind == "icare" else {"RF_REQUEST", "RF_STATUS"})
    assert all(row["reason"] for row in losses)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: Any) -> Any:
    """The matrix of all pairs, computed once."""
    folder = tmp_path_factory.mktemp("matrix")
    found = Desk(folder, StandingClock(NOON), []).json("systems", "matrix", folder=folder)
    assert not list(folder.iterdir())
    return found


def test_the_matrix_has_a_sheet_for_every_message_that_one_says_and_the_other_takes(whole: Any) -> None:
    both, shared = {"request", "answer"}, {"plan", "exit", "follow-up"}
    cms = {*both, *shared, "note", "service"}
    own = {"cms": cms, "harts": {*both, "service", "exit"}, "eois": {*both, *shared}}
    says = {**own, "cms": {*cms, "report", "profile"}, "icare": {"request"}, "housing": both}
    takes = {**own, "icare": {"report", "profile"}, "housing": {"answer"}}
    expected = [(one, other, each) for one in KINDS for other in KINDS for each in says[one] & takes[other]]
    expected += [("cms", "icare", "report")] * 3  # a sheet for each of the four modules that services are rows of

    found = [(pair["from"], pair["to"], pair["message"]) for pair in whole["pairs"]]
    assert sorted(found) == sorted(expected)
    for pair in whole["pairs"]:
        verdicts = [row["verdict"] for row in pair["rows"]]
        assert {word: pair[word] for word in ("carried", "partly", "cannot")} == {
            word: verdicts.count(word) for word in ("carried", "partly", "cannot")
        }
        assert all(bool(row["reasons"]) == (row["verdict"] != "carried") for row in pair["rows"])


@pytest.mark.parametrize(
    ("way", "content", "verdict", "why"),
    [
        pytest.param("cms cms", "exit", "carried", "", id="a case's end"),
        pytest.param("cms cms", "follow-up", "partly", "no field for it", id="its number is the sender's own"),
        pytest.param("cms cms", "plan", "partly", "no field for it", id="its number is the sender's own"),
        pytest.param(
            "cms harts", "exit", "cannot", "never says it", id="EX needs a course, of which a CMS says nothing"
        ),
        pytest.param("harts harts", "assessment", "carried", "", id="four levels"),
        pytest.param("icare cms", "client", "partly", "", id="a client without a name"),
        pytest.param("icare harts", "client", "cannot", "missing", id="HARTS needs a surname"),
        pytest.param("cms icare", "referral", "cannot", "no record of icare takes it", id="S1 iCARE takes nothing"),
        pytest.param("eois cms", "plan", "partly", "sub_goal.plan_item", id="days and outcomes of items"),
        pytest.param("eois harts", "plan", "cannot", "no record of harts takes it", id="HARTS has no plans"),
        pytest.param("cms housing", "referral", "cannot", "no record of housing takes it", id="a list only sends"),
        pytest.param("cms cms", "service", "partly", "zeros of the number", id="sessions"),
        pytest.param(
            "cms icare", "service", "partly", "a worker fills it", id="S6 what iCARE asks for and nobody says"
        ),
        pytest.param("cms harts", "service", "cannot", "course", id="EN needs a course"),
        pytest.param("harts icare", "service", "cannot", "no record of harts says it", id="a site reports by itself"),
    ],
)
def test_each_content_of_each_pair_has_a_verdict_and_says_why(
    whole: Any, way: str, content: str, verdict: str, why: str
) -> None:
    sender, receiver = way.split()
    (cell,) = [
        each for each in whole["contents"] if (each["from"], each["to"], each["content"]) == (sender, receiver, content)
    ]

    assert cell["verdict"] == verdict
    assert bool(cell["lost"]) == (verdict != "carried")
    assert why in str(cell["lost"])
    assert len(whole["contents"]) == len(KINDS) ** 2 * 8


def test_guide_and_demo_show_the_matrix_as_it_is(whole: Any) -> None:
    """``HUB_DOCS=write`` writes both anew; a run that writes proves nothing and says so."""
    head = ["from", "to", *dict.fromkeys(each["content"] for each in whole["contents"])]
    found = {(each["from"], each["to"], each["content"]): each["verdict"] for each in whole["contents"]}
    ways = [(one, other) for one in KINDS for other in KINDS]
    rows = [[*way, *(found[*way, content] for content in head[2:])] for way in ways]
    lines = [head, ["---"] * len(head), *rows]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    table = "".join(f"{','.join(line)}\n" for line in [head, *rows])
    page = GUIDE.read_text(encoding="utf-8")
    begin, end = "<!-- matrix -->\n", "<!-- end of matrix -->"

    if os.environ.get("HUB_DOCS") == "write":
        above, below = page.partition(begin)[0], page.partition(end)[2]
        GUIDE.write_text(above + begin + text + end + below, encoding="utf-8")
        SHOWN.write_text(table, encoding="utf-8")
        pytest.skip("written anew: read the difference")
    assert page.partition(begin)[2].partition(end)[0] == text
    assert SHOWN.read_text(encoding="utf-8") == table


def test_the_lines_of_a_pair_that_the_guide_shows_are_those_of_the_command(desk: Desk) -> None:
    shown = GUIDE.read_text(encoding="utf-8").partition("Of one pair, among other lines:")[2].split("```")[1]
    said = desk.ok("systems", "matrix", "--from", "cms", "--to", "harts").splitlines()

    assert len(shown.split("\n")) > 5
    assert {" ".join(line.split()) for line in shown.strip().split("\n")} <= {" ".join(line.split()) for line in said}


def test_a_row_of_the_matrix_names_both_fields_the_block_and_the_place_in_fhir(desk: Desk) -> None:
    request, answer, *_ = desk.json("systems", "matrix", "--from", "cms", "--to", "harts")["pairs"]

    rows = {row["from_field"]: row for row in request["rows"]}
    assert (request["message"], answer["message"]) == ("request", "answer")
    assert rows["client.home_language"] == {
        "from_field": "client.home_language",
        "block": "client",
        "element": "Patient.communication[preferred=true].language",
        "to_fields": ["client.lang1"],
        "verdict": "carried",
        "reasons": [],
    }


def test_for_a_person_a_table_with_the_first_reason_and_a_line_for_each_message(desk: Desk) -> None:
    said = desk.ok("systems", "matrix", "--from", "harts", "--to", "cms").splitlines()

    assert said[0] == "message\tfield that is said\tfield that it becomes\t\twhat stays behind"
    assert "request\tclient.sex\tclient.gender\tcarried\t" in said
    assert any(line.startswith("request\tref_date\t-\tcannot\ta part of a date only") for line in said)
    at = said.index(next(line for line in said if line.startswith("harts -> cms request: ")))
    assert said[at + 1].startswith("harts -> cms answer: ")
    assert all(word in said[at] for word in ("carried", "partly", "cannot"))
    contents = dict(line.split(": ", 1) for line in said[at + 2 : at + 10])
    assert contents["plan"] == "cannot, no record of harts says it"
    assert contents["assessment"].startswith("partly, within limits: ")
    assert "; not at all: " in contents["client"]
    assert contents["client"].endswith(" more)")


@pytest.mark.parametrize(
    ("way", "words", "not_said"),
    [
        pytest.param("harts cms", ("partly: ", "cannot: "), ("missing: ",), id="a row in a table, a word to workers"),
        pytest.param("icare harts", ("cannot: ", "missing: "), (), id="another kind of system"),
        pytest.param("cms icare", ("partly: ", "cannot: "), ("missing: ",), id="what a worker fills is not missing"),
        pytest.param("eois icare", (), ("partly: ", "cannot: ", "missing: "), id="nothing in common"),
    ],
)
def test_below_a_pair_stands_what_to_do(desk: Desk, way: str, words: Sequence[str], not_said: Sequence[str]) -> None:
    sender, receiver = way.split()

    said = desk.ok("systems", "matrix", "--from", sender, "--to", receiver).splitlines()

    assert all(any(line.startswith(word) for line in said[-3:]) for word in words)
    assert not any(line.startswith(word) for line in said for word in not_said)


def test_the_matrix_follows_a_table_of_the_data_folder(desk: Desk) -> None:
    packaged = (PACKAGED / "harts" / "gender.csv").read_text(encoding="utf-8")
    overlay(desk, "harts", "gender.csv", packaged.replace("X,other,<->", ",other,<"))

    rows = desk.json("systems", "matrix", "--from", "cms", "--to", "harts")["pairs"][0]["rows"]

    (gender,) = [row for row in rows if row["from_field"] == "client.gender"]
    assert "this system has no word for `other`" in gender["reasons"]


@pytest.mark.parametrize("end", ["--from", "--to"])
def test_a_kind_that_nobody_knows_is_refused(desk: Desk, end: str) -> None:
    assert "expected one of cms, harts" in desk.refused("systems", "matrix", end, "Zzyzx-Okonkwo")


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_tables_of_a_kind_are_concept_maps_that_an_r4_reader_accepts(
    tmp_path: Path, desk: Desk, kind: str
) -> None:
    desk.ok("mappings", "export", kind, "--out", str(tmp_path / "maps"))

    files = sorted((tmp_path / "maps").iterdir())
    maps = {file.stem: ConceptMap.model_validate_json(file.read_bytes()) for file in files}
    ways = ("in",) if kind == "icare" else ("in", "out")  # a flag is read alone
    assert {f"{kind}-service-wanted-{way}" for way in ways} <= maps.keys()
    assert all(each.id == name for name, each in maps.items())


def test_a_concept_map_says_which_words_are_one_code_and_which_are_no_statement(tmp_path: Path, desk: Desk) -> None:
    desk.ok("mappings", "export", "cms", "--out", str(tmp_path))

    into, out = (json.loads((tmp_path / f"cms-gender-{way}.json").read_text())["group"][0] for way in ("in", "out"))
    there = {each["code"]: each["target"][0] for each in into["element"]}
    back = {each["code"]: each["target"][0] for each in out["element"]}
    assert (into["target"], out["source"]) == ("http://hl7.org/fhir/administrative-gender",) * 2
    for each in (*there.values(), *back.values()):
        assert each.pop("comment") == "hub; program systems 6.1"
    assert there["woman"] == {"code": "female", "equivalence": "equivalent"}
    assert there["two-spirit"] == {"code": "other", "equivalence": "wider"}
    assert there["prefer not to say"] == {"equivalence": "unmatched"}
    assert back["unknown"] == {"equivalence": "unmatched"}
    assert set(back) == {"female", "male", "other", "unknown"}


def test_owner_and_source_of_a_row_are_its_comment(tmp_path: Path, desk: Desk) -> None:
    text = "local,code,way,display,owner,source\nR,routine,<->,,ministry,list of 2030\nU,urgent\n"
    overlay(desk, "cms", "urgency.csv", text)

    desk.ok("mappings", "export", "cms", "--out", str(tmp_path / "maps"))

    (group,) = json.loads((tmp_path / "maps" / "cms-urgency-in.json").read_text())["group"]
    assert [each["target"][0].get("comment") for each in group["element"]] == ["ministry; list of 2030", None]


def test_an_export_into_a_place_that_is_no_folder_is_refused(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / "file").touch()

    desk.refused("mappings", "export", "cms", "--out", str(tmp_path / "file"))
