"""Who may come in over HTTP: SMART Backend Services (SMART App Launch 2.2), for systems of agencies.

    scopes      what a client may ask for, and what that grants: pure
    registered  where these keys come from: the directory, or the client's own https address
    compact     what is signed, read before anything of it is believed: RFC 7515
    assertion   the proof of a client that it has its private key: RFC 7523
    worker_proof  that a worker has signed a request: settled S46
    rates       how often: a bucket in each process, a row in the store for what is dear or tells something
    door        the token that such a proof gets, and the caller that a token names

A client is a system of kind ``fhir``; its id is the client id. A token says who asks and what kind of request it may
make. Whether anything of a client of the agencies is told or moved is decided by the gate alone.
"""

from hub.access.door import Access, AccessSettings, Caller, Denied, Granted, NoCaller

__all__ = ["Access", "AccessSettings", "Caller", "Denied", "Granted", "NoCaller"]
