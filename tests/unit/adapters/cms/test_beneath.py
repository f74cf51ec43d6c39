"""What stands beneath a referral besides its client: relations, issues and the newest assessment of its case.

On either engine.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from adapters.cms.record import parse
from tests import cms_builder as cms
from tests.contract.source import drain, keys

KEY = "referral_out:1"


@pytest.fixture
def client(db: Any) -> int:
    """A client with a case and a referral; their number."""
    number = cms.add_client(db)
    cms.add_referral(db, number)
    return number


def read(source: Any) -> dict[str, Any]:
    (raw,) = source.refetch([KEY])
    parse(raw.key, raw.data)
    return orjson.loads(raw.data)


def test_a_child_of_the_client_comes_as_a_relation_without_a_name(db, source, client):
    child = cms.add_client(db, last_name="Zyxwvut", first_name="Noor")
    cms.add_relation(db, client, child)

    row = read(source)

    assert row["client"][0]["relation"] == [
        {"relation_id": 1, "client_id": client, "related_client_id": child, "relation": "child", "same_household": 1}
    ]
    assert "Zyxwvut" not in str(row)


def test_case_38_whose_relation_is_anonymous_has_none(db, source, client):
    cms.add_relation(db, client, cms.add_client(db, is_anonymous=1))

    assert "relation" not in read(source)["client"][0]


def test_the_issues_of_the_case_come_in_order_of_rank(db, source, client):
    cms.add_issues(db, 1, "housing", "employment")

    row = read(source)

    assert row["issue"] == [{"rank": 1, "issue_code": "housing"}, {"rank": 2, "issue_code": "employment"}]
    assert "issues" not in row["case"][0]


def test_the_newest_assessment_of_the_case_comes_and_no_other(db, source, client):
    cms.add_assessment(db, client, done_on="2026-03-01", kind="re-assessment", needs="The newest")
    cms.add_assessment(db, client, done_on="2026-02-01")
    other = cms.add_case(db, client, program="YOUTH")
    cms.add_assessment(db, client, case_id=other, done_on="2026-04-01", needs="Of another case")

    (found,) = read(source)["assessment"]

    assert found["needs"] == "The newest"


def test_the_end_of_a_case_with_issues_is_read_without_them(db, source, client):
    cms.add_issues(db, 1, "housing")
    cms.close_case(db, client)

    (raw,) = source.refetch(["case:1"])

    assert "issues" not in orjson.loads(raw.data)
    assert parse(raw.key, raw.data).get("closure_reason") == "EMPLOYED"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda db: cms.update(db, "client_relation", 1, relation="sibling"), id="a relation"),
        pytest.param(lambda db: db.execute("DELETE FROM client_relation"), id="a relation that goes"),
        pytest.param(lambda db: cms.update(db, "assessment", 1, needs="Other words"), id="an assessment"),
        pytest.param(lambda db: db.execute("DELETE FROM assessment"), id="an assessment that goes"),
        pytest.param(lambda db: cms.add_issues(db, 1, "income"), id="an issue"),
    ],
)
def test_a_change_beneath_brings_the_referral_again_with_its_revision(db, source, client, change):
    cms.add_relation(db, client, cms.add_client(db))
    cms.add_assessment(db, client)
    cursor = drain(source)[1]
    (before,) = source.refetch([KEY])

    change(db)

    page = source.fetch(cursor)
    assert KEY in keys(page.raws)
    (after,) = [raw for raw in page.raws if raw.key == KEY]
    assert after.revision == before.revision
    assert after.data != before.data
