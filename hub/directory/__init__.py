"""The directory: who may talk to whom, and where a route leads. Pure rules over ``hub.model.directory``.

Rows come from an administrator's command or CSV file as text, are read by a form (``forms.py``), and are refused
with the place, what was got, what was expected and the next step. A file is checked whole before anything of it is
kept (``sheet.py``). A referral's address leads to exactly one service or to a human (``route.py``).

Storing, locking and auditing are the caller's. Nothing here is about clients.
"""

from hub.directory.forms import AGENCY, AGREEMENT, SERVICE, SITE, SYSTEM, WORKER, Form, Terms, from_row
from hub.directory.known import Known, topic
from hub.directory.route import NoRoute, acting, answers_for, route
from hub.directory.sheet import Problems, from_file
from hub.directory.words import HUB, LANES, PROGRAMS, ROLES, SERVICE_WANTED, STATUSES

__all__ = [
    "AGENCY",
    "AGREEMENT",
    "HUB",
    "LANES",
    "PROGRAMS",
    "ROLES",
    "SERVICE",
    "SERVICE_WANTED",
    "SITE",
    "STATUSES",
    "SYSTEM",
    "WORKER",
    "Form",
    "Known",
    "NoRoute",
    "Problems",
    "Terms",
    "acting",
    "answers_for",
    "from_file",
    "from_row",
    "route",
    "topic",
]
