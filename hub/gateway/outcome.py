"""What the hub answers, in words: an OperationOutcome, a response message, an OAuth error. Pure.

A hub says nothing personal in these (INV-1). They are printed on a worker's terminal, so nothing of them may steer it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from hub.errors import HubError, Refused, Unavailable

_TEXT_LENGTH = 400  # of a sentence of the hub's, as it is shown
_SEVERE = {"fatal", "error"}
_BUSY = {429, 502, 503, 504}
_SECONDS = re.compile(r"[0-9]{1,5}")
_LATER = "nothing is lost; run it again later"
_KNOWN = {
    401: ("this agency's key is not taken", "register jwks.json again, see that the system is not suspended"),
    403: ("this system may not do that", "ask whoever runs the hub for the scope or the agreement"),
    404: ("no such message here", "`hub gateway list`; refused, unknown and acknowledged ones look alike"),
    413: ("too large for the hub", "send a smaller message"),
}


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that the hub says.

    Args:
        code: its reason code, else the FHIR issue type.
        where: which element; "" where it names none.
    """

    severity: str
    code: str
    text: str
    where: str


def issues(resource: Mapping[str, Any] | None) -> list[Issue]:
    """What an OperationOutcome says, or the one inside a response message."""
    return [
        _issue(each) for outcome in _outcomes(resource) for each in _list(outcome, "issue") if isinstance(each, dict)
    ]


def response_code(resource: Mapping[str, Any] | None) -> str:
    """``ok``, ``transient-error`` or ``fatal-error`` of a response message; "" where it is none."""
    for each in _resources(resource):
        response = each.get("response")
        if each.get("resourceType") == "MessageHeader" and isinstance(response, dict):
            return plain(response.get("code"))
    return ""


def refusal(place: str, status: int, body: bytes, retry_after: str) -> HubError:
    """An answer that is no success, as the error that says what to do."""
    resource = parse(body)
    said = issues(resource)
    if status in _BUSY or status >= 500:
        wait = f"; in {retry_after} s" if _SECONDS.fullmatch(retry_after) else ""
        return Unavailable(place, f"HTTP {status}{wait}", "an answer of the hub", _LATER)
    if 300 <= status < 400:
        return Refused(place, f"a redirect (HTTP {status})", "an answer of the hub itself", "mend base in --config")
    meaning, next_step = _KNOWN.get(status, ("", ""))
    oauth = plain(resource.get("error")) if resource and not said else ""
    got = ", ".join(word for word in (f"HTTP {status}", said[0].code if said else oauth, meaning) if word)
    return Refused(place, got, "", said[0].text if said and said[0].text else next_step)


def not_accepted(status: int, body: bytes, retry_after: str) -> list[HubError]:
    """Why a message that was handed in is not accepted, a line each; nothing: it is."""
    said = parse(body)
    if status == 200 and response_code(said) == "ok":
        return []
    if status == 200 and response_code(said) == "transient-error":
        return [Unavailable("message", "transient-error", "ok", _LATER)]
    if status in _BUSY or status >= 500:
        return [refusal("message", status, body, retry_after)]
    if status == 200 and not response_code(said):
        got, next_step = "an answer that is not understood", "is base in --config the hub's FHIR address?"
        return [Refused("message", got, "a response message", next_step)]
    _, next_step = _KNOWN.get(status, ("", ""))
    return _problems(said, next_step) or [refusal("message", status, body, retry_after)]


def parse(body: bytes) -> dict[str, Any] | None:
    """A JSON object, or nothing."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def plain(value: object) -> str:
    """A text on one line, without what steers a terminal, and not endless."""
    text = value if isinstance(value, str) else ""
    return "".join(sign if sign.isprintable() else " " for sign in text[:_TEXT_LENGTH]).strip()


def _problems(resource: Mapping[str, Any] | None, next_step: str) -> list[HubError]:
    """Every error of an outcome, a line each."""
    return [
        Refused(each.where or "message", each.code, "", each.text or next_step)
        for each in issues(resource)
        if each.severity in _SEVERE
    ]


def _issue(said: Mapping[str, Any]) -> Issue:
    details = said.get("details")
    codings: Sequence[Any] = _list(details, "coding") if isinstance(details, dict) else []
    reason = next((plain(each.get("code")) for each in codings if isinstance(each, dict)), "")
    text = plain(said.get("diagnostics")) or (plain(details.get("text")) if isinstance(details, dict) else "")
    where = ", ".join(plain(each) for each in _list(said, "expression")[:5])
    return Issue(plain(said.get("severity")), reason or plain(said.get("code")), text, where)


def _outcomes(resource: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    return (each for each in _resources(resource) if each.get("resourceType") == "OperationOutcome")


def _resources(resource: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """A resource, and those of its entries."""
    if resource is None:
        return
    yield resource
    for entry in _list(resource, "entry"):
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield entry["resource"]


def _list(said: Mapping[str, Any], name: str) -> list[Any]:
    found = said.get(name)
    return found if isinstance(found, list) else []
