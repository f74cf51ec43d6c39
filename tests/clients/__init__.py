"""FHIR clients that others have written, before the hub over real HTTP."""
