"""``records.toml``: every wrong file is refused with file, key, what was got, what was expected and what to do."""

from __future__ import annotations

import pytest

from adapters.pairs import FUNCTIONS
from adapters.table import card, schema, settings
from adapters.table.cells import DATES, TYPES
from adapters.table.delimited import DELIMITERS, ENCODINGS
from adapters.table.schema import EVENTS, ONE, read_schema
from hub.errors import Refused
from hub.kinds import PACKAGED_MAPPINGS
from tests.tidy.house import ROOT

SMALL = """
[RF_REQUEST]
makes = "referral"
table = "requests"
key = "no"
[RF_REQUEST.columns]
no = "id"
person = { type = "id", column = "Person no." }
to_org = "code"
mark = "flag"
[RF_REQUEST.child.client]
table = "people"
parent = "client_id"
above = "person"
[RF_REQUEST.child.client.columns]
client_id = "id"
last_name = { type = "text", required = true }
phone = { type = "text", only_if = "safe" }
safe = "flag"
"""


def changed(old: str, new: str) -> bytes:
    assert old in SMALL
    return SMALL.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("data", "place", "got", "expected"),
    [
        pytest.param(b"\xff\xfe", "", "no TOML", "TOML in UTF-8", id="bytes that are no text"),
        pytest.param(b"[RF_REQUEST", "end of document", "no TOML", "TOML in UTF-8", id="no TOML"),
        pytest.param(b"", "", "no kind of record", "[RF_REQUEST]", id="an empty file"),
        pytest.param(b"[WL_LIST]\n", "", "the word `WL_LIST`", "one of RF_REQUEST", id="an unknown kind of record"),
        pytest.param(b"RF_REQUEST = 7\n", "RF_REQUEST", "a int", "a table", id="no table"),
        pytest.param(
            changed('table = "requests"', 'tabel = "requests"'),
            "RF_REQUEST",
            "the word `tabel`",
            "one of makes",
            id="an unknown word",
        ),
        pytest.param(changed('makes = "referral"\n', ""), "RF_REQUEST.makes", "nothing", "a text", id="no makes"),
        pytest.param(
            changed('"referral"', '"consent"'), "RF_REQUEST.makes", "`consent`", "`referral`", id="makes something else"
        ),
        pytest.param(changed('table = "requests"\n', ""), "RF_REQUEST.table", "nothing", "a text", id="no table named"),
        pytest.param(
            changed('"requests"', '"../requests"'),
            "RF_REQUEST.table",
            "../aaaaaaaa",
            "letters, digits",
            id="a path for a table",
        ),
        pytest.param(changed('"requests"', "12"), "RF_REQUEST.table", "a int", "a text", id="a number for a table"),
        pytest.param(changed('key = "no"\n', ""), "RF_REQUEST.key", "nothing", "the field, or a list", id="no key"),
        pytest.param(
            changed('key = "no"', "key = []"), "RF_REQUEST.key", "a list", "the field, or a list", id="an empty key"
        ),
        pytest.param(
            changed('key = "no"', 'key = "number"'),
            "RF_REQUEST.key",
            "`number`",
            "a field of type id",
            id="a key that is no column",
        ),
        pytest.param(
            changed('key = "no"', 'key = "to_org"'),
            "RF_REQUEST.key",
            "`to_org`",
            "a field of type id",
            id="a key of another type",
        ),
        pytest.param(
            changed('key = "no"', 'key = ["no", "person"]'),
            "RF_REQUEST.key",
            "2 fields",
            "the one field",
            id="a referral with two numbers",
        ),
        pytest.param(
            changed('key = "no"', 'key = "no"\nrevision = "no"'),
            "RF_REQUEST.revision",
            "listed under [columns]",
            "of its own",
            id="a revision that is content",
        ),
        pytest.param(
            changed('key = "no"', 'key = "no"\npersonal_key = "yes"'),
            "RF_REQUEST.personal_key",
            "a str",
            "true or false",
            id="a yes that is a text",
        ),
        pytest.param(
            changed('key = "no"', 'key = "no"\nwhere = { state = ["x"] }'),
            "RF_REQUEST.where.state",
            "no such field",
            "a field",
            id="a condition on no field",
        ),
        pytest.param(
            changed('key = "no"', 'key = "no"\nwhere = { to_org = "x" }'),
            "RF_REQUEST.where.to_org",
            "a str",
            "a list of words",
            id="a condition without a list",
        ),
        pytest.param(
            changed('no = "id"\n', 'no = "number-plate"\n'),
            "RF_REQUEST.columns.no.type",
            "`number-plate`",
            "one of id, text",
            id="an unknown type",
        ),
        pytest.param(
            changed('no = "id"\n', "no = 3\n"),
            "RF_REQUEST.columns.no",
            "a int",
            "a table",
            id="a type that is a number",
        ),
        pytest.param(
            changed('no = "id"\n', 'No = "id"\n'),
            "RF_REQUEST.columns.No",
            "a name of this form",
            "lower-case",
            id="a field in capitals",
        ),
        pytest.param(
            changed('no = "id"\n', 'no = { type = "id", colunm = "No" }\n'),
            "RF_REQUEST.columns.no",
            "the word `colunm`",
            "one of type, column",
            id="an unknown word of a column",
        ),
        pytest.param(
            changed('no = "id"\n', 'no = { column = "No" }\n'),
            "RF_REQUEST.columns.no.type",
            "nothing",
            "a text",
            id="a column without a type",
        ),
        pytest.param(
            changed('no = "id"\n', 'no = { type = "id", required = "yes" }\n'),
            "RF_REQUEST.columns.no.required",
            "a str",
            "true or false",
            id="a required that is a text",
        ),
        pytest.param(
            changed('no = "id"\n', 'no = { type = "id", column = "to_org" }\n'),
            "RF_REQUEST.columns.no",
            "stands under two names",
            "each column once",
            id="one column twice",
        ),
        pytest.param(
            changed('only_if = "safe"', 'only_if = "sure"'),
            "child.client.columns.phone.only_if",
            "`sure`",
            "a field of type flag",
            id="a mark that is no column",
        ),
        pytest.param(
            changed('only_if = "safe"', 'unless = "last_name"'),
            "child.client.columns.phone.unless",
            "`last_name`",
            "a field of type flag",
            id="a mark that is no flag",
        ),
        pytest.param(
            changed('parent = "client_id"\n', ""), "RF_REQUEST.child.client.parent", "nothing", "a text", id="no parent"
        ),
        pytest.param(
            changed('parent = "client_id"', 'parent = "person_no"'),
            "RF_REQUEST.child.client.parent",
            "`person_no`",
            "a field of this table",
            id="a parent that is no column",
        ),
        pytest.param(
            changed('above = "person"', 'above = "client"'),
            "RF_REQUEST.child.client.above",
            "`client`",
            "the table above",
            id="nothing above",
        ),
        pytest.param(
            changed('above = "person"', 'above = "mark"'),
            "RF_REQUEST.child.client.above",
            "type flag",
            "type id or code",
            id="a link over a flag",
        ),
        pytest.param(
            changed("[RF_REQUEST.child.client]", "[RF_REQUEST.child.to_org]").replace(
                b"child.client.columns", b"child.to_org.columns"
            ),
            "RF_REQUEST.child.to_org",
            "the name of a column",
            "another name",
            id="a child named as a column",
        ),
        pytest.param(
            SMALL.partition("[RF_REQUEST.child")[0].encode(),
            "RF_REQUEST.child",
            "no child `client`",
            "child.client",
            id="nobody whom it is about",
        ),
        pytest.param(
            SMALL.replace("RF_REQUEST", "CONSENT").replace('"referral"', '"consent"').encode(),
            "CONSENT",
            "consents without requests",
            "[RF_REQUEST]",
            id="consents alone",
        ),
        pytest.param(
            b'[RF_STATUS]\nmakes = "referral-status"\n[RF_STATUS.columns]\nstatus = "code"\n',
            "RF_STATUS.columns",
            "no field hub_referral_no",
            "the number that came",
            id="answers to nothing",
        ),
        pytest.param(
            b'[RF_STATUS]\nmakes = "referral-status"\ncolumns = {}\n',
            "RF_STATUS.columns",
            "nothing",
            "a table of columns",
            id="no columns",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_and_what_to_do(
    data: bytes, place: str, got: str, expected: str
) -> None:
    with pytest.raises(Refused) as refused:
        read_schema("rooms", data)

    error = refused.value
    assert error.where.startswith("mappings/rooms/records.toml")
    assert place in error.where
    assert got in error.got
    assert expected in error.expected
    assert error.next_step


def test_what_stands_in_the_file_by_mistake_is_told_by_its_shape() -> None:
    """Somebody may paste a row of a person into it."""
    with pytest.raises(Refused) as refused:
        read_schema("rooms", b'[RF_REQUEST]\nmakes = "Amara Okonkwo, 1991-07-22"\n')

    assert "Okonkwo" not in str(refused.value)
    assert "1991" not in str(refused.value)


def test_a_column_is_called_as_its_header_says_and_a_table_lists_what_is_read_of_it() -> None:
    rooms = read_schema("rooms", SMALL.encode())

    assert rooms.tables() == {
        "requests": ("no", "Person no.", "to_org", "mark"),
        "people": ("client_id", "last_name", "phone", "safe"),
    }


def test_a_kind_without_answers_only_sends() -> None:
    rooms = card("rooms", SMALL.encode())

    assert rooms.render is None
    assert rooms.takes("referral") is None
    assert rooms.takes("referral-status") is None
    assert rooms.notice is not None, "it is told of refusals all the same"


def test_a_kind_that_is_told_of_answers_needs_no_table_of_its_own_answers() -> None:
    answers = b'[RF_STATUS]\nmakes = "referral-status"\n[RF_STATUS.columns]\nhub_referral_no = "id"\nstatus = "code"\n'

    rooms = card("rooms", SMALL.encode() + answers)

    kind = rooms.takes("referral-status")
    assert kind is not None
    assert kind.own == "own_number"
    assert rooms.takes("referral") is None
    assert read_schema("rooms", SMALL.encode() + answers).tables().keys() == {"requests", "people"}


def test_consents_stand_before_the_requests_that_may_rest_on_them() -> None:
    housing = read_schema("housing", (PACKAGED_MAPPINGS / "housing" / "records.toml").read_bytes())

    assert list(housing.forms) == ["CONSENT", "RF_REQUEST", "RF_STATUS"]


def test_every_word_of_the_file_and_every_setting_stands_in_its_guide() -> None:
    mappings = (ROOT / "mappings" / "README.md").read_text(encoding="utf-8").partition("## A kind of tables")[2]
    guide = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8").partition("## Settings")[2]
    words = {
        *schema._RECORD_WORDS,
        *schema._CHILD_WORDS,
        *schema._COLUMN_WORDS,
        *EVENTS,
        *EVENTS.values(),
        *TYPES,
        *ONE,
    }
    names = {"form", "dates", "site", *(name for form in settings.FORMS for name in settings._ONLY[form])}

    assert [word for word in sorted(words) if word not in mappings] == []
    assert [word for word in sorted({*names, *DATES, *ENCODINGS, *DELIMITERS}) if f"`{word}`" not in guide] == []


def test_every_named_pair_stands_in_the_guide_with_the_fields_that_it_tells_of() -> None:
    mappings = (ROOT / "mappings" / "README.md").read_text(encoding="utf-8").partition("## A kind of tables")[2]

    assert [name for name in FUNCTIONS if f"`{name}` (`" not in mappings.replace("\n  ", " ")] == []
