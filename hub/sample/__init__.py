"""The invented network: agencies with their four kinds of systems, their people, what their workers do.

For demo, tests and benchmarks. It writes the systems' databases and files by code of its own and reads them by code of
its own, so that it can judge the adapters and the hub. It decides nothing about consent for the hub; what it restates
of the rules (``permitted.py``, ``expectation.py``) is there to find a disagreement.

    names       invented names and places
    agencies    who takes part, by which system, and who has signed what with whom
    scenarios   what can be particular about a record, and the code by which it must be answered
    people      who is there and what they agreed to: pure, from a seed, one after the other
    deviations  what makes some of them particular
    network     databases and folders, written in one pass
    directory   agencies, services and agreements as CSV files for the import commands
    database    the schema of ``schemas/records/cms.sql``, inserts, reading back
    cms         the agencies' own application: empties ``hub_inbox``, workers answer
    papers      people as lines of a HARTS file and a file of consents
    harts       the layout of ``schemas/records/harts.csv``: R files written, S files and .ACK read
    site        what all have whose system is files: consents on paper
    centre      a HARTS site: takes files in, acknowledges, answers
    cams        a CaMS site: ``cams_papers`` its people as packages, ``cams_xml`` the bytes
    icare       iCARE sites: a settlement agency's, and one that reports a month of services; ``icare_papers`` people
                as rows, ``icare_book`` the workbook
    story       what happens after the first run: a new referral, a late consent, a child, a danger
    expectation what must become of each record, and what came otherwise
    tally       counts, from the log's export and the systems' databases and files; ``cams_tally``, ``icare_tally``
    permitted   what may leave, restated from the agencies' own rows
    situation   what a CMS holds of how a person lives: needs, an assessment, a household; its categories
    judge       what must not be: a client or a value where it was not allowed; one file for each kind of system;
                ``judge_arrived``: what must be, and be the same; ``judge_log``: what the log must say;
                ``judge_words``: what else an inbox may hold
    pairs       what each kind of system can tell each other, as the demo shows it
    search      personal values in files where none may be
    show        tables for people
"""
