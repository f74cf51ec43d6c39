"""Invented EOIS records, whole or with holes, awkward values often. All people are invented."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.eois import ADAPTER
from adapters.eois.record import columns
from adapters.eois.summary import groups
from hub.mapping import load
from hub.model.record import Record

from .conftest import ROOT
from .test_roundtrip import day, text

FOLDER = ROOT / "mappings" / "eois"
EOIS = load("eois", [FOLDER], columns(), ADAPTER.functions)
TABLES = {
    "service": "service_wanted",
    "program": "program",
    "client.identify_as": "gender",
    "client.status_in_canada": "immigration_status",
    "client.preferred_language": "preferred_language",
    "client.race_group.code": "race_group",
    "client.health_group.code": "health_group",
}
PLAN_TABLES = {
    "outcome": "case_outcome",
    "exit": "exit_reason",
    "satisfaction": "satisfaction",
    "month": "milestone",
    "sub_goal.outcome": "goal_achievement",
    **{f"{name}.name": name for name in groups() if name != "summary_unnamed"},
}
OWN_STATUS = {"PLAN": "plan_status", "FOLLOW_UP": "follow_up_status"}
STATES = ("received", "accepted", "waitlisted", "declined")
ALWAYS = ("number", "created", "sender_sds", "receiver_sds", "service", "status")


def words(table: str) -> list[str]:
    """The words of a table that may come in."""
    lines = (Path(FOLDER) / f"{table}.csv").read_text(encoding="utf-8").splitlines()[1:]
    return sorted({word for word, _, way, *_ in (line.split(",") for line in lines) if word and way != "<"})


POSSIBLE = {place: words(table) for place, table in (TABLES | PLAN_TABLES).items()}


def value(place: str, chance: random.Random, kind: str = "") -> str:
    """A value that the field may hold."""
    name = place.rpartition(".")[2]
    if place == "status" and kind in OWN_STATUS:
        return chance.choice(words(OWN_STATUS[kind]))
    if place in POSSIBLE:
        return chance.choice(POSSIBLE[place])
    special = {
        "status": lambda: chance.choice(STATES),
        "created": lambda: chance.choice(
            (f"{day(chance)}T10:15:00-04:00", f"{day(chance)}T14:15:00+00:00", day(chance))
        ),
        "number": lambda: "K7QM2XWBREFE",
        "hours_per_week": lambda: chance.choice(("20", "37.5", "30.00")),
        "self_initiated": lambda: chance.choice(("1", "0")),
        "client_id": lambda: chance.choice(("1234567", "123")),
        "first_name": lambda: chance.choice((text(chance), "FNU", ".")),
        "postal_code": lambda: chance.choice(("M5V2T6", "m5v 2t6", "M4Y")),
        "street_number": lambda: chance.choice(("4", "12B", "Oak")),
        "phone": lambda: chance.choice(("416-555-0142", "416-555-0142 ext 3", "none")),
        "email": lambda: chance.choice(("a@example.org", "at the library")),
        "reason": lambda: chance.choice((text(chance), "n" * 4001)),
    }
    if name in special:
        return special[name]()
    days = ("_date", "_on", "_start", "_end", "date")
    return day(chance) if name.endswith(days) or name == "date_arrived" else text(chance)


def record(kind: str, seed: int) -> Record:
    """A record of a kind, the same for the same seed."""
    chance = random.Random(seed)
    return _record(kind, columns()[kind], chance, chance.choice((0.5, 1.0)), "", kind)


def _record(kind: str, form: Mapping[str, Any], chance: random.Random, fill: float, prefix: str, root: str) -> Record:
    kept = [name for name in form["fields"] if (not prefix and name in ALWAYS) or chance.random() < fill]
    fields = {name: value(prefix + name, chance, root) for name in kept}
    children = {
        name: (_record(name, below, chance, fill, f"{prefix}{name}.", root),)
        for name, below in form.get("children", {}).items()
    }
    return Record(kind, fields, {name: rows for name, rows in children.items() if rows[0].fields or rows[0].children})
