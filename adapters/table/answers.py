"""``<file>.hub.csv``: what the hub says of the rows of a table, for the people who work with it (settled S13).

UTF-8 with a byte order mark (a spreadsheet program then shows accents), comma, CRLF; one line for a record that was not
passed on, one for the answer to a referral; a line goes when what it says is over. Replaced as a whole, by a rename. It
holds row, key, codes, places and shapes; of a person nothing.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from adapters.files import open_new, open_plain, sync_folder
from hub.errors import Unavailable

HEADER = ("row", "key", "kind", "code", "detail", "english", "french")
ANSWER = "referral-status"  # the kind of a line that tells what came of a referral
TOLD_ONCE = ("shortened",)  # kinds of lines that stay until the row changes or somebody deletes the file
ANSWERS_BYTES_MAX = 16 * 1024 * 1024  # [policy] more is no file of ours

# code to English and French; what is not here is told by the kind of its line
_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "DN_NO_CONSENT": (
            "no consent of this client for that agency is known; it goes by itself when there is one",
            "aucun consentement connu de cette personne pour cet organisme; la demande partira dès qu'il y en aura un",
        ),
        "DN_EXPIRED": ("the consent has ended", "le consentement est échu"),
        "DN_WITHDRAWN": ("the client has withdrawn the consent", "la personne a retiré son consentement"),
        "DN_PENDING": ("the consent lacks something", "il manque un élément au consentement"),
        "DN_DIRECTIVE": ("the client has forbidden it", "la personne l'a interdit"),
        "DN_RECIPIENT": ("the address leads to no service", "l'adresse ne mène à aucun service"),
        "DN_NO_AGREEMENT": ("no agreement covers it", "aucune entente ne le prévoit"),
        "DN_CASE_CLOSED": ("the case is closed", "le dossier est fermé"),
        "DN_DECEASED": ("nothing goes for this client", "rien n'est transmis pour cette personne"),
        "DN_SCHEMA": ("a value cannot be read; correct it", "une valeur est illisible; corrigez-la"),
        "DN_SENDER": ("this system may not send it", "ce système ne peut pas l'envoyer"),
        "DN_IDENTITY": ("who this client is must be settled first", "l'identité de la personne est à établir d'abord"),
        "DN_TRANSITION": ("the referral cannot take this step now", "l'aiguillage ne permet pas cette étape"),
        "CUT": ("a text was cut for the other system", "un texte a été abrégé pour l'autre système"),
    }
)  # fmt: skip
_KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "refusal": ("not passed on for now", "non transmise pour l'instant"),
        "returned": ("it did not arrive; the hub judges it again", "n'est pas arrivée; elle sera réexaminée"),
        "rejected": ("the other system did not take it", "l'autre système ne l'a pas acceptée"),
        "shortened": ("a part found no place in the other system", "une partie n'a pas de place dans l'autre système"),
        ANSWER: ("the answer to this referral", "la réponse à cet aiguillage"),
    }
)  # fmt: skip
_OTHER = ("the hub says something about this row", "le carrefour signale quelque chose à propos de cette ligne")


@dataclass(frozen=True, slots=True)
class Line:
    """One line. A record has one that is an answer at most, and one that is not."""

    key: str
    kind: str
    code: str
    detail: str = ""
    row: str = ""

    @property
    def name(self) -> tuple[str, bool]:
        """What a newer line replaces."""
        return self.key, self.kind == ANSWER


class File:
    """One such file. ``name`` is how errors call it."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name

    def lines(self) -> dict[tuple[str, bool], Line]:
        """What stands there; a file that somebody has spoiled is as none, and is written anew.

        Raises:
            Unavailable: it cannot be read.
        """
        try:
            with open(open_plain(self._path), encoding="utf-8-sig", errors="replace", newline="") as file:
                if os.fstat(file.fileno()).st_size > ANSWERS_BYTES_MAX:
                    return {}
                text = file.read(ANSWERS_BYTES_MAX)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._away(error) from None
        with suppress(csv.Error):
            rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
            found = [
                Line(*(str(row.get(name) or "") for name in ("key", "kind", "code", "detail", "row"))) for row in rows
            ]
            return {line.name: line for line in found if line.key and line.kind}
        return {}

    def prepare(self, lines: Iterable[Line]) -> Path:
        """Write the whole file beside its place; :meth:`put` shows it.

        Raises:
            Unavailable: it cannot be written.
        """
        half = self._path.with_name(f".{self._path.name}.new")
        try:
            with open(open_new(half, shared=True), "w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(HEADER)
                writer.writerows(_cells(line) for line in lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._away(error) from None
        return half

    def put(self, half: Path) -> None:
        """Let a file that was prepared take the place of the former one.

        Raises:
            Unavailable: it cannot.
        """
        try:
            half.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise self._away(error) from None

    def reach(self) -> None:
        """See that it could be written.

        Raises:
            Unavailable: it could not.
        """
        folder = self._path.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise Unavailable(
                self._name, "a folder that cannot be written", "one that can", "give the hub's user the right"
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else of us writes files in this folder meanwhile: two workers would lose each other's lines.

        Raises:
            Unavailable: the folder is not there.
        """
        try:
            folder = os.open(self._path.parent, os.O_RDONLY)
        except OSError as error:
            raise self._away(error) from None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _away(self, error: OSError) -> Unavailable:
        step = "check the folder and its rights; it is tried again"
        return Unavailable(self._name, error.strerror or type(error).__name__, "a file that the hub may write", step)


def _cells(line: Line) -> tuple[str, ...]:
    english, french = _TEXTS.get(line.code) or _KINDS.get(line.kind) or _OTHER
    return tuple(_plain(cell) for cell in (line.row, line.key, line.kind, line.code, line.detail, english, french))


def _plain(cell: str) -> str:
    """A cell that no spreadsheet program takes for a formula (case 33)."""
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell
