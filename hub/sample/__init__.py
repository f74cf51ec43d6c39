"""The invented network: agencies with a case management system each, their people, and what their workers do.

For demo, tests and benchmarks. It writes the systems' databases by code of its own and reads them by code of its own,
so that it can judge the adapters and the hub. It decides nothing about consent for the hub; what it restates of the
rules (``judge.py``) is there to find a disagreement.

    names       invented names and places
    people      who is there, what they agreed to, what is wrong with their records: pure, from a seed
    network     agencies, services, agreements; the databases
    directory   the same as CSV files for the import commands
    database    the schema of ``schemas/records/cms.sql``, inserts, reading back
    cms         the agencies' own application: empties ``hub_inbox``, workers answer
    story       what happens after the first run: a new referral, a late consent
    tally       counts, from the log's export and the systems' databases
    judge       what must not be: a client or a value where it was not allowed
    search      personal values in files where none may be
    show        tables for people
"""
