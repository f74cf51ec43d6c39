"""Jurisdiction packs and purpose profiles: the numbers and closed lists that the rules read (consent rules 2.6 and 5).

A folder holds ``profiles.toml`` and a file per pack, named after it (``ca-on.toml``). A later folder puts its file over
the earlier one of the same name, whole. Everything is checked when loaded: an unknown word or a wrong type is refused
with file and key, and so is a profile that holds more than an earlier folder's (it may narrow, never widen).

It decides nothing, and it does not say which pack governs: the agency's row does. The invariants are code
(``decide.py``), so no file can loosen them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from consent.business_days import is_business_day
from consent.model import PackFacts, Profile
from consent.model.words import Category, Purpose
from consent.packs.afterwards import BreachRules, Keeping, read_breach, read_keeping
from consent.packs.codes import ReasonCode, read_codes
from consent.packs.loop import STATES as LOOP_STATES
from consent.packs.loop import read_loop
from consent.packs.reading import Table
from hub.errors import Refused

PACKAGED = Path(__file__).parent
PROFILES = "profiles.toml"
# No pack means more than this; a slip of a digit does.
VERSION_MAX = 1_000_000
LIFE_MONTHS_MAX = 10 * 12
VERBAL_DAYS_MAX = 90
STALENESS_S_MAX = 24 * 3600
GROUP_MIN_MAX = 1000
GRANT_S_MAX = 24 * 3600  # consent rules 3.5
NARRATIVE_MAX = 1_000
TOLD_MAX = 4_000  # settled S21: no pack allows more
REPEATS_MAX = 10
# of two packs that govern, the stricter is the smaller number, the larger one, or what both allow
LEAST = ("life_months_max", "verbal_days", "staleness_s", "grant_s", "told_max", "repeats_max", "overdue_max")
MOST = ("group_min", "narrative_min")
BOTH = ("known", "recipient_class_allowed", "implied_health")
_UNKNOWN = PackFacts(pack="", version=0, known=False)


@dataclass(frozen=True, slots=True)
class Profiles:
    """``profiles.toml``: what a message type may hold, and which event makes which type.

    Args:
        by_service: event to (service wanted to message type), where the service decides.
    """

    by_type: Mapping[str, Profile]
    events: Mapping[str, str]
    by_service: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Packs:
    """All packs and profiles as loaded.

    Args:
        codes: the reason codes of an override, by pack.
        breach: what is due when something went wrong, by pack.
        keeping: how long what is kept is kept, by pack.
        loop: how many days a referral may stay in a state, by pack.
        digest: SHA-256 over names and bytes of the files that count, as 64 hex digits.
    """

    packs: Mapping[str, PackFacts]
    codes: Mapping[str, Mapping[str, ReasonCode]]
    breach: Mapping[str, BreachRules]
    keeping: Mapping[str, Keeping]
    loop: Mapping[str, Mapping[str, int]]
    profiles: Profiles
    digest: str

    def facts(self, pack_id: str) -> PackFacts:
        """The numbers of a pack; of one that nobody has ``known`` is false, so that it is refused (``DN_PACK``)."""
        return self.packs.get(pack_id, _UNKNOWN)

    def between(self, sender: str, recipient: str) -> PackFacts:
        """The numbers that govern between agencies of two packs: on every axis the stricter one (2.3, tie rules).

        Days and zone are the sender's: it holds the records.
        """
        mine, theirs = self.facts(sender), self.facts(recipient)
        return mine if sender == recipient else strictest(mine, theirs)

    def reason_code(self, pack_id: str, code: str) -> ReasonCode | None:
        """A reason code of an override, or None where the pack has none such (``OX_CONTENT``)."""
        return self.codes.get(pack_id, {}).get(code)

    def limbs(self, code: str) -> frozenset[str]:
        """Every limb that a pack asks for under a reason code."""
        terms = [each[code].terms for each in self.codes.values() if code in each]
        return frozenset(limb for one in terms for limb in (*one.limbs, *one.limbs_against_a_no))

    def is_mandatory(self, code: str) -> bool:
        """Whether any pack makes this reason code that of a mandatory report."""
        return any(code in each and each[code].terms.kind == "must" for each in self.codes.values())

    def days_in_state(self, pack_id: str) -> Mapping[str, int]:
        """How many days a referral may stay in a state; of a pack that is there no more, the least that any gives."""
        every = self.loop.values()
        return self.loop.get(pack_id) or {state: min(days[state] for days in every) for state in LOOP_STATES}

    def profile(self, message_type: str) -> Profile | None:
        """What a message type may hold, or None where the type has no profile (``DN_SCHEMA``)."""
        return self.profiles.by_type.get(message_type)

    def type_of(self, event: str, service_wanted: str | None) -> str | None:
        """The message type of an event, by the service wanted where that decides. None: the event is unknown."""
        by_service = self.profiles.by_service.get(event, {})
        return by_service.get(service_wanted or "") or self.profiles.events.get(event)

    def purpose_of(self, event: str) -> Purpose | None:
        """The purpose that an event fixes (I-12). None: the event is unknown."""
        kind = self.profiles.events.get(event)
        return self.profiles.by_type[kind].purpose if kind else None


def strictest(mine: PackFacts, theirs: PackFacts) -> PackFacts:
    """Of two packs the stricter number and switch each; days and zone are those of the first, wordings of either."""
    return replace(
        mine,
        pack="+".join(sorted({mine.pack, theirs.pack})),
        incompleteness_notice=mine.incompleteness_notice or theirs.incompleteness_notice,
        text_versions=tuple(dict.fromkeys((*mine.text_versions, *theirs.text_versions))),
        notice_versions=tuple(dict.fromkeys((*mine.notice_versions, *theirs.notice_versions))),
        redisclosure=tuple(dict.fromkeys((*mine.redisclosure, *theirs.redisclosure))),
        **{name: min(getattr(mine, name), getattr(theirs, name)) for name in LEAST},
        **{name: max(getattr(mine, name), getattr(theirs, name)) for name in MOST},
        **{name: getattr(mine, name) and getattr(theirs, name) for name in BOTH},
    )


def load_packs(*folders: Path) -> Packs:
    """Read packs and profiles, later folders over earlier ones. A folder that is not there adds nothing.

    Args:
        folders: the packaged one (``PACKAGED``) first, then that of the data folder.

    Raises:
        Refused: a file cannot be read or says something that is not understood; nothing is half-loaded.
    """
    files: dict[str, bytes] = {}
    profiles: Profiles | None = None
    for folder in folders:
        found = {path.name: _read(path) for path in sorted(folder.glob("*.toml"))}
        files |= found
        if PROFILES in found:
            profiles = _profiles(Table.read(PROFILES, found[PROFILES]), profiles)
    if profiles is None:
        raise Refused(PROFILES, "no such file", "the purpose profiles", "name the packaged folder first")
    read = {
        (pack_id := name.removesuffix(".toml")): _pack(pack_id, Table.read(name, data))
        for name, data in files.items()
        if name != PROFILES
    }
    return Packs(
        packs={pack_id: each.facts for pack_id, each in read.items()},
        codes={pack_id: each.codes for pack_id, each in read.items()},
        breach={pack_id: each.breach for pack_id, each in read.items()},
        keeping={pack_id: each.keeping for pack_id, each in read.items()},
        loop={pack_id: each.loop for pack_id, each in read.items()},
        profiles=profiles,
        digest=_digest(files),
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(path.name, type(error).__name__, "a file", "let the hub's user read it") from error


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):  # with lengths: no name can pass for content
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Pack:
    """One pack as read."""

    facts: PackFacts
    codes: Mapping[str, ReasonCode]
    breach: BreachRules
    keeping: Keeping
    loop: Mapping[str, int]


def _pack(pack_id: str, table: Table) -> _Pack:
    override = table.table("override")
    facts = PackFacts(
        pack=pack_id,
        version=table.count("version", VERSION_MAX),
        zone=_zone(table),
        holidays=_holidays(table),
        life_months_max=table.count("life_months_max", LIFE_MONTHS_MAX),
        verbal_days=table.count("verbal_days", VERBAL_DAYS_MAX),
        staleness_s=table.count("staleness_s", STALENESS_S_MAX),
        recipient_class_allowed=table.take("recipient_class_allowed", bool),
        incompleteness_notice=table.take("incompleteness_notice", bool),
        text_versions=table.texts("text_versions"),
        notice_versions=table.texts("notice_versions"),
        implied_health=table.take("implied_health", bool),
        redisclosure=table.words("redisclosure", Category),
        group_min=table.count("group_min", GROUP_MIN_MAX),
        grant_s=override.count("grant_s", GRANT_S_MAX),
        narrative_min=override.count("narrative_min", NARRATIVE_MAX),
        told_max=override.count("told_max", TOLD_MAX),
        repeats_max=override.count("repeats_max", REPEATS_MAX),
        overdue_max=override.count("overdue_max", REPEATS_MAX),
    )
    override.done()
    read = _Pack(
        facts,
        read_codes(table.table("code")),
        read_breach(table.table("breach")),
        read_keeping(table.table("retention")),
        read_loop(table.table("loop")),
    )
    table.done()
    return read


def _zone(table: Table) -> str:
    name = table.take("zone", str)
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: no such zone
        raise table.fault("zone", f"`{name}`", "a time zone of this machine, as America/Toronto") from None
    return name


def _holidays(table: Table) -> str:
    place = table.take("holidays", str)
    try:
        is_business_day(date(2026, 1, 2), place)
    except NotImplementedError:  # the library knows no such place
        raise table.fault("holidays", f"`{place}`", "a province as ISO 3166-2 writes it, as CA-ON") from None
    return place


def _profiles(table: Table, earlier: Profiles | None) -> Profiles:
    by_type = {kind: _profile(kind, entry) for kind, entry in table.table("profile").tables().items()}
    events = table.table("events")
    by_service = table.table("events_by_service").tables()
    table.done()
    profiles = Profiles(by_type, events.pairs(), {event: entry.pairs() for event, entry in by_service.items()})
    _check_events(table, profiles)
    if earlier is not None:
        _check_narrowed(table, profiles, earlier)
    return profiles


def _profile(kind: str, table: Table) -> Profile:
    profile = Profile(
        type=kind,
        purpose=table.word("purpose", Purpose),
        required=table.words("required", Category),
        optional=table.words("optional", Category),
        coarse=table.words("coarse", Category) if table.has("coarse") else (),
    )
    table.done()
    seen: set[Category] = set()
    for key, words in (("required", profile.required), ("optional", profile.optional), ("coarse", profile.coarse)):
        for word in words:
            if word in seen:
                raise table.fault(key, f"`{word}`", "a word in one of the three lists only")
            seen.add(word)
    return profile


def _check_events(table: Table, profiles: Profiles) -> None:
    for event, kind in profiles.events.items():
        if kind not in profiles.by_type:
            raise table.fault(f"events.{event}", f"`{kind}`", "a type that has a profile")
    for event, kinds in profiles.by_service.items():
        if event not in profiles.events:
            raise table.fault(f"events_by_service.{event}", "an event without a type", "an event of [events]")
        for service, kind in kinds.items():
            other = profiles.by_type.get(kind)
            # the event alone fixes the purpose: a service must not change it
            if other is None or other.purpose is not profiles.by_type[profiles.events[event]].purpose:
                raise table.fault(f"events_by_service.{event}.{service}", f"`{kind}`", "a type of the same purpose")


def _check_narrowed(table: Table, later: Profiles, earlier: Profiles) -> None:
    """An overlay takes types, categories and events away. It adds none and turns none into another."""
    for kind, profile in later.by_type.items():
        base = earlier.by_type.get(kind)
        if base is None or profile.purpose is not base.purpose:
            raise table.fault(
                f"profile.{kind}", f"`{profile.purpose}`", "a type of the packaged file, with its purpose"
            )
        if missing := [word for word in base.required if word not in profile.required]:
            # without it, what is now denied would pass with the rest
            raise table.fault(f"profile.{kind}.required", "a shorter list", f"{missing[0]} among them")
        _check_within(table, f"profile.{kind}.required", profile.required, base.required + base.optional)
        _check_within(table, f"profile.{kind}.optional", profile.optional, base.optional)
        _check_within(table, f"profile.{kind}.coarse", profile.coarse, base.optional + base.coarse)
    for event, kind in later.events.items():
        if earlier.events.get(event) != kind or earlier.by_service.get(event) != later.by_service.get(event):
            raise table.fault(f"events.{event}", f"`{kind}`", "the types that the packaged file gives it")


def _check_within(table: Table, key: str, words: tuple[Category, ...], allowed: tuple[Category, ...]) -> None:
    for at, word in enumerate(words):
        if word not in allowed:
            raise table.fault(f"{key}[{at}]", f"`{word}`", "no more than the packaged file has")
