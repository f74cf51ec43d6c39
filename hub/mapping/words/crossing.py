"""Crossing from a system's words to codes and back: by a table, by a pattern, and beside what another field says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hub.errors import MappingGap
from hub.mapping.model import Run
from hub.mapping.table import Table
from hub.mapping.words.spot import Spot, tidy
from hub.model.record import Loss

_NOTHING = Table("", {}, {}, {})


def absent_word(spot: Spot, table: Table) -> str:
    """The word that says "nothing"; empty where the line has none."""
    if "absent" not in spot.spec:
        return ""
    word = spot.text("absent")
    if word in table.to_code:
        raise spot.fault(f"absent `{word}`, which has a row", f"no row for it in {table.file}", "remove the row")
    return word


@dataclass(frozen=True, slots=True)
class Beside:
    """What another field says already by its own table. Its line stands before, so that it is read before."""

    field: str
    table: Table
    lost: Loss
    further: Loss

    @classmethod
    def of(cls, spot: Spot) -> Beside | None:
        """The line's ``beside``; None where it has none."""
        if "beside" not in spot.spec:
            return None
        said = spot.spec["beside"]
        if len(said) != 1:
            raise spot.fault("`beside`", 'beside = { field = "table" }', "name one field and its table")
        (field, table), *_ = said.items()
        lost = spot.lost(spot.text("code"), f"what `{field}` says already is not said twice")
        return cls(field, spot.table(table), lost, Loss(spot.element, "one more than this system has fields for"))

    @property
    def losses(self) -> tuple[Loss, ...]:
        """Its lines of the loss report."""
        return self.lost, self.further

    def says(self, fields: Mapping[str, str], code: str) -> bool:
        """Whether the other field says this already."""
        return self.table.to_code.get(tidy(fields.get(self.field, ""))) == code

    def left(self, fields: Mapping[str, str], found: list[str], run: Run) -> list[str]:
        """The codes that the other field does not say; there is a field for one of them."""
        left = [code for code in found if not self.says(fields, code)]
        if len(left) > 1:
            run.losses.append(self.further)
        return left


class Crossing:
    """A table and a pattern, both ways, with their gaps and losses. ``blank`` is the code of a field that is blank."""

    __slots__ = ("_changed", "_narrowed", "_other", "_told", "_unsaid", "blank", "name", "spot", "table")

    def __init__(self, spot: Spot, name: str, table: Table, other: re.Pattern[str] | None) -> None:
        self.spot, self.name, self.table, self._other = spot, name, table, other
        standing = spot.text("default") if "default" in spot.spec else None
        if standing is not None and not self.knows(standing):
            raise spot.fault(f"default `{standing}`", f"a code of {table.file}", "mend it, or add the row")
        self.blank = table.to_code.get("") if standing is None else standing
        self._changed = {word: spot.lost(name, text) for word, text in table.changed().items()}
        self._told = self._changed if spot.way == "<->" else {}
        others = sorted({code for code in table.to_code.values() if code} - {self.blank})
        self._unsaid = {
            code: Loss(spot.element, f"`{code}` comes back as `{self.blank}` where {name} does not say it")
            for code in others
        }
        self._narrowed = {code: Loss(spot.element, text) for code, text in table.narrowed().items()}

    @classmethod
    def of(cls, spot: Spot) -> Crossing:
        """The crossing of a line."""
        name = spot.text("code")
        if "table" not in spot.spec and "other" not in spot.spec:
            raise spot.fault("neither `table` nor `other`", "the name of a CSV file, or a pattern", "add one")
        table = spot.table(spot.text("table")) if "table" in spot.spec else _NOTHING
        if spot.way == "<->" and (missing := table.without_return()):
            raise spot.fault(
                f"no way back from `{missing[0]}` in {table.file}", "one row per code with <-> or <", "add the row"
            )
        return cls(spot, name, table, spot.pattern("other") if "other" in spot.spec else None)

    def there(self, word: str, run: Run) -> str | None:
        """The code of a word; None where it is no statement."""
        if word in self.table.to_code:
            if word in self._told:
                run.losses.append(self._told[word])
            return self.table.to_code[word]
        if self._other and self._other.fullmatch(word):
            return word
        raise self._gap(self.spot.place(self.name), word)

    def back(self, code: str, run: Run) -> str | None:
        """The word of a code; None where the system has none, "" where blank is the word."""
        if code in self.table.to_local:
            word = self.table.to_local[code]
            if word is None:
                run.losses.append(Loss(self._element(), f"this system has no word for `{code}`"))
            elif code in self._narrowed:
                run.losses.append(self._narrowed[code])
            return word
        if self._other and self._other.fullmatch(code):
            return code
        raise self._gap(self._element(), code)

    def knows(self, code: str) -> bool:
        """Whether the code has a row, or the form of one that passes as it is."""
        known = code in self.table.to_local or code in self.table.to_code.values()
        return known or bool(self._other and self._other.fullmatch(code))

    def losses(self, nothing: str) -> tuple[Loss, ...]:
        """The lines of the loss report, where the line goes both ways.

        Args:
            nothing: the word that says "nothing", or "".
        """
        if self.spot.way != "<->":
            return ()
        unnamed = (Loss(self._element(), f"this system has no word for `{code}`") for code in self.table.unnamed())
        lost = [*self._changed.values(), *self._narrowed.values(), *unnamed]
        if "default" in self.spot.spec:
            blank = str(self.blank)
            nothing = nothing or self.table.to_local.get(blank) or blank
        return (*lost, self.spot.lost(self.name, f"blank comes back as `{nothing}`")) if nothing else tuple(lost)

    def verify(self, found: list[str], fields: Mapping[str, str], run: Run) -> None:
        """Tell where a code is not the one to which the field, as it was read, would lead again."""
        again = self.table.to_code.get(fields.get(self.name, "")) or self.blank
        if again and found and again not in found and found[0] in self._unsaid:
            run.losses.append(self._unsaid[found[0]])

    def unsaid(self) -> tuple[Loss, ...]:
        """The lines of the loss report of :meth:`verify`."""
        return tuple(self._unsaid.values())

    def _element(self) -> str:
        return self.spot.element

    def _gap(self, place: str, word: str) -> MappingGap:
        return self.spot.gap(place, word, self.table.file or f"the pattern of {self.spot.file}")
