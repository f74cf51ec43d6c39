"""What the OpenAPI document says in words of its own: schemas, errors, parameters, by operation or interaction.

A key is the name of an operation without ``$``, an interaction of FHIR, or a path that is neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.access.door import JWT_BEARER
from hub.exchange.index import NEXT
from hub.exchange.index.terms import COUNT_DEFAULT, COUNT_MAX

Schema = dict[str, Any]

WHAT: Mapping[str, str] = {
    "read": "Read one",
    "vread": "Read one version of a",
    "history-instance": "Read all versions of a",
    "search-type": "Search",
    "update": "Move a referral by its",
    "number": "The number of it that the caller knows: of a referral the hub's, of a consent the caller's own.",
    "version": "The version: 1, 2, …",
    "alias": "The caller's own alias of the client.",
    "own_id": "Its id in the directory.",
    "name": "Its id, as a search has given it.",
    "envelope": "The id of the message's envelope, a UUID.",
}

# which types an operation answers with, where it is not Parameters; and which it reads
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "process-message": ("Bundle",),
    "file-consent": ("Consent", "OperationOutcome"),
    "match": ("Bundle",),
    "disclosures": ("Bundle",),
}
BODIES: Mapping[str, str] = {"process-message": "Bundle"}

SEARCHES: Mapping[str, str] = {
    "token": "A token: code, or system|code. Modifiers: :not, :missing.",
    "reference": "A reference: Type/id or id. Modifiers: :identifier, :missing.",
    "date": "A date or time, with a prefix such as ge before it or without. Modifier: :missing.",
    "string": "How it begins. Modifiers: :exact, :contains, :missing.",
}
INCLUDES: Mapping[str, str] = {
    "include": "The requests of these Tasks too.",
    "revinclude": "The Tasks of these requests too.",
}
COMMON: Mapping[str, Schema] = {
    "_count": {
        "description": f"How many a page holds; {COUNT_DEFAULT} where it is left out.",
        "schema": {"type": "integer", "minimum": 1, "maximum": COUNT_MAX},
    },
    "_sort": {
        "description": "What they are sorted by; a type that has not the order refuses it.",
        "schema": {"enum": ["_id", "_lastUpdated", "-_lastUpdated"]},
    },
    NEXT: {"description": "The token of a next link; it stands alone.", "schema": {"type": "string"}},
}
PARAMETERS: Mapping[str, Mapping[str, Schema]] = {
    "ihe-pix": {
        "sourceIdentifier": {
            "required": True,
            "description": "The caller's own number of the client: system|value.",
            "schema": {"type": "string"},
        },
        "targetSystem": {
            "required": True,
            "description": "The system of the hub's aliases; there is no other.",
            "schema": {"type": "string"},
        },
    },
    "disclosures": {
        "start": {"description": "The first day or instant.", "schema": {"type": "string"}},
        "end": {"description": "The last one, included.", "schema": {"type": "string"}},
    },
    "update": {
        "If-Match": {
            "in": "header",
            "required": True,
            "description": 'The ETag of the version that was read, such as W/"3".',
            "schema": {"type": "string"},
        }
    },
}
_VERSION = {"ETag": 'The version, as W/"3"; there where the type has versions.'}
HEADERS: Mapping[str, Mapping[str, str]] = {
    "read": _VERSION,
    "vread": _VERSION,
    "update": _VERSION,
    "file-consent": {"ETag": 'Its version, as W/"1".', "Location": "Where that version is read."},
}

_AGAIN = {"Retry-After": "In how many seconds."}
_BY_ID = ("read", "vread", "history-instance", "update", "disclosures")
# status -> what it means, its headers, and where it is answered beside the ones that all share
ERRORS: Mapping[str, tuple[str, Mapping[str, str], tuple[str, ...]]] = {
    "400": ("It cannot be read: each fault by its place (expression).", {}, ()),
    "401": ("No valid token.", {"WWW-Authenticate": "RFC 6750."}, ()),
    "403": ("The token has not the scope, or the gate says no: details hold the reason code.", {}, ()),
    "404": (
        "Nothing is there for this caller: absent, somebody else's and refused are one answer.",
        {},
        (*_BY_ID, "open", "acknowledge", "receipt", "revoke-consent", "decide", "ihe-pix", "override"),
    ),
    "408": ("The body took too long.", {}, ()),
    "409": (
        "Another version is the current one, or an id was used before.",
        {"ETag": "The current version of the referral."},
        ("process-message", "update", "file-consent"),
    ),
    "413": ("The body is too long.", {}, ()),
    "415": ("Another Content-Type or Content-Encoding.", {}, ()),
    "422": (
        "A rule forbids it: the text names the rule, and what to do.",
        {},
        ("process-message", "update", "open", "file-consent", "revoke-consent", "override"),
    ),
    "428": ("There is no If-Match.", {}, ("update",)),
    "429": ("More requests than the client may make.", _AGAIN, ()),
    "503": ("Not now; ask again.", _AGAIN, ()),
    "default": ("Whatever else is wrong: 406 another format, 414 a query too long, 500 with an id to quote.", {}, ()),
}

_TEXT: Schema = {"type": "string"}
SCHEMAS: Mapping[str, Schema] = {
    "OperationOutcome": {
        "type": "object",
        "description": "What is wrong, or was left out: a code, the place, what was expected and what to do.",
        "required": ["resourceType", "issue"],
        "properties": {
            "resourceType": {"const": "OperationOutcome"},
            "issue": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["severity", "code"],
                    "properties": {
                        "severity": {"enum": ["error", "warning", "information"]},
                        "code": _TEXT,
                        "details": {"type": "object", "description": "The reason code, of CodeSystem/reason-code."},
                        "diagnostics": _TEXT,
                        "expression": {"type": "array", "items": _TEXT},
                    },
                    "additionalProperties": False,
                },
            },
        },
    },
    "Parameters": {
        "type": "object",
        "description": "FHIR R4 Parameters; each operation takes and gives only the ones of its example.",
        "required": ["resourceType"],
        "properties": {
            "resourceType": {"const": "Parameters"},
            "parameter": {
                "type": "array",
                "items": {"type": "object", "required": ["name"], "properties": {"name": _TEXT}},
            },
        },
    },
    "TokenRequest": {
        "type": "object",
        "required": ["grant_type", "scope", "client_assertion_type", "client_assertion"],
        "properties": {
            "grant_type": {"const": "client_credentials"},
            "scope": {"type": "string", "description": "Scopes with blanks between; what there is of them is given."},
            "client_assertion_type": {"const": JWT_BEARER},
            "client_assertion": {"type": "string", "description": "A JWT, RS384 or ES384 (RFC 7523)."},
        },
    },
    "Token": {
        "type": "object",
        "required": ["access_token", "token_type", "expires_in", "scope"],
        "properties": {
            "access_token": _TEXT,
            "token_type": {"const": "bearer"},
            "expires_in": {"type": "integer", "description": "Seconds."},
            "scope": _TEXT,
        },
    },
    "TokenError": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": _TEXT, "error_description": _TEXT},
    },
}
# what is answered otherwise than as FHIR: its media type and schema
PLAIN: Mapping[str, tuple[str, Schema]] = {
    "/healthz": ("application/json", {"type": "object", "properties": {"alive": {"const": True}}}),
    "/readyz": (
        "application/json",
        {"type": "object", "required": ["ready", "why"], "properties": {"ready": {"type": "boolean"}, "why": _TEXT}},
    ),
    "/metrics": ("text/plain", _TEXT),
    "/fhir/token": ("application/json", {"$ref": "#/components/schemas/Token"}),
    "/fhir/.well-known/smart-configuration": (
        "application/json",
        {"type": "object", "required": ["token_endpoint"], "properties": {"token_endpoint": _TEXT}},
    ),
    "/fhir/openapi.json": ("application/json", {"type": "object", "required": ["openapi", "paths"]}),
    "receipt": ("application/json", {"type": "object", "description": "Verified with hub receipt verify."}),
}


def resource_schema(schemas: dict[str, Schema], kind: str) -> str:
    """The name of a type's schema, which is there from now on: FHIR R4 says what it may hold."""
    schemas.setdefault(
        kind,
        {
            "type": "object",
            "description": f"FHIR R4 (4.0.1) {kind}.",
            "required": ["resourceType"],
            "properties": {"resourceType": {"const": kind}},
        },
    )
    return kind
