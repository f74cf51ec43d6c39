"""Design §8, checked at load: a wrong mapping file is not loaded; it says file, key, got, expected and next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.cms.record import columns
from adapters.pairs import FUNCTIONS
from hub.errors import Refused
from hub.mapping import Context, load
from hub.mapping.words import ALWAYS, WORDS
from hub.model.record import Record

from .conftest import ROOT, Loader, form

GOOD = '[resource.t]\ntype = "Task"\nlabel = "service-status"\n[resource.t.element]\n'
LINE = GOOD + '"description" = { field = "note" }\n'
COLUMNS = GOOD + (
    '[resource.c]\ninside = "t"\nat = "note"\neach = { columns = "cols" }\n[resource.c.element]\n'
    '"authorString" = { row = "kind" }\n"text" = { field = "@field" }\n'
)
PAIR = {"f": (str, str)}


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        pytest.param("[resource", "what is no TOML", id="no TOML"),
        pytest.param(LINE + "[computed]\nx = 1", "unknown word `computed`", id="unknown section: a word not yet built"),
        pytest.param("[skipped]\nnote = 'x'", "no block", id="no block at all"),
        pytest.param(
            LINE.replace("[resource.t.element]", "color = 1\n[resource.t.element]"),
            "unknown word `color`",
            id="unknown word of a block",
        ),
        pytest.param(LINE.replace("Task", "Tusk"), "type `Tusk`", id="unknown type"),
        pytest.param(LINE.replace("service-status", "secret"), "label `secret`", id="unknown category"),
        pytest.param(
            LINE.replace('label = "service-status"\n', ""),
            "label `None`",
            id="no category: DN_SCHEMA later, refused now",
        ),
        pytest.param(
            GOOD.replace("Task", "PractitionerRole") + '"active" = { default = true }',
            "carries no label",
            id="a label on an exempt type",
        ),
        pytest.param(GOOD + '"description" = { felt = "note" }', "`felt` as the first word", id="unknown word"),
        pytest.param(GOOD + '"description" = { cut = 5 }', "`cut` as the first word", id="a word that leads no line"),
        pytest.param(GOOD + '"description" = { field = "note", cut = 0 }', "`cut`", id="a field that holds nothing"),
        pytest.param(GOOD + '"description" = { field = "note", cut = "9" }', "`cut`", id="a width that is no number"),
        pytest.param(
            GOOD + '"description" = { field = "note", cut = { o = 5 } }', "`cut`", id="a cut of another field"
        ),
        pytest.param(
            GOOD + '"description" = { field = "note", absent = "U" }', "unknown word `absent`", id="absent on a text"
        ),
        pytest.param(
            GOOD + '"priority" = { code = "note", table = "t", absent = "A" }',
            "absent `A`, which has a row",
            id="a word for nothing that means something",
        ),
        pytest.param(
            GOOD + '"focus" = { to = "agency", absent = "NONE" }', "`absent` without a field", id="nobody, nowhere"
        ),
        pytest.param(
            GOOD + '"priority" = { code = "note", table = "t", beside = "t" }', "`beside`", id="beside no field"
        ),
        pytest.param(
            GOOD + '"priority" = { code = "note", table = "t", beside = { nota = "t" } }',
            "field `nota`",
            id="beside a field that is none",
        ),
        pytest.param(GOOD + '"priority" = { row = "code" }', "row `code`", id="a row without columns"),
        pytest.param(GOOD + '"description" = { field = "@field" }', "`@field`", id="a cell without columns"),
        pytest.param(
            GOOD + '"note[+text=x].text" = { to = "t" }', "at a path to a Reference", id="each item, and no reference"
        ),
        pytest.param(
            GOOD + '"output[+type=x|y].type.text" = { field = "note" }', "no element `+type`", id="each, inside"
        ),
        pytest.param(
            LINE.replace("[resource.t.element]", 'each = { columns = "cols" }\n[resource.t.element]'),
            "`columns` of a whole resource",
            id="columns of a resource",
        ),
        pytest.param(COLUMNS.replace('"cols"', '"none"'), "no such file", id="columns without a table"),
        pytest.param(COLUMNS.replace('"cols"', '"t"'), "`field`, further names", id="a table that names no field"),
        pytest.param(COLUMNS.replace('"cols"', '"gaps"'), "filled cells", id="a table of columns with a gap"),
        pytest.param(COLUMNS.replace('"cols"', '"twice"'), "two rows with one `kind`", id="two rows that are one"),
        pytest.param(COLUMNS.replace('"@field"', '"@fields"'), "`@fields`", id="a cell that the row has not"),
        pytest.param(COLUMNS.replace('row = "kind"', 'row = "sort"'), "row `sort`", id="a row's cell that is none"),
        pytest.param(
            GOOD + '"description" = { way = ">", field = "note" }',
            "`way` as the first word",
            id="the leading word comes first",
        ),
        pytest.param(GOOD + '"description" = "note"', "no table", id="a line without braces"),
        pytest.param(
            GOOD + '"description" = { field = "note", table = "t" }',
            "unknown word `table`",
            id="a word of another word",
        ),
        pytest.param(GOOD + '"description" = { field = "note", way = "<>" }', "way `<>`", id="unknown way"),
        pytest.param(GOOD + '"description" = { field = "nota" }', "field `nota`", id="unknown field"),
        pytest.param(GOOD + '"description" = { field = 1 }', "`field`", id="a field that is no text"),
        pytest.param(GOOD + '"descripton" = { field = "note" }', "no element `descripton`", id="unknown element"),
        pytest.param(
            GOOD + '"description.x" = { field = "note" }', "a primitive has no element", id="inside a primitive"
        ),
        pytest.param(GOOD + '"identifier.value" = { field = "note" }', "is a list", id="a list without a choice"),
        pytest.param(GOOD + '"description[0]" = { field = "note" }', "is no list", id="a choice without a list"),
        pytest.param(
            GOOD + '"identifier[#a].value" = { field = "note" }', "is a list", id="an own item cannot be entered"
        ),
        pytest.param(
            GOOD + '"identifier[x].value" = { field = "note" }', "chooses nothing", id="a choice that says nothing"
        ),
        pytest.param(GOOD + '"a b" = { field = "note" }', "is no path", id="no path"),
        pytest.param(GOOD + '"focus" = { field = "note" }', "`field` on a Reference", id="a text on a complex element"),
        pytest.param(GOOD + '"focus" = { to = "nowhere" }', "`nowhere`", id="unknown block"),
        pytest.param(
            GOOD + '"description" = { to = "t" }', "at a path to a Reference", id="a reference where none can stand"
        ),
        pytest.param(
            GOOD + '"identifier[#a]" = { identifier = "note", system = "x/{sender}" }',
            "{agency} or {site}",
            id="another word in braces",
        ),
        pytest.param(GOOD + '"description" = { fn = "g", fields = ["note"] }', "`g`", id="unknown pair"),
        pytest.param(
            GOOD + '"description" = { fn = "half", fields = ["note"] }',
            "without an inverse",
            id="a converter without inverse",
        ),
        pytest.param(GOOD + '"description" = { fn = "f" }', "`fields`", id="a pair without fields"),
        pytest.param(
            GOOD + '"description" = { fn = "f", fields = ["note"], loss = { other = "x" } }',
            "`loss`",
            id="a loss of a field that the line does not carry",
        ),
        pytest.param(
            GOOD + '"priority" = { code = "note" }', "neither `table` nor `other`", id="a code without a table"
        ),
        pytest.param(
            GOOD + '"priority" = { code = "note", table = "none" }', "no such file", id="a table that is not there"
        ),
        pytest.param(
            GOOD + '"priority" = { code = "note", table = "t", default = "q" }',
            "default `q`",
            id="a default without a row",
        ),
        pytest.param(GOOD + '"priority" = { code = "note", other = "[" }', "`other`", id="a pattern that is none"),
        pytest.param(
            GOOD + '"priority" = { code = "note", table = "t", system = "urn:x" }',
            "`system` for a bare code",
            id="a system on a bare code",
        ),
        pytest.param(GOOD + '"code" = { code = "note", table = "t" }', "no `system`", id="a concept without a system"),
        pytest.param(
            GOOD + '"priority" = { code = "note", table = "oneway" }', "no way back from `a`", id="a missing way back"
        ),
        pytest.param(
            GOOD + '"lastModified" = { date = "note", zone = "America/Torronto" }', "`zone`", id="unknown zone"
        ),
        pytest.param(
            LINE + '"priority" = { field = "note" }', "2 lines that write it back", id="two writers of a field"
        ),
        pytest.param(
            GOOD + '"priority" = { constant = "x" }',
            "neither mapped nor skipped",
            id="a field that nobody accounts for",
        ),
        pytest.param(
            GOOD + '"description" = { field = "note", way = ">" }',
            "never comes back",
            id="sent and silently not returned",
        ),
        pytest.param(
            GOOD + '"description" = { field = "note", way = "<" }',
            "neither mapped nor skipped",
            id="written back and never sent",
        ),
        pytest.param(LINE + '[skipped]\nnote = "x"', "both mapped and skipped", id="mapped and skipped"),
        pytest.param(LINE + '[not_returned]\nnote = "x"', "under [not_returned]", id="comes back and is said not to"),
        pytest.param(LINE + '[skipped]\nnone = "x"', "an unknown field", id="skipped, and no field"),
        pytest.param(LINE + '[skipped]\nnote = ""', "no reason", id="skipped without a reason"),
        pytest.param(
            LINE.replace("[resource.t.element]", 'each = { child = "kid" }\n[resource.t.element]'),
            "child `kid`",
            id="unknown child",
        ),
        pytest.param(
            LINE + '[resource.u]\ninside = "v"\nat = "identifier"', "inside `v`", id="inside an unknown block"
        ),
        pytest.param(LINE + '[resource.u]\ninside = "t"\nat = "focus"', "at `focus`", id="inside what is no list"),
    ],
)
def test_a_wrong_file_is_refused_with_file_key_and_next_step(small: Loader, toml, says):
    tables = {
        "t": "local,code\nA,a\n",
        "oneway": "local,code,way\nA,a,>\n",
        "cols": "field,kind\nnote,n\n",
        "gaps": "field,kind\nnote,\n",
        "twice": "field,kind\nnote,n\nnote,n\n",
    }
    with pytest.raises(Refused) as caught:
        small(toml, form("note"), {**PAIR, "half": (str, None)}, **tables)

    error = caught.value
    assert says in str(error)
    assert error.where.startswith("mappings/toy/")
    assert error.next_step


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("", "line 1"),
        ("code,local\nA,a\n", "line 1"),
        ("local,code,way,display,more\nA,a,<->,x,y\n", "line 1"),
        ("local,code,way\nA,a,both\n", "way `both`"),
        ("local,code,way\nA,,<->\n", "an empty cell"),
        ("local,code,way\n,a,>\n", "an empty cell"),
        ("local,code,way\nA,a,<->\nA,b,>\n", "`A` a second time"),
        ("local,code,way\nA,a,<->\nB,a,<->\n", "a second way back from `a`"),
        ("local,code,way\nA,a,<->\nB,a,<\n", "a second way back from `a`"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(small: Loader, table, says):
    with pytest.raises(Refused) as caught:
        small(GOOD + '"priority" = { code = "note", table = "t" }', form("note"), t=table)

    assert says in str(caught.value)
    assert "mappings/toy/t.csv" in caught.value.where


def test_a_field_of_the_record_above_is_only_looked_at(small: Loader):
    toml = LINE + '"priority" = { field = "kid.rank" }'

    with pytest.raises(Refused, match='way = ">"'):
        small(toml, form("note", kid=form("rank")))

    toml = LINE + '"priority" = { field = "kid.rank", way = ">" }\n[not_returned]\nkid.rank = "toy"'
    mapping = small(toml, form("note", kid=form("rank")))
    record = Record("R", {"note": "n"}, {"kid": (Record("kid", {"rank": "1"}), Record("kid", {"rank": "2"}))})
    assert mapping.to_fhir(record, Context("a")).resources[0]["resource"]["priority"] == "1"


def test_a_record_kind_that_the_system_has_not_is_refused(tmp_path: Path):
    (tmp_path / "X.toml").write_text(LINE)

    with pytest.raises(Refused, match="record kind `X`"):
        load("toy", [tmp_path], {"R": form("note")}, {})


def test_a_folder_without_mappings_is_refused(tmp_path: Path):
    with pytest.raises(Refused, match=r"no \.toml file"):
        load("toy", [tmp_path, tmp_path / "absent"], {}, {})


def test_a_later_folder_overlays_an_earlier_one_file_by_file(tmp_path: Path):
    packaged, data = ROOT / "mappings" / "cms", tmp_path / "mappings" / "cms"
    before = load("cms", [packaged, data], columns(), FUNCTIONS)
    data.mkdir(parents=True)
    text = (packaged / "gender.csv").read_text(encoding="utf-8")
    (data / "gender.csv").write_text(text + "femme,female,>\n", encoding="utf-8")
    after = load("cms", [packaged, data], columns(), FUNCTIONS)
    record = Record("RF_REQUEST", {}, {"client": (Record("client", {"gender": "femme"}),)})

    found = after.records["RF_REQUEST"].to_fhir(record, Context("harbour")).resources

    assert [entry["resource"]["gender"] for entry in found if entry["fullUrl"] == "urn:block:client"] == ["female"]
    assert before.digest == load("cms", [packaged], columns(), FUNCTIONS).digest
    assert after.digest != before.digest


def test_the_digest_tells_names_and_bytes_apart(tmp_path: Path):
    digests = set()
    for name, tail in (("a", ""), ("b", ""), ("a", "\n")):
        folder = tmp_path / f"{name}{len(tail)}"
        folder.mkdir()
        (folder / "R.toml").write_text(LINE)
        (folder / f"{name}.csv").write_text("local,code\nA,a\n" + tail)
        digests.add(load("toy", [folder], {"R": form("note")}, {}).digest)

    assert len(digests) == 3
    assert all(len(digest) == 64 for digest in digests)


def test_every_word_is_explained_in_the_readme():
    text = (ROOT / "mappings" / "README.md").read_text(encoding="utf-8")

    missing = [word for word in (*WORDS, *ALWAYS) if f"`{word}`" not in text]
    options = [option for word in WORDS.values() for option in word.options if option not in text]

    assert (missing, options) == ([], [])
