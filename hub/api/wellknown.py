"""``GET [base]/.well-known/smart-configuration``: where a client gets its token, and how it proves itself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from hub.access.assertion import ALGORITHMS
from hub.access.scopes import all_offered
from hub.api.served import Served, served

PATH = "/fhir/.well-known/smart-configuration"


def router() -> APIRouter:
    """The one path; it needs no token."""
    routes = APIRouter()

    @routes.get(PATH, summary="SMART configuration")
    def smart_configuration(hub: Annotated[Served, Depends(served)]) -> dict[str, Any]:
        """SMART App Launch 2.2, section Conformance: what of it there is here, which is Backend Services."""
        return {
            "token_endpoint": hub.access.token_url,
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "grant_types_supported": ["client_credentials"],
            "scopes_supported": list(all_offered()),
            "response_types_supported": [],
            "code_challenge_methods_supported": ["S256"],  # the guide wants it said, also where nobody logs in
            "capabilities": ["client-confidential-asymmetric", "permission-v2"],
        }

    return routes
