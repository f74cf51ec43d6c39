"""A system that needs no adapter: its agency's own software speaks FHIR with the hub.

It hands its messages in (``$process-message``) and opens what is there for it (``$open``); the hub neither fetches from
it nor sends to it, and no mapping stands between. Only the card is here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import urlsplit

from adapters.contract import Adapter, Commit, Finding, Gone, Memory, Now, Page, Parcel, Raw, RecordKind, Sent
from hub.errors import Refused, Unexpected
from hub.model import jwk
from hub.model.directory import REMOTE
from hub.model.record import Record
from hub.sealing_key import read_key

# shared model 7: every event that a partner may be told, by what its messages are known by
_BESIDE = {"plan-shared": "CarePlan", "case-note-shared": "DocumentReference", "review-done": "Task"}
_ALONE = ("override-disclosure", "capacity-enquiry", "capacity-answer", "risk-filter")


class Remote:
    """The connection to it: there is none of ours. Its settings are its public keys.

    Args:
        settings: ``jwks`` (a key set) or ``jwks_url`` (``https``), by which it is known; ``hpke``, a key to which what
            it opens is sealed.

    Raises:
        Refused: a setting is missing, unknown or no such key.
    """

    def __init__(self, settings: Mapping[str, Any], memory: Memory, now: Now) -> None:
        del memory, now
        _check(settings)

    def fetch(self, since: str) -> Page:
        """Nothing: it hands in what it has."""
        return Page((), since)

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """Its records are its own: whoever wants one judged again hands it in again."""
        return [Gone(key) for key in keys]

    def reach(self) -> None:
        """It reaches us."""

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        """Never asked: it opens what is there."""
        del parcels, commit
        raise AssertionError("nothing is sent to a system that opens its messages itself")

    def check(self) -> list[Finding]:
        """What can be said without it."""
        return [
            Finding("connection", True, "its agency's own software connects to the hub; nothing to check from here")
        ]

    def close(self) -> None:
        """Nothing to let go of."""


def _check(settings: Mapping[str, Any]) -> None:
    how = "hub agencies add … --jwks FILE|URL --hpke FILE"
    if unknown := len(settings.keys() - {"jwks", "jwks_url", "hpke"}):
        raise Refused("settings", f"unknown ones: {unknown}", "jwks or jwks_url, and hpke", how)
    if ("jwks" in settings) == ("jwks_url" in settings):
        raise Refused("settings", "both or none", "one of jwks and jwks_url", how)
    if "jwks" in settings:
        if (fault := jwk.fault(settings["jwks"])) is not None:
            raise Refused(fault.place, fault.got, fault.expected, fault.next_step)
    elif not _is_https(settings["jwks_url"]):
        raise Refused("jwks_url", "another kind of address", "https://…", how)
    if "hpke" in settings:
        read_key(settings["hpke"])  # what could not be sealed to is told here, and not at the first message


def _is_https(url: object) -> bool:
    """Any host will do, this machine and a private network too: agencies are there, and no stranger names the address.

    The administrator does, and a name could lead there anyway. What guards is how it is read: a certificate that
    vouches for the host, no redirect, and never a word of the answer to anybody.
    """
    try:
        parts = urlsplit(url) if isinstance(url, str) and url.isascii() and url.isprintable() else None
        return bool(parts and parts.scheme == "https" and parts.hostname and not parts.username and parts.port != 0)
    except ValueError:
        return False


def _no_records(key: str, data: bytes) -> NoReturn:
    del key, data
    raise Unexpected(REMOTE, "a record", "a message, which no adapter reads")


def _parse(key: str, data: bytes) -> Record:
    _no_records(key, data)


ADAPTER = Adapter(
    kind=REMOTE,
    connect=Remote,
    parse=_parse,
    render=None,
    notice=None,
    records=(
        RecordKind("REFERRAL", "referral", parcel="referral"),
        RecordKind("STATUS", "referral-status", parcel="referral-status"),
        *(RecordKind(event.upper(), event, parcel=event, holds=held) for event, held in _BESIDE.items()),
        *(RecordKind(event.upper(), event, parcel=event) for event in _ALONE),
    ),
    columns=dict,
    remote=True,
)
