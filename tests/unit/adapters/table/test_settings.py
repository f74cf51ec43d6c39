"""The settings of a system of tables: what is missing, unknown or of another type is refused; a password too."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.contract import Source
from adapters.table import card
from hub.clock import UtcClock
from hub.errors import Refused
from hub.kinds import PACKAGED_MAPPINGS
from tests.contract.source import Memory

HOUSING = card("housing", (PACKAGED_MAPPINGS / "housing" / "records.toml").read_bytes())
CSV: dict[str, Any] = {"form": "csv", "path": "/data/housing"}
SQL: dict[str, Any] = {"form": "sql", "path": "/data/housing.sqlite", "answers_path": "/data/answers.csv"}
SERVER: dict[str, Any] = {**SQL, "path": "", "url": "postgresql://hub@db.example:5432/housing"}


def connect(settings: dict[str, Any]) -> Source:
    return HOUSING.connect({name: value for name, value in settings.items() if value != ""}, Memory(), UtcClock().now)


@pytest.mark.parametrize(
    "settings",
    [
        CSV,
        {**CSV, "encoding": "windows-1252", "delimiter": "semicolon", "dates": "DD/MM/YYYY", "site": "H1"},
        {**CSV, "table.referrals": "export 2026.csv"},
        {"form": "xlsx", "path": "/data/housing.xlsx", "header_row": "3", "table.referrals": "Référés"},
        SQL,
        {**SQL, "read_every_s": 0, "table.referrals": "public.v_referrals"},
        {**SERVER, "password_file": "/data/password"},
    ],
)
def test_settings_that_are_right_connect_and_open_nothing(settings: dict[str, Any]) -> None:
    connect(settings).close()


@pytest.mark.parametrize(
    ("settings", "place", "got"),
    [
        pytest.param({}, "form", "nothing", id="none at all"),
        pytest.param({**CSV, "form": "ods"}, "form", "aaa", id="another form"),
        pytest.param({"form": "csv"}, "path", "nothing", id="no path"),
        pytest.param({**CSV, "url": SERVER["url"]}, "settings", "1 that are none", id="a server for files"),
        pytest.param({**CSV, "password": "hunter2"}, "settings", "1 that are none", id="a password"),
        pytest.param({**CSV, "table.invoices": "x"}, "settings", "1 that are none", id="a table of another kind"),
        pytest.param({**CSV, "dates": "D/M/YY"}, "dates", "a/a/aa", id="a form of days that is not listed"),
        pytest.param({**CSV, "encoding": "latin-1"}, "encoding", "aaaaa-9", id="an encoding that is not listed"),
        pytest.param({**CSV, "delimiter": ";"}, "delimiter", "_", id="a sign for a word"),
        pytest.param({**CSV, "table.referrals": "../other/referrals"}, "table.referrals", "length", id="a way out"),
        pytest.param({**CSV, "path": 7}, "path", "a int", id="a number"),
        pytest.param({"form": "xlsx", "path": "x.xlsx", "header_row": "0"}, "header_row", "9", id="row nought"),
        pytest.param({"form": "xlsx", "path": "x.xlsx", "header_row": True}, "header_row", "aaaa", id="a yes"),
        pytest.param({**SQL, "path": ""}, "path", "neither path nor url", id="no database"),
        pytest.param({**SERVER, "path": "x.sqlite"}, "path", "both path and url", id="two databases"),
        pytest.param({**SQL, "answers_path": ""}, "answers_path", "nothing", id="no place for answers"),
        pytest.param({**SQL, "password_file": "x"}, "password_file", "a password for a file", id="a file's password"),
        pytest.param(
            {**SQL, "table.referrals": 'x"; DROP TABLE y'}, "table.referrals", "length", id="no name of a table"
        ),
        pytest.param({**SERVER, "url": "postgresql://hub:hunter2@db/housing"}, "url", "a password in it", id="INV-1"),
        pytest.param({**SERVER, "url": "mysql://hub@db/housing"}, "url", "no such URL", id="another server"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name_and_never_repeated(
    settings: dict[str, Any], place: str, got: str
) -> None:
    with pytest.raises(Refused) as refused:
        connect(settings)

    assert refused.value.where.startswith("housing settings")
    assert place in refused.value.where
    assert got in refused.value.got
    assert refused.value.next_step
    assert "hunter2" not in str(refused.value)
