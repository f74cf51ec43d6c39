"""What is wrong with a package or an extract, in a form that an error, an answer and a worker's file can all say.

Program systems 9.5, codes of refusal. Pure. A fault names a place and a code, never a value. Code and path of a
package's fault are part of the error's words (``faulty``) and are read back from there (``told``), since of a refused
record the hub keeps the words alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hub.errors import RecordUnreadable

UNREADABLE = "DN_SCHEMA"
ROOT = "/CaseReferralPackage"
_TOLD = re.compile(rf"\b([A-Z][A-Z0-9_]+) ({ROOT}(?:/@?[A-Za-z]+(?:\[[0-9]+\])?)*)")

# program systems 9.5: a closed list; texts of the reason codes that a CaMS worker can act on stand beside
MESSAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "E1710": ("A person with this SIN is registered already.", "Une personne ayant ce NAS est déjà inscrite."),
        "E4285": ("A person with this APPR id is registered already.", "Cet identifiant d'apprenti est déjà inscrit."),
        "PLAN_CLOSED": ("The plan is closed: propose a new one.", "Le plan est clos : proposez-en un nouveau."),
        "LBS_ACTIVE_EXISTS": (
            "This learner has another active LBS plan here.",
            "Cet apprenant a déjà un plan AFB actif ici.",
        ),
        "PERSON_EXISTS": ("Already registered.", "Personne déjà inscrite."),
        "POSTAL_UNKNOWN": ("Postal code unknown.", "Code postal inconnu."),
        "DATE_ORDER": ("Dates are not in order.", "Les dates ne sont pas dans l'ordre."),
        "CODE_UNKNOWN": ("A code or label of no list.", "Un code ou un libellé qui n'est sur aucune liste."),
        "DN_SCHEMA": ("A value cannot be read.", "Une valeur est illisible."),
        "DN_SENDER": ("This site may not send this.", "Ce site ne peut pas envoyer ceci."),
        "DN_RECIPIENT": (
            "No service to lead it to: a person chooses.",
            "Aucun service où l'acheminer : une personne choisit.",
        ),
        "DN_IDENTITY": (
            "Who this client is must be settled first.",
            "L'identité du client doit d'abord être établie.",
        ),
        "DN_NO_CONSENT": ("No consent that covers it.", "Aucun consentement qui le permette."),
        "DN_TRANSITION": (
            "The referral cannot take this step now.",
            "L'aiguillage ne permet pas cette étape.",
        ),
        "W01": ("Nothing it belongs to has come yet.", "Rien à quoi le rattacher n'est encore arrivé."),
        "DN_OFF_BUS": ("The hub does not carry this.", "La plateforme ne transmet pas ceci."),
    }
)
OTHERS = ("Not passed on.", "Non transmis.")
WAITS = ("Not passed on for now; it waits.", "Non transmis pour l'instant; en attente.")
CLOSED = frozenset(
    {
        *("E1710", "E4285", "PLAN_CLOSED", "LBS_ACTIVE_EXISTS", "PERSON_EXISTS", "POSTAL_UNKNOWN", "DATE_ORDER"),
        "CODE_UNKNOWN",
    }
)
REASON = re.compile(r"(?:DN|OX|RD)_[A-Z_]{2,36}")  # shape of the reason codes of the consent rules


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a package.

    Args:
        code: of the closed list, or a reason code of the consent rules.
        path: names of the schema alone, ``/CaseReferralPackage/Person/DateOfBirth``.
    """

    code: str
    path: str
    got: str
    expected: str


def faulty(where: str, fault: Fault) -> RecordUnreadable:
    """The error of a fault.

    Args:
        where: the record's place, ``eois P/3898A/4102B/PKG-1``.
    """
    place = f"{where}: {fault.code} {fault.path}"
    return RecordUnreadable(place, fault.got, fault.expected, "correct the package and put it there again")


def told(place: str) -> tuple[str, str]:
    """Code and path that an error names; both "" where it names none."""
    found = _TOLD.search(place)
    return (found[1], found[2]) if found else ("", "")


def texts(code: str, *, waits: bool = False) -> tuple[str, str]:
    """English and French of a code."""
    return MESSAGES.get(code) or (WAITS if waits else OTHERS)
