"""What an agency may read again of its referrals, its clients and the directory (settled S49, S50; shared model 12).

Nothing here is content: codes, dates, numbers and ends of referrals, an agency's own aliases of its clients, and what
the directory says of agencies and services. A referral is shown by a decision of its own, made in the unit that writes
down who looked; where sharing is suspended, its number is left and that word.

    spelling    a referral as ServiceRequest and Task
    terms       what a search asks for: parameters in, terms out (dates)
    matching    whether a resource is what a term asks for
    paging      a page, and the link to the next: sealed, for its agency alone, for ten minutes
    plan        which of a search's terms the store can answer by itself
    referrals   read, versions, search: the decisions, and the entry of who looked
    clients     an agency's aliases of its clients
    catalogue   agencies and services, as this reader may know them

What of a released message is kept for this, and the question that is decided for each referral, are the road's own:
``hub.exchange.kept`` and ``hub.exchange.asking``.
"""

from hub.exchange.index.catalogue import read_directory, search_directory
from hub.exchange.index.clients import read_client, search_clients
from hub.exchange.index.paging import NEXT, Page
from hub.exchange.index.referrals import history, read_referral, read_version, search_referrals
from hub.exchange.index.terms import PARAMETERS

__all__ = [
    "NEXT",
    "PARAMETERS",
    "Page",
    "history",
    "read_client",
    "read_directory",
    "read_referral",
    "read_version",
    "search_clients",
    "search_directory",
    "search_referrals",
]
