"""What travels: records, envelopes, FHIR views, identifiers, codes, audit entries. Pure; imports nothing of ours."""
