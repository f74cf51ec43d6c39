"""INV-1, consent rules 6: what a worker writes when there is danger is in no file or answer of the hub, in no form.

A whole story of declared duties of care with a mark in every field; then everything that the hub has and says is
searched for each mark: in the clear, as UTF-16, in base64 (wherever it begins), hex, URL and JSON spelling.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest

from hub.errors import Unavailable
from tests import cms_builder as cms
from tests.danger import client, declared, in_danger, limbs
from tests.network import Network
from tests.scenario.test_serve import serving
from tests.unit.commands.conftest import Desk

FIELDS = (
    *("last", "first", "street", "city", "file", "told", "narrative", "attempts", "fact", "child", "reached", "review"),
    *("refusedtold", "refusednarrative", "journaltold", "journalnarrative", "handtold", "handname", "officer"),
)
CHILD = {"child_birth_date": "2018-05-04"}


def mark(name: str) -> str:
    """A word that stands nowhere else; not ASCII, so that its spellings differ."""
    return f"Zq{name}éxj"


def spellings(word: str) -> Iterator[bytes]:
    """How a text may stand in bytes."""
    plain = word.encode()
    yield plain
    yield word.encode("utf-16-le")
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    yield quote(word).encode()
    yield json.dumps(word)[1:-1].encode()
    for ahead in range(3):  # base64 of it, wherever it begins in the whole
        text = base64.b64encode(b"\0" * ahead + plain)
        whole = text[(0, 2, 3)[ahead] : -4]
        yield whole
        yield whole.replace(b"+", b"-").replace(b"/", b"_")


SOUGHT = {spelled: name for name in FIELDS for spelled in spellings(mark(name))}


def get(url: str) -> str:
    """What a page says, whatever its status."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def told(kind: str, **more: object) -> dict[str, object]:
    """What a worker writes, a mark in every field."""
    return {
        "told": f"{mark(kind + 'told')} says so.",
        "narrative": f"{mark(kind + 'narrative')} said on the phone at nine what would be done tonight, and meant it.",
        "attempts": f"{mark('attempts')} did not answer.",
        **more,
    }


@pytest.fixture
def story(tmp_path) -> Iterator[tuple[Network, Desk, list[str]]]:
    """Declared, refused, ended, journaled, reviewed, declared by hand; and all that was said about it."""
    network = in_danger(tmp_path)
    desk = Desk(network.dir / "hub", network.clock, [])
    names = {"last_name": mark("last"), "first_name": mark("first"), "file_no": "2026-777"}
    about = client(network, **names, address_line=mark("street"), city=mark("city"))
    db = network.db("harbour")
    facts = dict.fromkeys(limbs("DOC-SELF"), f"{mark('fact')} told me.")
    went = cms.add_override(db, about, "DOC-SELF", "hospital", facts, **told(""), imminent=1)
    cms.add_override(db, about, "DOC-SELF", "landlord", facts, **told("refused"), imminent=1)
    child = {**CHILD, "child_name": f"{mark('child')}, {mark('first')}"}
    grounds = dict.fromkeys(limbs("ST-CHILD-PROTECT"), mark("fact"))
    report = cms.add_override(db, about, "ST-CHILD-PROTECT", "society", grounds, **told(""), **child)
    network.run()
    cms.add_word(db, went, "w-301", "self-review", said=f"{mark('review')} was rung back, and is with a sister now.")
    cms.update(db, "override_declaration", report, reported_to=mark("reached"), reported_at="2026-06-01 12:10:00")
    network.run()
    late = cms.add_override(db, about, "DOC-SELF", "hospital", facts, **told("journal"), imminent=1)
    network.hub.store.database.close()
    store = network.hub.settings.database
    store.rename(store.with_name("away"))
    store.mkdir()
    with pytest.raises(Unavailable):
        network.hub.step()
    store.rmdir()
    store.with_name("away").rename(store)
    network.run()
    said = [desk.run("override", "list", "--as", "w-500", "--agency", "harbour").output]
    number = declared(network, went).override_id
    by_hand = {"code": "DOC-SELF", "recipient_org": "hospital", "imminent": 1, "consent_sought": "unsafe-to-ask"}
    by_hand |= told("hand", notice="tell-after", client=[{"last_name": mark("handname"), "birth_date": "x"}])
    declare = ("override", "declare", "-", "--system", "harbour-cms", "--as", "w-301")
    said.append(desk.run(*declare, stdin=json.dumps(by_hand)).output)
    review = ("override", "review", number, "--part", "officer", "--outcome", "MISUSE", "--words", "-")
    said.append(
        desk.run(*review, "--as", "w-500", stdin=f"{mark('officer')} was not in danger at all that night.").output
    )
    said.append(
        desk.run(
            "override", "review", number, "--part", "officer", "--outcome", mark("officer"), "--as", "w-500"
        ).output
    )
    said.append(desk.run("override", "end", number, "--cause", mark("officer"), "--as", "w-301").output)
    network.clock.advance(timedelta(hours=80))
    network.run()
    assert declared(network, late).journaled
    network.verifies()
    network.hub.log.export(network.hub.settings.dir / "export")
    with serving(network.hub.settings.dir) as url:
        said += [get(f"{url}{path}") for path in ("/metrics", "/healthz", "/readyz", f"/{quote(mark('last'))}")]
    said += [json.dumps(row) for row in network.inbox("harbour")]
    yield network, desk, said
    network.hub.close()


def found_in(data: bytes) -> set[str]:
    return {SOUGHT[spelled] for spelled in SOUGHT if spelled in data}


def test_no_mark_is_in_any_file_or_answer_of_the_hub(story):
    network, _, said = story
    files = {
        path.relative_to(network.hub.settings.dir).as_posix(): found_in(path.read_bytes())
        for path in network.hub.settings.dir.rglob("*")
        if path.is_file()
    }

    assert {name: marks for name, marks in files.items() if marks} == {}
    assert {"journal/entries", "journal/directory", "export/entries.jsonl"} <= files.keys()
    assert [found_in(text.encode()) for text in said if found_in(text.encode())] == []


def test_the_marks_arrive_where_they_are_meant_to_and_nowhere_else(story):
    """Or the test above could not fail."""
    network, desk, _ = story
    came = json.dumps([network.inbox("hospital"), network.inbox("society")], ensure_ascii=False)

    arrived = {name for name in FIELDS if mark(name) in came}
    assert arrived == {"last", "first", "told", "child", "journaltold"}
    number = network.inbox("hospital", "override")[0]["payload"]["override_no"]
    shown = desk.ok("override", "show", number, "--as", "w-500")
    assert {name for name in FIELDS if mark(name) in shown} == {
        "narrative",
        "told",
        "attempts",
        "fact",
        "review",
        "officer",
    }


def test_each_spelling_is_found_where_it_stands():
    word = mark("last")
    wrapped = [b"x" * ahead + word.encode() + b"y" * 5 for ahead in range(3)]

    for text in wrapped:
        assert found_in(base64.b64encode(text)) == {"last"}
        assert found_in(text.hex().encode()) == {"last"}
    assert found_in(json.dumps({"a": word}).encode()) == {"last"}
    assert found_in(quote(word).encode()) == {"last"}
    assert found_in(b"nothing of it") == set()


def test_a_hub_that_dies_leaves_no_core():
    asks = (
        "import resource, sys; sys.argv = ['hub', '--help']\n"
        "from hub.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('core', resource.getrlimit(resource.RLIMIT_CORE))"
    )
    said = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True).stdout

    assert said.splitlines()[-1] == "core (0, 0)"
