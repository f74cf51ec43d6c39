"""``hub alerts test``: who is reached, who is not, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hub.__main__ import command_line, real_tools

SECRET = "zq-hook-secret"


def alerts_test(folder: Path, settings: str, *args: str) -> Result:
    (folder / "hub.toml").write_text(settings)
    return CliRunner().invoke(command_line(real_tools()), ["alerts", "test", "--dir", str(folder), *args])


def url(hook: Any) -> str:
    return f"http://127.0.0.1:{hook.server_address[1]}/{SECRET}"


def test_every_role_is_tried(tmp_path: Path, hook: Any) -> None:
    result = alerts_test(tmp_path, f'[alerts]\nadministrator = ["{url(hook)}"]\nofficer = ["{url(hook)}"]\n')

    assert result.exit_code == 0
    assert result.stdout == "role\treached\tnot reached\nadministrator\t1\t0\nofficer\t1\t0\n"
    assert [each["code"] for each in hook.posts] == ["TEST", "TEST"]


def test_a_role_without_recipients_is_a_finding(tmp_path: Path, hook: Any) -> None:
    result = alerts_test(tmp_path, f'[alerts]\nadministrator = ["{url(hook)}"]\n', "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["roles"]["officer"] == {"reached": 0, "failed": []}


def test_who_is_out_of_reach_is_named_by_role_and_place_alone(tmp_path: Path) -> None:
    result = alerts_test(tmp_path, f'[alerts]\nofficer = ["http://127.0.0.1:1/{SECRET}"]\n')

    assert result.exit_code == 1
    assert "alerts.officer 1: got URLError" in result.stderr
    assert SECRET not in result.output


@pytest.mark.parametrize(
    "settings",
    [
        f'[alerts]\nofficer = ["gopher://{SECRET}"]\n',
        f'[alerts]\nofficer = "{SECRET}"\n',
        f"[alerts]\n{SECRET} = 1\n",
        f'[alerts]\nsmtp = "{SECRET}"\n',
        f'[alerts]\nsmtp = "{SECRET}:x"\nsender = "a@example.org"\n',
        f'alerts = "{SECRET}"\n',
    ],
)
def test_settings_that_cannot_be_are_refused_and_not_repeated(tmp_path: Path, settings: str) -> None:
    result = alerts_test(tmp_path, settings)

    assert result.exit_code == 1
    assert "hub.toml" in result.stderr
    assert SECRET not in result.output
