"""The promises of the hub: each is named by a test, and two that are a matter of structure are tested here."""

from __future__ import annotations

import ast
import re

import pytest
from sqlalchemy import LargeBinary

from hub.store import tables
from tests.tidy.house import files, imports, modules, name, tree

NAMED = range(1, 12)


@pytest.mark.parametrize("number", NAMED)
def test_a_promise_is_named_by_a_test(number):
    tests = [path for path in files() if name(path).startswith("tests/") and path.suffix == ".py"]

    assert any(re.search(rf"INV-{number}\b", path.read_text(encoding="utf-8")) for path in tests)


def callers(method: str, owner: str) -> set[str]:
    """Modules of the hub that call ``<…>.<owner>.<method>(…)``, or ``<…>.<owner>(…).<method>(…)``."""
    found = set()
    for module, path in modules().items():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
                value = node.func.value.func if isinstance(node.func.value, ast.Call) else node.func.value
                if isinstance(value, ast.Attribute) and value.attr == owner:
                    found.add(module)
    return found


def test_inv_4_there_is_one_gate():
    """INV-4: nothing is sealed, put into the outbox or opened but where the rules have just been asked."""
    assert callers("seal", "keys") == {"hub.exchange.release"}
    assert callers("put", "outbox") == {"hub.exchange.release"}
    assert {module for module, path in modules().items() if "hub.exchange.release" in imports(path)} == {
        "hub.exchange.gate"
    }
    assert callers("opened", "handovers") == {"hub.exchange.handover"}
    assert callers("open", "keys") == {"hub.exchange.handover"}
    # notices hold no content; while the store is down, what must not wait (INV-7)
    sending = {"hub.exchange.handover", "hub.exchange.notices", "hub.exchange.outage"}
    assert callers("send", "source") == sending | {"hub.exchange.connections"}, "which hands on what these call"
    deciding = {
        module
        for module, path in modules().items()
        if any(isinstance(node, ast.Name) and node.id == "decide" for node in ast.walk(tree(path)))
    }
    assert deciding - {"consent.decide"} == {
        "hub.exchange.gate",
        "hub.exchange.handover",
        "hub.exchange.outage",  # the one exception (settled S24): it asks the same rules, into the journal
        "hub.exchange.asking",  # what an agency reads again of its referrals, in the unit that notes who looked
        "hub.exchange.taking_back",  # takes back what may lie there no more; releases nothing
        "hub.commands.asking",  # answers a question from its facts alone; releases nothing
        "hub.desk.expiring",  # the same, of days to come
        "hub.desk.simulating",  # of what was decided, by the rules of today
        "consent.simulate",  # and with one thing changed
        "hub.desk.asking",  # says how it would be answered now; releases nothing
        "hub.commands.demo",  # decides stored facts again
    }


def test_inv_6_what_was_refused_has_no_place_to_be_kept():
    """INV-6: content rests in two columns alone, sealed; in one more the words of an override on which something was
    sent, sealed; all other bytes are hashes, keys and codes."""
    binary = {
        f"{table.name}.{column.name}"
        for table in tables.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }

    assert binary == {
        "outbox.sealed",
        "bus_record.body",
        "message_key.wrapped",
        "override_words.sealed",
        "subject_key.wrapped",
        "audit_entry.body",
        "audit_leaf.hash",
        "audit_head.root",
        "checkpoint.note",
    }
    waiting = {column.name for column in tables.waiting.columns}
    assert not waiting & {"payload", "record", "data", "body", "content"}
