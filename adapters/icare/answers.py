"""The answer to a workbook, ``<file>.hub.csv``: what became of the file and of each of its rows, in English and French.

Settled S13. Pure. UTF-8 with a mark at its beginning, so that spreadsheet programs show accents; CRLF; columns row,
code, English, French. Texts come from the closed table below and from our own words about a cell; none holds a value.

- The first line is about the file: ``OPEN`` while a row waits (leave the workbook there), ``SETTLED`` when none does,
  or the code of its refusal.
- A row has a line for each referral in it, named by the flag's column, or one line; then what its worker should know.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from adapters.contract import Answer, Verdict
from adapters.icare.groups import Group, Said, Sheet
from adapters.icare.package import FileRefused, Why
from hub.errors import HubError

OPEN, SETTLED, TAKEN, READ = "OPEN", "SETTLED", "OK", "READ"
AGAIN = "W02"  # said already, by a row before it; as in HARTS' files
_HEAD = ("row", "code", "English", "French")

TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        OPEN: ("some rows wait: leave the workbook here", "des lignes attendent : laissez le classeur ici"),
        SETTLED: ("all rows are settled", "toutes les lignes sont réglées"),
        TAKEN: ("passed on", "transmise"),
        READ: ("read; it makes no referral", "lue; elle ne contient aucun aiguillage"),
        "DN_SCHEMA": ("a value cannot be read", "une valeur est illisible"),
        "DN_SENDER": ("this agency may not send this row", "cet organisme ne peut pas envoyer cette ligne"),
        "DN_IDENTITY": ("who this client is must be settled first", "l'identité du client doit d'abord être établie"),
        "DN_TRANSITION": ("the referral cannot take this step now", "l'aiguillage ne permet pas cette étape"),
        "V1": ("who the client is cannot be told", "le client ne peut être identifié"),
        "V2": (
            "a mandatory value is missing",
            "une valeur obligatoire manque",
        ),
        "V3": ("iCARE does not take these dates", "iCARE n'accepte pas ces dates"),
        "V4": ("a second row of this client and month", "une deuxième ligne de ce client pour le mois"),
        "V5": ("the row contradicts itself", "la ligne se contredit"),
        "V6": ("not the form of a postal code in iCARE", "n'a pas la forme d'un code postal d'iCARE"),
        AGAIN: ("said before, in the same words", "déjà dite, dans les mêmes mots"),
        "W11": ("a correction makes no referral anew", "une correction ne crée pas d'aiguillage"),
        Why.NOT_A_WORKBOOK: ("no workbook", "n'est pas un classeur"),
        Why.LOCKED: ("with a password, or of an old format", "protégé par mot de passe ou d'un ancien format"),
        Why.PROGRAMS: ("with macros or other programs", "contient des macros ou d'autres programmes"),
        Why.TOO_LARGE: ("larger than a workbook of iCARE", "plus grand qu'un classeur d'iCARE"),
        Why.DAMAGED: ("damaged", "endommagé"),
        Why.NOT_A_TEMPLATE: ("not filled into a template of iCARE", "n'est pas rempli dans un modèle d'iCARE"),
        Why.OTHER_NAME: ("its name says something else than it holds", "son nom ne correspond pas à son contenu"),
        Why.CHANGED: ("changed after it was read: give it a new name", "modifié après lecture : changez-en le nom"),
        Why.LEAKS: ("a template with something of a client in it", "un modèle qui contient des données d'un client"),
        Verdict.WAITS: ("not passed on for now; the row waits", "non transmise pour l'instant; la ligne attend"),
        Verdict.REFUSED: ("not passed on", "non transmise"),
        "under way": ("passed on; on its way", "transmise; en route"),
    }
)


def answer_to(sheet: Sheet, label: str, answers: Mapping[str, Answer]) -> tuple[bytes, bool]:
    """The answer to a workbook that was read.

    Args:
        answers: by record key, one for each of its messages; of a referral without one another row has spoken.

    Returns:
        Its bytes, and whether it is settled.
    """
    groups: dict[int, list[Group]] = {}
    for group in sheet.groups(label):
        groups.setdefault(group.row.number, []).append(group)
    lines: list[Sequence[str]] = []
    for row in sheet.rows:
        if row.stops:
            lines += [_word(row.number, said) for said in row.stops]
        elif row.number in groups:
            lines += [_of_group(row.number, group.flag, answers.get(group.key)) for group in groups[row.number]]
        else:
            lines.append((str(row.number), READ, *TEXTS[READ]))
        lines += [_word(row.number, said) for said in row.notes]
    settled = not any(answer.verdict is Verdict.WAITS or answer.under_way for answer in answers.values())
    state = SETTLED if settled else OPEN
    return _written([("", state, *TEXTS[state]), *lines]), settled


def refusal(refused: FileRefused) -> bytes:
    """The answer to a file that was refused as a whole."""
    english, french = TEXTS[refused.why]
    return _written([("", refused.why, f"{english}: {_reason(refused)}", french)])


def _reason(error: HubError) -> str:
    return f"got {error.got}, expected {error.expected}; {error.next_step}"


def _of_group(number: int, flag: str, answer: Answer | None) -> Sequence[str]:
    if answer is None:
        code, text = AGAIN, TEXTS[AGAIN]
    elif answer.verdict is Verdict.ACCEPTED:
        code, text = TAKEN, TEXTS["under way" if answer.under_way else TAKEN]
    else:
        code, text = answer.code, TEXTS.get(answer.code) or TEXTS[answer.verdict]
    return (str(number), code, *(f"{flag}: {each}" for each in text))


def _word(number: int, said: Said) -> Sequence[str]:
    english, french = TEXTS[said.code]
    place = f"{said.place}: " if said.place else ""
    return (str(number), said.code, f"{place}{english}; got {said.got}, expected {said.expected}", f"{place}{french}")


def _written(lines: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([_HEAD, *lines])
    return out.getvalue().encode("utf-8-sig")
