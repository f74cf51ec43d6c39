"""Our consent record and the FHIR R4 (4.0.1) Consent, both ways (shared model 8, 9, 13.2; IHE PCF Advanced). Pure.

    as_fhir       a record as its reader sees it; what FHIR cannot say is refused, never dropped
    read_consent  strict: what cannot be read, or would have to be guessed, is refused with its element path
    as_row        what was read, as the registry files it

Nothing here decides: what is read goes through ``consent.decide`` as every other record does.
"""

from __future__ import annotations

from consent.fhir.node import Fault, NotAConsent
from consent.fhir.read import read_consent
from consent.fhir.row import as_row
from consent.fhir.scope import Known
from consent.fhir.write import as_fhir

__all__ = ["Fault", "Known", "NotAConsent", "as_fhir", "as_row", "read_consent"]
