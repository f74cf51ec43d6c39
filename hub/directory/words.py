"""Closed lists that rows of the directory choose from (shared model 3.3 and 4, consent rules 3.1)."""

from __future__ import annotations

from typing import get_args

from hub.model.directory import RELAY, Lane, Status

HUB = "hub"  # stands where a worker acts for the hub itself
# stand where an agency or a system would; no row may take the name
RESERVED = frozenset({HUB, RELAY, "relay", "rules", "batches"})

LANES: tuple[str, ...] = get_args(Lane)
STATUSES: tuple[str, ...] = get_args(Status)

SERVICE_WANTED = (  # code system service-wanted, in the order of program systems 6.3
    "language-assessment",
    "language-training",
    "settlement",
    "employment",
    "literacy",
    "credentials",
    "housing",
    "health",
    "legal",
    "income",
    "food-clothing",
    "childcare",
    "family",
    "education",
    "community",
    "other",
)

PROGRAMS = ("women", "newcomer", "youth", "employment")  # code system program-stream

ROLES = (
    "worker",
    "volunteer",
    "supervisor",
    "manager",  # on call
    "officer",  # privacy
    "steward",  # of identities
    "administrator",
)
