"""The audit log (design §7): hashing and proofs, the writer over the database, the verifier that trusts neither."""
