"""Whatever is asked of the API is answered as ``schemas/openapi.json`` says, and nothing of it comes back.

schemathesis makes requests out of the document, good ones and bad ones; others are its examples with something changed.
All are sent to a hub on which what the examples name is there. The same requests each time; others, and more, in
``make soak``.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_asgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.api.openapi import PATH
from tests.clients.record import Recorder, told
from tests.clients.test_contract import DOCUMENT, MEDIA, operations
from tests.referral_messages import request

MARK = "Zqmarked"
TO_LAKESIDE = {"/fhir/Task/{number}", "/fhir/$deliveries", "/fhir/$open", "/fhir/$acknowledge"}  # it is to answer
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SOAK = bool(os.environ.get("HUB_SOAK"))
AT_MOST = settings(
    max_examples=200 if SOAK else 8,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a failure is told as it was met: to shrink it would ask a hub that has moved on
    suppress_health_check=list(HealthCheck),
)
# what takes the consent back comes last: all else rests on it
IN_ORDER = sorted(operations(), key=lambda each: "$revoke" in each[0])
ALL = [pytest.param(path, method, id=f"{method} {path}") for path, method, _ in IN_ORDER]
JUNK: list[Any] = [
    None,
    "",
    MARK,
    1,
    -1.5,
    True,
    [],
    {},
    [None],
    [[]],
    {MARK: MARK},
    "\u0000",
    "9" * 300,
    {"reference": 5},
]


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    """A hub that lets one client ask as often as it likes: time stands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_API_PER_S", "1000000")
        patch.setenv("HUB_API_BURST", "1000000")
        with told() as found:
            found.ask(found.harbour, "POST", "/fhir/$process-message", request(own="R-2"))  # waits to be opened
            found.door.network.run()
            yield found


@pytest.fixture(scope="module")
def document(recorder: Recorder) -> schemathesis.BaseSchema:
    return from_asgi(PATH, recorder.door.app)


def ask(recorder: Recorder, case: Case, software: bool = True) -> Any:
    """Send it and judge what comes."""
    recorder.door.network.clock.advance(timedelta(seconds=13))  # what counts by the minute is spent, and comes back
    recorder.harbour.tokens.clear()
    recorder.lakeside.tokens.clear()
    by = recorder.lakeside if case.path in TO_LAKESIDE else recorder.harbour
    headers = {"Authorization": f"Bearer {by.token()}"} if software else {}
    case.headers.pop("Authorization", None)
    answer = case.call_and_validate(headers=headers, checks=CHECKS)
    faults, recorder.door.faults[:] = list(recorder.door.faults), []
    assert faults == []
    said = without_self(answer.content.decode()) + json.dumps(dict(answer.headers))
    assert MARK.lower() not in said.lower(), "what was sent came back"
    if answer.status_code >= 400 and case.path.startswith("/fhir/") and case.path != "/fhir/token":
        assert json.loads(answer.content)["resourceType"] == "OperationOutcome"
    return answer


def without_self(text: str) -> str:
    """An answer without the link in which FHIR has a search repeat the parameters that were understood (S53)."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if isinstance(found, dict) and found.get("type") == "searchset":
        found["link"] = [each for each in found.get("link", ()) if each["relation"] != "self"]
    return json.dumps(found)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("path", "method"), ALL)
def test_what_the_document_allows_and_what_it_does_not(
    recorder: Recorder, document: schemathesis.BaseSchema, path: str, method: str, mode: GenerationMode
) -> None:
    operation = document[path][method]
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query or operation.path_parameters):
        return  # nothing about it can be wrong

    @AT_MOST
    @given(case=operation.as_strategy(generation_mode=mode), marked=st.booleans())
    def asked(case: Case, marked: bool) -> None:
        if marked and isinstance(case.query, dict):
            case.query[MARK] = MARK
        ask(recorder, case)

    asked()


@pytest.mark.parametrize(("path", "method"), ALL)
def test_an_example_with_something_changed(
    recorder: Recorder, document: schemathesis.BaseSchema, path: str, method: str
) -> None:
    operation, said = document[path][method], deepcopy(DOCUMENT["paths"][path][method])  # it is brought up to date
    content = said.get("requestBody", {}).get("content", {})
    example = next((each.get("example") for each in content.values()), None)
    media = next(iter(content), None)
    shown = {each["name"]: (each["in"], each.get("example")) for each in said.get("parameters", ())}

    @settings(AT_MOST, max_examples=AT_MOST.max_examples * (4 if content else 1))
    @given(data=st.data())
    def asked(data: st.DataObject) -> None:
        now_so(recorder, path, example, shown)
        values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
        for name, (where, value) in shown.items():
            if value is not None or where == "path":
                values[where][name] = data.draw(st.sampled_from([value, value, f"{value}{MARK}", MARK]))
        body = data.draw(changed(example)) if media == MEDIA else example
        if media not in (None, MEDIA):
            body = {**example, data.draw(st.sampled_from(sorted(example))): MARK}
        case = operation.Case(
            path_parameters=values["path"],
            query=values["query"],
            headers=values["header"],
            **({"body": body, "media_type": media} if media else {}),
        )
        ask(recorder, case)

    asked()


def now_so(recorder: Recorder, path: str, example: Any, shown: dict[str, tuple[str, Any]]) -> None:
    """An example names what was there when it was recorded; here it names what is there now."""
    recorder.lakeside.tokens.clear()
    if "If-Match" in shown:
        version = recorder.lakeside.get(f"Task/{shown['number'][1]}").headers.get("etag", 'W/"1"')  # none: suspended
        shown["If-Match"] = ("header", version)
    waits = path in ("/fhir/$open", "/fhir/$acknowledge") and recorder.lakeside.get("$deliveries").json()
    if waits and "parameter" in waits:
        example["parameter"][0]["valueString"] = waits["parameter"][0]["part"][0]["valueString"]


@pytest.mark.parametrize(("path", "method"), ALL)
def test_without_a_token_nothing_is_read(
    recorder: Recorder, document: schemathesis.BaseSchema, path: str, method: str
) -> None:
    operation = document[path][method]
    if "security" not in DOCUMENT["paths"][path][method]:
        return

    @settings(AT_MOST, max_examples=3)
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def asked(case: Case) -> None:
        answer = ask(recorder, case, software=False)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == ["Bearer"]

    asked()


@st.composite
def changed(draw: st.DrawFn, example: Any) -> Any:
    """An example under ids of its own, with up to three places changed, dropped or marked."""
    found = copy.deepcopy(example)
    if found.get("resourceType") == "Bundle":
        found = json.loads(json.dumps(found).replace(found["identifier"]["value"], str(draw(st.uuids(version=4)))))
        found = json.loads(json.dumps(found).replace('"R-5512"', f'"R-{draw(st.integers(1000, 99999))}"'))
        header = found["entry"][0]
        header["resource"]["id"] = str(draw(st.uuids(version=4)))
        header["fullUrl"] = f"urn:uuid:{header['resource']['id']}"
    for _ in range(draw(st.integers(0, 3))):
        places = list(below(found))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        how = draw(st.sampled_from(["junk", "junk", "drop", "mark"]))
        if how == "drop":
            del holder[key]
        elif how == "mark" and isinstance(holder[key], str):
            holder[key] += MARK
        else:
            holder[key] = copy.deepcopy(draw(st.sampled_from(JUNK)))
    return found


def below(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document: what holds it, and under which key."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in parts:
        yield value, key
        yield from below(each)
