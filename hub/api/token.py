"""``POST [base]/token``: a client's proof for a token (RFC 6749 section 4.4, SMART Backend Services).

Answers and errors are OAuth's, not FHIR's: who asks is a library of OAuth.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from hub.access import Denied
from hub.api.body import FormFields
from hub.api.served import Served, served

_STATUS = {"invalid_client": 401}  # RFC 6749, section 5.2; every other is 400
_NOT_KEPT = {"Pragma": "no-cache"}  # RFC 6749, section 5.1, beside Cache-Control: no-store, which all answers have


def router() -> APIRouter:
    """/fhir/token."""
    routes = APIRouter()

    @routes.post("/fhir/token", summary="Get a token", response_class=JSONResponse)
    def token(fields: FormFields, hub: Annotated[Served, Depends(served)]) -> JSONResponse:
        """A token of five minutes for a client that proves itself with private_key_jwt."""
        try:
            given = hub.access.grant(fields)
        except Denied as denied:
            return _denied(denied)
        body = {"access_token": given.token, "token_type": "bearer", "expires_in": given.lives_s, "scope": given.scope}
        return JSONResponse(body, headers=_NOT_KEPT)

    return routes


def _denied(denied: Denied) -> JSONResponse:
    body = {"error": denied.error} | ({"error_description": denied.text} if denied.text else {})
    if denied.wait_s is not None:
        return JSONResponse(body, status_code=429, headers=_NOT_KEPT | {"Retry-After": str(denied.wait_s)})
    return JSONResponse(body, status_code=_STATUS.get(denied.error, 400), headers=_NOT_KEPT)
