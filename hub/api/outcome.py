"""What an answer looks like: a resource, or an OperationOutcome that says what is wrong and what to do.

An OperationOutcome names its place (``expression``), the exact code (``details``) and says in words what was got and
what was expected. A text of ours holds no personal value (INV-1); a text that is not ours is never passed on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import orjson
from fastapi import Response

from consent.fhir.node import Fault as Misread
from hub.errors import HubError, MappingGap, MessageRejected, NeedsReview, Refused, Unavailable
from hub.exchange.strict import FAULTS_MAX, NotOurMessage
from hub.exchange.strict import Fault as Misplaced
from hub.model.codes import REASON_CODE
from hub.model.fhir import Resource, coding, concept

MEDIA = "application/fhir+json"
ISSUES_MAX = 20  # [policy] the last net: of faults far fewer are named, and a refusal has a few codes
AGAIN_S = 5  # [policy] Retry-After where the store is away: it is back at once or in a while
_TERMINAL = re.compile(r"(^|[ `(])--[a-z]|(^|`)hub [a-z]")
NONE: Mapping[str, str] = MappingProxyType({})

__all__ = [
    "MEDIA",
    "REASON_CODE",
    "Wrong",
    "answer",
    "faulty",
    "for_software",
    "issue_of",
    "outcome",
    "outcomes",
    "resource",
]


class Wrong(Exception):
    """What a route answers instead of what was asked for. Raise it anywhere below a route."""

    def __init__(
        self,
        status: int,
        issue: str,
        text: str,
        *,
        code: str = "",
        expression: Sequence[str] = (),
        headers: Mapping[str, str] = NONE,
    ) -> None:
        """See :func:`outcome`."""
        super().__init__(f"{status} {issue}")
        self.status, self.issue, self.text, self.code = status, issue, text, code
        self.expression, self.headers = tuple(expression), dict(headers)

    def response(self) -> Response:
        """The answer."""
        return outcome(
            self.status, self.issue, self.text, code=self.code, expression=self.expression, headers=self.headers
        )


def resource(body: Resource, *, status: int = 200, headers: Mapping[str, str] = NONE) -> Response:
    """A FHIR resource as an answer."""
    return Response(orjson.dumps(body), status_code=status, media_type=MEDIA, headers=dict(headers))


def outcome(
    status: int,
    issue: str,
    text: str,
    *,
    code: str = "",
    expression: Sequence[str] = (),
    headers: Mapping[str, str] = NONE,
) -> Response:
    """An OperationOutcome with one issue.

    Args:
        issue: a code of FHIR's ``issue-type``.
        text: what was got, what was expected, what to do. No personal value.
        code: a reason code of ours.
        expression: FHIRPath of what it is about, or ``http.…`` for a header or parameter.
    """
    severity = "information" if status < 300 else "error"
    found = issue_of(severity, issue, text, code=code, expression=expression)
    return outcomes(status, [found], headers=headers)


def outcomes(status: int, issues: Sequence[Resource], *, headers: Mapping[str, str] = NONE) -> Response:
    """An OperationOutcome with several, but never with a list as long as what was sent; see :func:`issue_of`."""
    found = {"resourceType": "OperationOutcome", "issue": list(issues[:ISSUES_MAX])}
    return resource(found, status=status, headers=headers)


def issue_of(severity: str, issue: str, text: str, *, code: str = "", expression: Sequence[str] = ()) -> Resource:
    """One issue of an OperationOutcome; see :func:`outcome`."""
    found: Resource = {"severity": severity, "code": issue}
    if code:
        found["details"] = concept(coding(REASON_CODE, code))
    if text:
        found["diagnostics"] = text
    if expression:
        found["expression"] = list(expression)
    return found


def faulty(status: int, issue: str, faults: Sequence[Misplaced | Misread], *, code: str = "") -> Response:
    """The first faults of what was sent, each by its place; see :func:`issue_of`."""
    return outcomes(
        status,
        [
            issue_of("error", issue, _said(each.got, each.expected), code=code, expression=[each.path])
            for each in faults[:FAULTS_MAX]
        ],
    )


def for_software(error: HubError) -> str:
    """What an error of the desk says, without its words for a terminal: options and commands tell software nothing."""
    parts = (error.where, error.got, error.expected, error.next_step)
    return str(HubError(*("" if _TERMINAL.search(part) else part for part in parts))).removeprefix(": ")


def answer(error: HubError) -> Response | None:
    """An error of the rooms as an answer, by what the sender should do next; None: it is a fault of ours."""
    match error:
        case NotOurMessage():
            return faulty(400, "structure", error.faults, code=error.code)
        case MessageRejected():
            issue = "code-invalid" if isinstance(error, MappingGap) else "invalid"
            return outcome(400, issue, _told(error), expression=[error.where] if error.where else ())
        case NeedsReview():
            return outcome(403, "forbidden", _told(error), code="DN_IDENTITY")
        case Refused():
            return outcome(422, "business-rule", for_software(error))
        case Unavailable():  # its text names a server of ours
            text = "the hub cannot do this now; ask again"
            return outcome(503, "transient", text, headers={"Retry-After": str(AGAIN_S)})
        case _:
            return None


def _said(got: str, expected: str) -> str:
    return f"got {got}, expected {expected}" if expected else f"got {got}"


def _told(error: HubError) -> str:
    said = _said(error.got, error.expected) if error.got else str(error)
    return f"{said}; {error.next_step}" if error.next_step and error.got else said
