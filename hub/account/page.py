"""The accounting as a page that prints: one file, plain words, English or French (consent rules 4.4). Pure.

The hub knows no name of the client: who hands the page over writes it by hand. Days are those of the pack's zone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from consent.model.words import Outcome
from hub.account.disclosure import Disclosure, Ground
from hub.model.directory import RELAY

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True, slots=True)
class Account:
    """What is told to one client at one time.

    Args:
        names: agency id -> name, for all that are shown.
        agency: whose officer answers, or ``RELAY`` where its name may not be shown; None: the hub's.
        request: number of the request.
        zone: whose days the dates are.
    """

    disclosures: Sequence[Disclosure]
    names: Mapping[str, str]
    agency: str | None
    request: str
    made_at: datetime
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Line:
    """One disclosure in words.

    Args:
        date: ISO 8601, ``day`` as people write it.
        left_out: a sentence, or "".
    """

    date: str
    day: str
    recipient: str
    sender: str
    categories: tuple[str, ...]
    left_out: str
    purpose: str
    authority: tuple[str, ...]
    fate: str


def page(account: Account, language: Language) -> str:
    """The whole page, HTML 5, with nothing to be fetched from elsewhere."""
    words = spoken(language)
    head = words["page"]
    prepared = head["prepared"].format(day=_day(account.made_at, account.zone, words), request=account.request)
    return (
        _templates()
        .get_template("disclosures.html")
        .render(
            language=words["language"],
            words=head,
            prepared=prepared,
            scope=_scope(account, head),
            lines=lines(account, language),
        )
    )


def lines(account: Account, language: Language) -> list[Line]:
    """The disclosures in words, the oldest first."""
    return [_line(each, account, spoken(language)) for each in account.disclosures]


@cache
def spoken(language: Language) -> Mapping[str, Any]:
    """The words of a language, from its file."""
    return tomllib.loads((files("hub.account") / "words" / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("hub.account"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _scope(account: Account, head: Mapping[str, str]) -> str:
    """Whether this is the whole."""
    if account.agency is None:
        return head["whole"]
    return head["unnamed"] if account.agency == RELAY else head["agency"].format(agency=account.names[account.agency])


def _line(each: Disclosure, account: Account, words: Mapping[str, Any]) -> Line:
    head = words["page"]
    return Line(
        date=each.at.astimezone(account.zone).date().isoformat(),
        day=_day(each.at, account.zone, words),
        recipient=_name(each.recipient, account, words),
        sender=_name(each.sender, account, words) if each.sender else head["no_sender"],
        categories=tuple(words["category"][word] for word in each.categories) or (head["no_category"],),
        left_out=head["left_out"] if each.outcome is Outcome.PERMIT_REDACTED else "",
        purpose=words["purpose"][each.purpose],
        authority=(words["authority"][each.code], *dict.fromkeys(_grounds(each.grounds, account, words))),
        fate=words["fate"][each.fate],
    )


def _grounds(grounds: Sequence[Ground], account: Account, words: Mapping[str, Any]) -> list[str]:
    """When each consent was recorded and by whom; the relay's own name would say nothing more."""
    head, told = words["page"], []
    for ground in grounds:
        if ground.recorded_at is not None:
            day, by = _day(ground.recorded_at, account.zone, words), ground.discloser
            named = by is not None and by != RELAY
            sentence = head["consent_with"] if named else head["consent"]
            told.append(sentence.format(day=day, agency=account.names.get(by or "", by)))
    return told


def _name(agency: str, account: Account, words: Mapping[str, Any]) -> str:
    return str(words["page"]["relay"] if agency == RELAY else account.names.get(agency, agency))


def _day(at: datetime, zone: tzinfo, words: Mapping[str, Any]) -> str:
    local = at.astimezone(zone)
    day = words.get("first", "1") if local.day == 1 else str(local.day)
    return str(words["day"].format(day=day, month=words["months"][local.month - 1], year=local.year))
