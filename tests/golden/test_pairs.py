"""Golden messages of the matrix: what is carried or partly carried is seen to arrive (settled S18).

Several contents of a pair ride on one message, so a case is a folder named by them. Under ``tests/golden/pairs/``:

- ``<from>/<message>/``: the files as they lie in a system that says it (the rows of a CMS as SQL, an iCARE workbook as
  a CSV with the technical ids), and ``message.json``, the Bundle that the exchange makes of them for whomever.
- ``<from>-<to>/<content>+<content>/``: what then lies in a system of the other kind, under the names of its own files,
  and ``lost.json``: what was told to be lost, and what the matrix says is lost of each content.

The folders are the carried and partly carried cells, no more and no fewer. A new cell asks for the files of its sender
alone; the rest is written by ``HUB_GOLDEN=write pytest tests/golden/test_pairs.py`` (read the difference before you
commit it); a run that writes proves nothing and says so. All people in the cases are invented.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.errors import MessageRejected
from hub.exchange.submission import Submission
from hub.mapping.matrix import ALIAS, Row
from tests import pairs
from tests.pairs import ADAPTERS, HERE, Run

WRITE = os.environ.get("HUB_GOLDEN") == "write"
WAYS = [(one, other, each) for one in ADAPTERS for other in ADAPTERS for each in pairs.messages(one, other)]
SAID = list(dict.fromkeys((one, each) for one, _, each in WAYS))
ENDS = ("requester", "performer[0]", "owner")  # who sends what to whom, the hub says itself (hub/exchange/complete.py)
FOUND = "Task.identifier[#number]"  # the only open referral, where a kind of record may leave out which it is
ON_NO_LINE = {
    "harts": {"file_date", "seq", "line"}
}  # of the file in which a line lies; the matrix takes them for fields

runs = pytest.mark.parametrize(("sender", "message"), [pytest.param(*way, id=" ".join(way)) for way in SAID])
ways = pytest.mark.parametrize(
    ("sender", "receiver", "message"), [pytest.param(*way, id=" ".join(way)) for way in WAYS]
)
Made = Callable[[str, str], Run]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The message of a kind of system, made once."""
    known: dict[tuple[str, str], Run] = {}

    def of(sender: str, message: str) -> Run:
        if (sender, message) not in known:
            known[sender, message] = pairs.run(sender, message, tmp_path_factory.mktemp(f"{sender}-{message}"))
        return known[sender, message]

    yield of
    for run in known.values():
        run.hub.close()


@runs
def test_the_message_of_a_real_file_is_as_it_is_kept(made: Made, sender: str, message: str) -> None:
    run, file = made(sender, message), HERE / sender / message / "message.json"
    bundle = pairs.pretty(run.submission.bundle)

    if WRITE:
        file.write_text(bundle, encoding="utf-8")
        pytest.skip("written anew: read the difference")
    assert run.submission.allowed
    assert file.read_text(encoding="utf-8") == bundle


@ways
def test_what_lies_in_the_other_system_is_as_it_is_kept(
    made: Made, tmp_path: Path, sender: str, receiver: str, message: str
) -> None:
    contents = [cell.content for cell in pairs.cells_of(sender, receiver, message)]
    there = _cases(sender, receiver, message)
    folder = HERE / f"{sender}-{receiver}" / "+".join(contents)
    texts: dict[str, str] = {}
    if contents:
        run = made(sender, message)
        written = pairs.write(run.hub.house, sender, receiver, run.submission)
        texts = pairs.deliver(receiver, written, tmp_path)
        texts["lost.json"] = pairs.kept(sender, receiver, message, run, written)

    if WRITE:
        for old in there:
            shutil.rmtree(old)
        if contents:
            pairs.write_texts(folder, texts)
        pytest.skip("written anew: read the difference")
    assert there == ([folder] if contents else [])
    assert (pairs.read_texts(folder) if contents else {}) == texts


@ways
def test_a_field_arrives_if_and_only_if_the_matrix_says_so(
    made: Made, sender: str, receiver: str, message: str
) -> None:
    """The record is sent again without the field: what changes in the other system depends on it."""
    if not pairs.cells_of(sender, receiver, message):
        assert not _cases(sender, receiver, message)
        return
    run = made(sender, message)
    whole = _body(run, sender, receiver, run.submission)
    sheet = pairs.sheet_of(sender, receiver, message)
    found = {FOUND} if pairs.record_kind(sender, message).only_open else set[str]()
    told = [
        row
        for row in sheet.rows
        if row.sender in run.fields and row.element not in found and not _left_to_the_hub(row, receiver)
    ]

    wrong = {}
    for row in told:
        body = _without(run, sender, receiver, row.sender)
        if body is not None and (body != whole) != bool(row.receiver) and not _filled_in(run, row, whole):
            wrong[row.sender] = (
                f"{row.verdict}, but what is written {'changes' if body != whole else 'does not change'}"
            )

    assert told
    assert wrong == {}


def test_every_folder_is_a_cell_of_the_matrix() -> None:
    """With the case of each pair above: as many folders as cells, and no other."""
    kinds = {f"{one}-{other}" for one in ADAPTERS for other in ADAPTERS}
    names = {path.name: [below.name for below in path.iterdir()] for path in HERE.iterdir()}
    messages = {one: {each for kind, each in SAID if kind == one} for one in ADAPTERS}

    assert names.keys() <= kinds | set(ADAPTERS)
    assert {one: set(names.get(one, ())) for one in ADAPTERS} == messages
    for name in names.keys() & kinds:
        sender, receiver = name.split("-")
        own = [case.name for message in pairs.messages(sender, receiver) for case in _cases(sender, receiver, message)]
        assert sorted(names[name]) == sorted(own)


def _cases(sender: str, receiver: str, message: str) -> list[Path]:
    """The folders of a pair whose first content this message brings."""
    folder, brought = HERE / f"{sender}-{receiver}", pairs.message_of(sender, receiver)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [case for case in found if brought.get(case.name.split("+")[0]) == message]


def _body(run: Run, sender: str, receiver: str, submission: Submission) -> bytes:
    parcel = pairs.write(run.hub.house, sender, receiver, submission).parcel
    return parcel.body if parcel else b""


def _without(run: Run, sender: str, receiver: str, place: str) -> bytes | None:
    """What is written of the record that does not say a field; None: without it there is no message."""
    try:
        return _body(run, sender, receiver, run.without(place))
    except MessageRejected:
        return None


def _left_to_the_hub(row: Row, receiver: str) -> bool:
    """Whether the hub says it itself, or nobody reads it out of a line: nothing that the record says is looked for."""
    on_no_line = bool(row.receiver) and set(row.receiver) <= ON_NO_LINE.get(receiver, set())
    return row.element.partition(".")[2] in ENDS or ALIAS in row.reasons or on_no_line


def _filled_in(run: Run, row: Row, whole: bytes) -> bool:
    """Whether a field that cannot be carried is not there, though the hub says something in its place (a moment)."""
    return not row.receiver and not any(text.encode() in whole for text in run.texts(row.sender))
