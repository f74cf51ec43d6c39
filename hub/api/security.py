"""Who asks, and whether they may: the door of every route that is not open to all.

The token alone counts, and only in the Authorization header (RFC 6750, section 2.1). Neither a parameter nor another
header gives or takes a right. What a client may be told about clients' data is the gate's business, not the token's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPBearer

from hub.access import Caller, NoCaller
from hub.access.scopes import satisfies
from hub.api.outcome import Wrong
from hub.api.served import served

__all__ = ["Caller", "needs"]

_BEARER = HTTPBearer(auto_error=False, scheme_name="token")  # for OpenAPI alone: `known` reads the header
TOKEN_MAX = 4096  # characters; ours have some 600


def needs(scope: str) -> Callable[..., Caller]:
    """A dependency that gives the caller, where its token has this scope.

    ``caller: Annotated[Caller, Depends(needs("Task.r"))]``

    Let it be the first parameter of a route: what follows, a body of some megabytes, is then not read for strangers.
    """
    kind, _, letter = scope.partition(".")
    assert kind
    assert len(letter) == 1
    assert letter in "cruds", "one letter of a SMART scope"

    def caller(request: Request, _: Annotated[object, Security(_BEARER)]) -> Caller:
        found = known(request)
        if not satisfies(found.scopes, kind, letter):
            asked = f'Bearer error="insufficient_scope", scope="system/{scope}"'
            text = f"the token has not the scope system/{scope}; ask for it at the token URL"
            raise Wrong(403, "forbidden", text, headers={"WWW-Authenticate": asked})
        return found

    caller.scope = scope  # type: ignore[attr-defined]  # the CapabilityStatement reads it
    return caller


def known(request: Request) -> Caller:
    """The caller of a request, whatever its scopes.

    Raises:
        Wrong: 401 without a valid token, 429 past the client's rate.
    """
    headers = request.headers.getlist("authorization")
    if not headers:
        raise _unknown("no token: send the header Authorization: Bearer with one of the token URL", "Bearer")
    scheme, _, token = headers[0].partition(" ")
    invalid = 'Bearer error="invalid_token"'
    if len(headers) > 1 or scheme.lower() != "bearer" or not 0 < len(token) <= TOKEN_MAX:
        raise _unknown("another Authorization header than one Bearer token; send that alone", invalid)
    access = served(request).access
    try:
        found = access.caller(token)
    except NoCaller:
        text = "a token that is not valid or not valid any more; get a new one at the token URL"
        raise _unknown(text, invalid) from None
    wait_s = access.rates.request(found.client)
    if wait_s is not None:
        text = f"more requests than this client may make; ask again in {wait_s} s"
        raise Wrong(429, "throttled", text, headers={"Retry-After": str(wait_s)})
    return found


def _unknown(text: str, challenge: str) -> Wrong:
    return Wrong(401, "login", text, headers={"WWW-Authenticate": challenge})
