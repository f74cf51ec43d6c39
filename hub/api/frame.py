"""Around every answer: headers that keep browsers and caches away, and an answer also where the hub has a fault.

No header of a request changes what it does: a method is the one of its first line (X-HTTP-Method-Override is not read),
and nothing is said to other origins (no CORS). An id of the caller's own comes back if it is a UUID.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.api.outcome import outcome
from hub.errors import HubError, Unexpected
from hub.model.fhir import UUID

PREFIX = "/fhir"
QUERY_MAX = 8 * 1024  # [policy] characters; a token of a next page has some hundred
_FORMATS = {"json", "application/json", "application/fhir+json", "application/fhir json"}  # a + may arrive as a space
_READABLE = re.compile(r"(application|\*)/(\*|json|fhir\+json)\s*(;.*)?")
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_YEAR_S = 365 * 24 * 3600


class Frame:
    """The outermost of our own layers.

    Args:
        https: whether the hub is reached so; browsers are then told to come back only so.
        new_id: an id to quote, for what went wrong with us.
        report: told of a fault of ours, with its line of code.
    """

    def __init__(
        self, app: ASGIApp, *, https: bool, new_id: Callable[[], str], report: Callable[[str, HubError], None]
    ) -> None:
        self._app, self._new_id, self._report = app, new_id, report
        self._headers = _SAFE | ({"Strict-Transport-Security": f"max-age={_YEAR_S}"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = Headers(scope=scope).get("x-request-id", "").lower()
        headers = self._headers | ({"X-Request-ID": request_id} if UUID.fullmatch(request_id) else {})
        begun = False

        async def framed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message).update(headers)
            await send(message)

        refused = _unreadable(scope)
        try:
            await (refused or self._app)(scope, receive, framed)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold anything (INV-1)
            fault = self._new_id()
            self._report(f"http/{fault}", Unexpected.met("http", error))
            if begun:
                raise _Broken from None
            text = f"a fault of the hub; tell its operator the id {fault}"
            await outcome(500, "exception", text, headers={"X-Request-ID": fault})(scope, receive, framed)


class _Broken(Exception):
    """An answer that had begun and cannot be ended: the connection is cut. It holds nothing of the request."""


def _unreadable(scope: Scope) -> ASGIApp | None:
    """The refusal of what asks for a form that we do not write."""
    if not scope["path"].startswith(PREFIX + "/"):
        return None
    query = scope["query_string"]
    if len(query) > QUERY_MAX:
        return outcome(414, "too-long", f"a query of more than {QUERY_MAX} characters; use POST [type]/_search")
    try:
        wanted = parse_qs(query.decode("ascii"), keep_blank_values=True).get("_format", [])
    except ValueError:
        return outcome(400, "structure", "a query that cannot be read; encode it as RFC 3986 says")
    ranges = [each.strip() for line in Headers(scope=scope).getlist("accept") for each in line.split(",")]
    readable = not any(ranges) or any(_READABLE.fullmatch(each.lower()) for each in ranges)
    if not readable or any(each.lower() not in _FORMATS for each in wanted):
        return outcome(406, "not-supported", "another format than application/fhir+json; ask for that, or for none")
    return None
