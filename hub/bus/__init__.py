"""The bus: an append-only log per topic, read by named groups. One promise, one contract test for every kind."""
