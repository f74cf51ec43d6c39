"""Wordings that clients are shown, each by its version and its language tag (BCP 47), and found again later.

A text is a file ``<version>.<tag>.toml``. The packaged ones lie beside this file; ``texts/`` of the data folder adds
others, a translation say, and never takes the place of one: what somebody has signed does not change. All have the same
keys with the same ``{names}`` as the first, so a page never meets a word that is not there.

Which versions count for a consent is the pack's to say (``text_versions``, V-03), not this module's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from string import Formatter

from consent.cells import tag
from consent.packs.reading import Table
from hub.errors import Refused, shape

PACKAGED = Path(__file__).parent / "texts"
FIRST = "2026-1.en-CA.toml"  # whose keys every text has
_MONTHS = 12

Words = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Text:
    """One wording in one language.

    Args:
        translator: who put it into this language; "": it was written in it.
        months: twelve names.
        words: part -> key -> text.
    """

    version: str
    language: str
    translator: str
    months: tuple[str, ...]
    words: Words

    def say(self, name: str, **values: object) -> str:
        """A text by ``part.key``, with its ``{names}`` filled in."""
        part, _, key = name.partition(".")
        return self.words[part][key].format_map(values)

    def day(self, at: datetime, zone: tzinfo) -> str:
        """The local day of an instant, as people write it."""
        local = at.astimezone(zone)
        day = self.say("day.first") if local.day == 1 else str(local.day)
        return self.say("day.text", day=day, month=self.months[local.month - 1], year=local.year)


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts that there are."""

    every: tuple[Text, ...]

    def of(self, version: str, language: str) -> Text:
        """The text of a version in a language: of exactly this tag, else the only one with its primary subtag.

        Raises:
            Refused: there is none, or there are several; it is said which there are.
        """
        known = [text for text in self.every if text.version == version]
        if not known:
            raise self.unknown(version, self.every)
        found = spoken(known, language)
        if len(found) != 1:
            got = f"{_shown(language)}, of which there are {'several' if found else 'none'}"
            tags = ", ".join(text.language for text in found or known)
            raise Refused("--lang", got, f"one of {tags} (text {version})", "name one of them")
        return found[0]

    def newest(self, language: str, versions: Sequence[str]) -> Text:
        """The text of the last of some versions that there is in a language.

        Args:
            versions: those that a pack knows, the oldest first.

        Raises:
            Refused: there is none.
        """
        for version in reversed(versions):
            known = [text for text in self.every if text.version == version]
            if spoken(known, language):
                return self.of(version, language)
        usable = [text for text in self.every if text.version in versions]
        tags = ", ".join(dict.fromkeys(text.language for text in usable)) or "none: the pack names no text of the hub"
        raise Refused("--lang", _shown(language), f"a language that there is a text of: {tags}", "name one of them")

    def unknown(self, version: str, usable: Iterable[Text]) -> Refused:
        """That a version is not there, by its name, with those that are."""
        versions = ", ".join(dict.fromkeys(text.version for text in usable)) or "none"
        got = f"`{version}`, of which the hub has no text" if named(version) else shape(version)
        step = "`--text-version` with one of them, or lay its text into texts/ of the data folder"
        return Refused("--text-version", got, f"one of {versions}", step)


def spoken(texts: Iterable[Text], language: str) -> list[Text]:
    """Those of exactly this tag, else those with its primary subtag: who asks for ``fr`` reads ``fr-CA``."""
    texts = list(texts)
    exact = [text for text in texts if text.language.lower() == language.lower()]
    return exact or [text for text in texts if _primary(text.language) == _primary(language)]


def _primary(tag_: str) -> str:
    return tag_.partition("-")[0].lower()


def _shown(language: str) -> str:
    """A tag as an error may show it; what is none, by its shape."""
    return f"`{language}`" if tag(language) else shape(language)


def named(version: str) -> bool:
    """Whether a text looks like the name of a version, which tells nothing of anybody."""
    return 0 < len(version) <= 40 and version.replace("-", "").replace("_", "").isalnum() and version.isascii()


def load_texts(*folders: Path) -> Texts:
    """Read all texts. A folder that is not there adds nothing.

    Args:
        folders: the packaged one (``PACKAGED``) first, then that of the data folder.

    Raises:
        Refused: a file cannot be read, is none of these, lacks or adds a word, or would take the place of another.
    """
    files: dict[str, bytes] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            data = _bytes(path)
            if files.setdefault(path.name, data) != data:
                step = "give it a version of its own: what somebody has signed does not change"
                raise Refused(f"texts/{path.name}", "other words than those that were released", "the same", step)
    read = {name: _text(name, data) for name, data in files.items()}
    for name, text in read.items():
        _check(name, text, read[FIRST].words)
    return Texts(tuple(read.values()))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(path.name, type(error).__name__, "a file", "let the hub's user read it") from error


def _text(name: str, data: bytes) -> Text:
    table = Table.read(name, data)
    text = Text(
        version=table.take("version", str),
        language=table.take("language", str),
        translator=table.take("translator", str),
        months=table.texts("months"),
        words={part: entry.pairs() for part, entry in table.tables().items()},
    )
    if not named(text.version) or tag(text.language) != text.language:
        expected = "a version of letters, digits and hyphens, and a BCP 47 tag as `fr-CA`"
        raise table.fault("version, language", "what is none", expected)
    if name != f"{text.version}.{text.language}.toml":
        raise table.fault("version, language", "others than the file's name says", "<version>.<language>.toml")
    if len(text.months) != _MONTHS:
        raise table.fault("months", str(len(text.months)), str(_MONTHS))
    return text


def _check(name: str, text: Text, first: Words) -> None:
    """The same parts, keys and ``{names}`` as the first text."""
    ours, theirs = _names(name, text.words), _names(FIRST, first)
    for key in dict.fromkeys((*theirs, *ours)):
        if key not in ours:
            raise Refused(f"{name}: {key}", "nothing", "a text", f"see {FIRST}")
        if key not in theirs:
            raise Refused(f"{name}: {key}", "a word that nothing reads", "only known keys", "remove it")
        if ours[key] != theirs[key]:
            expected = ", ".join(f"{{{each}}}" for each in sorted(theirs[key] or ())) or "none"
            raise Refused(f"{name}: {key}", "other names in braces, or no text", f"these: {expected}", "correct it")


def _names(file: str, words: Words) -> dict[str, frozenset[str] | None]:
    """Each key and the names in its braces; None: there is no text."""
    found: dict[str, frozenset[str] | None] = {}
    for part, texts in words.items():
        for key, text in texts.items():
            try:
                names = frozenset(field for _, field, _, _ in Formatter().parse(text) if field is not None)
            except ValueError:
                raise Refused(f"{file}: {part}.{key}", "a brace that is not closed", "{name}", "correct it") from None
            found[f"{part}.{key}"] = names if text.strip() else None
    return found
