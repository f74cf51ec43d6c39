"""What an operator meets is described in ``docs/operator.md``: everything that there is, and nothing that is gone."""

from __future__ import annotations

import ast
import importlib
import re
from datetime import timedelta

import pytest

from adapters.contract import SentState
from hub import errors
from hub.commands import frame
from hub.exchange import ending
from hub.exchange.limits import Limits
from hub.log import LogCode
from hub.mapping.words import WORDS
from hub.model.alerts import AlertCode
from hub.model.audit import AuditEvent
from hub.model.envelope import MessageState
from hub.settings import Settings
from tests.tidy.house import ROOT, modules, name, table, tree

OPERATOR = ROOT / "docs" / "operator.md"
ALARM_CODES = re.compile(r"""alarm\(\s*f?["']([A-Z_]+)""")
UNITS = {
    None: 1,
    "ms": 0.001,
    "s": 1,
    "min": 60,
    "h": 3600,
    "days": 86400,
    "years": 365 * 86400,
    "KB": 2**10,
    "MB": 2**20,
}
EXIT_CODES = {"DONE", "REFUSED", "MISUSED", "BROKEN", "UNAVAILABLE", "INTERRUPTED"}
NOT_A_HUBS = (
    "schemas",
    "hub.sample",
    "hub.commands.demo",
    "hub.store.migrations",
    "hub.keys.sealing",
    "hub.keys.files",
)


def constants() -> dict[str, object]:
    """Named numbers and durations of a running hub, public, at the top of a module: ``file NAME`` to value.

    Not the story of the demo, and not ``…_BYTES``: the size of a part is no limit but a format.
    """
    found: dict[str, object] = {}
    for module, path in modules().items():
        if module.startswith(NOT_A_HUBS):
            continue
        names = {each for node in tree(path).body if isinstance(node, ast.Assign) for each in _names(node)}
        for each in {each for each in names - EXIT_CODES if not each.endswith("_BYTES")}:
            value = getattr(importlib.import_module(module), each)
            if each.isupper() and not each.startswith("_") and type(value) in {int, float, timedelta}:
                found[f"{name(path)} {each}"] = value
    return found


def _names(node: ast.Assign) -> list[str]:
    """The names that an assignment gives at the top of a module."""
    return [each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)]


def amount(cell: str) -> float:
    """The number of a cell, in seconds or bytes where it has a unit."""
    number, unit = re.fullmatch(r"([\d,.]+)(?: (\w+))?", cell).groups()
    return float(number.replace(",", "")) * UNITS[unit]


def there_is(value: object, field: str = "") -> float:
    """The same of a value of the code."""
    plain = value.total_seconds() if isinstance(value, timedelta) else float(value)
    return plain * (0.001 if field.endswith("_MS") else 1)


def family(kind: type[errors.HubError]) -> set[type[errors.HubError]]:
    """A kind of error and everything below it."""
    return {kind}.union(*(family(each) for each in kind.__subclasses__()))


@pytest.mark.parametrize(
    ("heading", "what"),
    [
        ("Settings", set(Settings.model_fields)),
        ("Limits", set(Limits.__dataclass_fields__)),
        ("Limits elsewhere", set(constants())),
        ("Log lines", {code.name for code in LogCode}),
        ("Alerts", {code.name for code in AlertCode}),
        ("Audit events", {event.value for event in AuditEvent}),
        ("Errors", {kind.__name__ for kind in family(errors.HubError)}),
        ("Exit codes", {str(getattr(frame, code)) for code in EXIT_CODES}),
        ("States of a message", {state.value for state in MessageState}),
        (
            "Why a message is returned",
            {value for name, value in vars(ending).items() if name.isupper() and name == value},
        ),
        ("What a system may answer", {state.name for state in SentState}),
    ],
)
def test_a_table_of_the_operators_guide_holds_what_there_is(heading, what):
    assert set(table(OPERATOR, heading)) == what


def test_every_setting_is_there_with_its_variable_and_its_default():
    for field, (variable, default, *_) in table(OPERATOR, "Settings").items():
        assert variable == f"`HUB_{field.upper()}`"
        kept = Settings.model_fields[field].default
        assert default.strip("`") == ("none" if kept is None else str(kept))


def test_every_limit_is_there_with_its_value():
    for field, (value, *_) in table(OPERATOR, "Limits").items():
        assert amount(value) == there_is(getattr(Limits(), field)), field
    for field, (value, *_) in table(OPERATOR, "Limits elsewhere").items():
        assert amount(value) == pytest.approx(there_is(constants()[field], field)), field


def test_every_log_line_is_there_with_its_level():
    levels = {"info": 20, "warning": 30, "error": 40, "critical": 50}
    for code, (level, *_) in table(OPERATOR, "Log lines").items():
        assert levels[level] == LogCode[code].level


def test_every_exit_code_of_an_error_is_right(capsys):
    kinds = {kind.__name__: kind for kind in family(errors.HubError)}
    for kind, (code, *_) in table(OPERATOR, "Errors").items():
        error = kinds[kind].__new__(kinds[kind])
        errors.HubError.__init__(error, "a place")  # some kinds make their text themselves
        assert int(code) == frame.complain(error, as_json=False), kind
    capsys.readouterr()


def test_every_alarm_is_described():
    described = " ".join(table(OPERATOR, "Alarms"))
    raised = {code for path in modules().values() for code in ALARM_CODES.findall(path.read_text(encoding="utf-8"))}

    assert raised
    for code in raised:
        assert code in described


def test_the_words_of_the_mapping_grammar_are_those_of_the_engine():
    rows = table(ROOT / "mappings" / "README.md", "Words")
    leading = {re.split(r" \+ ", row)[0] for row in rows if not row.startswith("…")}

    assert leading - {"inside, at"} == set(WORDS) - {"inside", "at"}


def test_every_table_of_a_mapping_is_named_by_its_file():
    for folder in (path for path in (ROOT / "mappings").iterdir() if path.is_dir() and not path.name.startswith("_")):
        named = set(
            re.findall(r'"(\w+)"', " ".join(path.read_text(encoding="utf-8") for path in folder.glob("*.toml")))
        )
        for path in [path for path in folder.glob("*.csv") if path.read_text(encoding="utf-8").startswith("field,")]:
            named |= set(re.findall(r"\w+", path.read_text(encoding="utf-8")))  # a table of columns may name tables
        for path in folder.glob("*.csv"):
            assert path.stem in named, f"{name(path)} is named by no mapping"
