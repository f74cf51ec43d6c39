"""What a case management system holds of a person's situation: needs, an assessment, who belongs to the household.

Two needs say more than that there is one (settled S10): of violence, and of the state of a mind. They are categories of
their own, and stay behind where nobody has ticked them. Nothing here knows the hub: what leaves is judged with it.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from sqlite3 import Connection
from typing import Any

from hub.sample.database import Row, select

Situation = Mapping[str, tuple[Row, ...]]  # table of ``cms.sql`` -> rows

ISSUES = (
    "housing", "income", "health", "safety", "legal", "education", "employment", "language", "settlement", "childcare",
    "isolation",
)  # fmt: skip
TEXTS = ("needs", "strengths", "barriers")
_TELLS_OF: Mapping[str, str] = {"safety": "DV", "health": "HEALTH_MENTAL"}
_COLUMNS: Mapping[str, Mapping[str, str]] = {  # of what travels with a referral -> column -> category
    "assessment": {**dict.fromkeys(("done_on", "kind", "priority"), "NEEDS"), **dict.fromkeys(TEXTS, "NOTES_FREE")},
    "relation": dict.fromkeys(("relation", "same_household"), "FAMILY"),
}


def drawn(chance: random.Random, index: int, number: int, today: date) -> Situation:
    """Needs of somebody's case, and what a worker wrote when assessing them.

    Args:
        index: of the person: nobody's texts are another's; ``number``: of the case.
    """
    codes = chance.sample(ISSUES, chance.choice((0, 1, 1, 2, 3)))
    issues = tuple({"case_id": number, "rank": rank, "issue_code": code} for rank, code in enumerate(codes, start=1))
    if chance.random() >= 0.4:
        return {"presenting_issue": issues}
    assessment = {
        "assessment_id": number,
        "case_id": number,
        "done_on": (today - timedelta(days=chance.randrange(15, 40))).isoformat(),
        "kind": chance.choice(("initial", "re-assessment")),
        "priority": chance.choice(("high", "medium", "low", None)),
        "needs": f"Asked for help twice this month, says entry {index:06d}.",
        "strengths": f"Came to every appointment, says entry {index:06d}." if chance.random() < 0.5 else None,
        "barriers": f"No care for the evenings, says entry {index:06d}." if chance.random() < 0.5 else None,
    }
    return {"presenting_issue": issues, "assessment": (assessment,)}


def related(relation_ids: tuple[int, int], pair: tuple[int, int], words: tuple[str, str]) -> Situation:
    """Two clients of one agency who live together: each stands in the other's record.

    Args:
        words: what the second is to the first, and the first to the second.
    """
    ends = zip(relation_ids, (pair, pair[::-1]), words, strict=True)
    return {
        "client_relation": tuple(
            {"relation_id": id_, "client_id": of, "related_client_id": to, "relation": word, "same_household": 1}
            for id_, (of, to), word in ends
        )
    }


def held(situation: Situation, number: int) -> set[str]:
    """Categories of which the rows of one client, with the case of the same number, say something."""
    found = {category_of_need(row["issue_code"]) for row in situation.get("presenting_issue", ())}
    for row in situation.get("assessment", ()):
        found |= {category for name, category in _COLUMNS["assessment"].items() if row[name]}
    if any(row["client_id"] == number for row in situation.get("client_relation", ())):
        found.add("FAMILY")
    return found


def category_of_need(code: str) -> str:
    """What a need tells of."""
    return _TELLS_OF.get(code, "NEEDS")


def read(db: Connection, case: int, client: int) -> Situation:
    """The rows of one case and its client, as they stand now."""
    queries = (
        ("presenting_issue", "SELECT * FROM presenting_issue WHERE case_id = ? ORDER BY rank", case),
        ("assessment", "SELECT * FROM assessment WHERE case_id = ? ORDER BY done_on DESC LIMIT 1", case),
        ("client_relation", "SELECT * FROM client_relation WHERE client_id = ? ORDER BY relation_id", client),
    )
    return {table: tuple(select(db, query, [number])) for table, query, number in queries}


def arriving(situation: Situation, may: Collection[str]) -> dict[str, list[Row]]:
    """What of it must come with a referral where so much may go: each need by itself, an assessment in parts."""
    needs = (row["issue_code"] for row in situation["presenting_issue"])
    return {
        "issue": [{"issue_code": code} for code in needs if category_of_need(code) in may],
        "assessment": _parts("assessment", situation["assessment"], may),
        "relation": _parts("relation", situation["client_relation"], may),
    }


def _parts(table: str, rows: Collection[Row], may: Collection[str]) -> list[Row]:
    columns = [name for name, category in _COLUMNS[table].items() if category in may]
    found = ({name: row[name] for name in columns if row[name] is not None} for row in rows)
    return [row for row in found if row]


def told(payload: Mapping[str, Any]) -> Iterator[str]:
    """Categories of the situation that came with a referral; of a column that nobody knows, its name."""
    for row in payload.get("issue", ()):
        yield from (category_of_need(row[name]) if name == "issue_code" else name for name in row)
    client = (payload.get("client") or [{}])[0]
    for table, rows in (("assessment", payload.get("assessment", ())), ("relation", client.get("relation", ()))):
        yield from (_COLUMNS[table].get(name, name) for row in rows for name in row)
