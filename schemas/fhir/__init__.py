"""The strict FHIR schema of a message, and the tool that writes it."""
