"""The invented network: agencies with their systems (``cms`` and ``harts``), their people, what their workers do.

For demo, tests and benchmarks. It writes the systems' databases and files by code of its own and reads them by code of
its own, so that it can judge the adapters and the hub. It decides nothing about consent for the hub; what it restates
of the rules (``permitted.py``) is there to find a disagreement.

    names       invented names and places
    scenarios   what can be particular about a record, and what it must lead to
    people      who is there, what they agreed to, what is wrong with their records: pure, from a seed
    papers      the same as lines of a HARTS file and a file of consents
    network     agencies, services, agreements; the databases and folders
    directory   the same as CSV files for the import commands
    database    the schema of ``schemas/records/cms.sql``, inserts, reading back
    cms         the agencies' own application: empties ``hub_inbox``, workers answer
    harts       the layout of ``schemas/records/harts.csv``: R files written, S files and .ACK read
    centre      a HARTS site: takes files in, acknowledges, answers
    story       what happens after the first run: a new referral, a late consent
    tally       counts, from the log's export and the systems' databases and files
    permitted   what may leave, restated from the agencies' own rows
    judge       what must not be: a client or a value where it was not allowed; ``judge_files``: in HARTS' files
    search      personal values in files where none may be
    show        tables for people
"""
