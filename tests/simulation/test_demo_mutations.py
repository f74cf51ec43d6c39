"""The demo can fail: a hub with one mistake in it ends with a surprise or a difference, and says which.

Each mistake is one that somebody found the demo to be blind to. One run is told to its end for each, so it is soak.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from adapters.cms import inbox
from adapters.contract import Parcel
from hub.__main__ import real_tools
from hub.commands.demo import play
from hub.commands.demo_acts import TORONTO, Demo, begin, lay_routes
from hub.exchange import changed, elements, intake, reports, telling, waiting, writing
from hub.keys.ring import KeyRing
from hub.model.audit import Entry
from hub.sample import expectation
from hub.sample.network import make_network
from hub.store.audit import AuditTable
from hub.store.outbox import OutboxTable

pytestmark = pytest.mark.soak

CLIENTS, SEED = 60, 1
Patch = Callable[[pytest.MonkeyPatch], None]


def told(folder: Path) -> list[str]:
    """The surprises and differences of a whole demo."""
    clock = begin(real_tools())
    network = make_network(folder / "systems", CLIENTS, SEED, clock.now().astimezone(TORONTO).date())
    key = real_tools().prepare(folder / "hub", None)
    lay_routes(network, folder / "hub")
    expectation.write(network)
    surprises: list[str] = []
    with closing(real_tools().open(folder / "hub", lambda where, _: surprises.append(where), clock)) as hub:
        demo = Demo(hub, clock, network, real_tools(), Console(quiet=True), lambda: None, surprises)
        document = play(demo, folder, key)
    return [*document["surprises"], *document["expectation"]["differences"]]


def entries(change: Callable[[Entry], Entry | None]) -> Patch:
    """Entries of the log are changed, or left out."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        append = AuditTable.append

        def other(self: AuditTable, entry: Entry) -> str:
            found = change(entry)
            return "left out" if found is None else append(self, found)

        patch.setattr(AuditTable, "append", other)

    return apply


def without(kind: str) -> Patch:
    """No such entry is written."""
    return entries(lambda entry: None if entry.event.value == kind else entry)


def only_ident(entry: Entry) -> Entry:
    """The log says that nothing but the name was released."""
    if entry.details.get("categories_released"):
        return replace(entry, details={**entry.details, "categories_released": ["IDENT"]})
    return entry


def parcels(change: Callable[[dict[str, Any], str], object]) -> Patch:
    """What is written into a recipient's database says something else."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        write = inbox._one

        def other(database: Any, parcel: Parcel, *rest: Any) -> Any:
            said = json.loads(parcel.body)
            change(said, parcel.kind)
            return write(database, replace(parcel, body=json.dumps(said).encode()), *rest)

        patch.setattr(inbox, "_one", other)

    return apply


def another_telephone(said: dict[str, Any], kind: str) -> None:
    if kind == "referral" and "phone" in said["client"][0]:
        said["client"][0]["phone"] = "416-555-0199"


def no_telephone(said: dict[str, Any], kind: str) -> None:
    if kind == "referral":
        said["client"][0].pop("phone", None)


def another_service(said: dict[str, Any], kind: str) -> None:
    if kind == "referral":
        said["service_wanted"] = "legal"


def accepted_always(said: dict[str, Any], kind: str) -> None:
    if kind == "referral-status" and said.get("status") == "DECLINED":
        said["status"] = "ACCEPTED"


def another_refusal(said: dict[str, Any], kind: str) -> None:
    if kind == "refusal" and said["code"] == "DN_EXPIRED":
        said["code"] = "DN_WITHDRAWN"


def bodies_in_base64(patch: pytest.MonkeyPatch) -> None:
    """What lies on the bus is not sealed."""
    seal = KeyRing.seal

    def other(self: KeyRing, envelope: Any, **more: Any) -> Any:
        sealed, key = seal(self, envelope, **more)
        return replace(sealed, body=base64.b64encode(str(envelope).encode())), key

    patch.setattr(KeyRing, "seal", other)


def half_of_the_answers(patch: pytest.MonkeyPatch) -> None:
    """Every other answer of a worker is never read."""
    read = intake.read_all

    def other(house: Any, system: Any, raws: Any) -> Any:
        kept = [raw for raw in raws if not (raw.key.startswith("referral_in:") and raw.key[-1] in "02468")]
        return read(house, system, kept)

    patch.setattr(intake, "read_all", other)


def needs_like_any_other(patch: pytest.MonkeyPatch) -> None:
    """A need that tells of violence or an illness goes as any need does."""
    patch.setattr(elements, "_TELLING", {})


def a_sentence_in_answers(said: dict[str, Any], kind: str) -> None:
    if kind == "referral-status":
        said["note"] = "She did not want to come."


def a_number_in_danger(said: dict[str, Any], kind: str) -> None:
    if kind == "override":
        said["client"][0]["identifier"] = [{"type": "UCI", "value": "1100000001"}]


def named_in_a_refusal() -> Callable[[dict[str, Any], str], None]:
    """Whoever was referred last is named in the next refusal."""
    seen = [""]

    def change(said: dict[str, Any], kind: str) -> None:
        if kind == "referral":
            seen[0] = said["client"][0].get("last_name", seen[0])
        elif kind == "refusal":
            said["place"] = f"{said.get('place', '')} {seen[0]}"

    return change


def keys_that_stay(patch: pytest.MonkeyPatch) -> None:
    """What has arrived can be opened still."""
    patch.setattr(OutboxTable, "drop", lambda _self, _ids: None)


def nobody_hears_of_a_withdrawal(patch: pytest.MonkeyPatch) -> None:
    """Who has what came on a consent is not told that it was withdrawn."""
    patch.setattr(changed, "_tell", lambda *_, **__: None)


def never_incomplete(patch: pytest.MonkeyPatch) -> None:
    """Nobody is told that something was left out."""
    patch.setattr(writing, "_is_incomplete", lambda _content: False)


def codes_alone(patch: pytest.MonkeyPatch) -> None:
    """A refusal says a code, and neither why nor what to do."""
    patch.setattr(telling, "by_code", dict)


def registry_names(patch: pytest.MonkeyPatch) -> None:
    """A refusal names the registry's field, which no worker has on the screen."""
    patch.setattr(waiting, "column_of", {"verbal_note": "verbal", "receipt_channel": "receipt_ref"}.get)


def everybody_may_be_asked(patch: pytest.MonkeyPatch) -> None:
    """The funder is told of everybody that they may be asked later."""
    patch.setattr(reports, "may_be_asked", lambda *_: True)


def nobody_waits_for_the_profile(patch: pytest.MonkeyPatch) -> None:
    """Services are reported before the funder has taken the client's profile, and refused there with certainty."""
    patch.setattr(reports, "must_wait", lambda *_: False)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        pytest.param(without("DELIVERY"), "no entry released it", id="released without an entry"),
        pytest.param(without("CONSENT_RECORDED"), "which nobody has recorded", id="consents without an entry"),
        pytest.param(without("OVERRIDE_DECLARED"), "was never declared", id="a danger without an entry"),
        pytest.param(without("NOTICE_SENT"), "0 by the log", id="notices without an entry"),
        pytest.param(entries(only_ident), "are not what was asked for", id="the log says that only a name went"),
        pytest.param(parcels(another_telephone), "phone of client", id="another telephone"),
        pytest.param(parcels(no_telephone), "has not arrived", id="a permitted telephone stays behind"),
        pytest.param(parcels(another_service), "service_wanted of client", id="another service"),
        pytest.param(parcels(accepted_always), "the recipient's worker saved DECLINED", id="declined read as accepted"),
        pytest.param(parcels(another_refusal), "and refused 0 times", id="refused for another reason"),
        pytest.param(bodies_in_base64, "can be read on the bus", id="bodies that are not sealed"),
        pytest.param(needs_like_any_other, "DV of client", id="a need that tells of violence goes as any need"),
        pytest.param(parcels(a_sentence_in_answers), "column note is none of", id="an answer that says more"),
        pytest.param(parcels(a_number_in_danger), "identifier of somebody in danger", id="a danger that says more"),
        pytest.param(parcels(named_in_a_refusal()), "a word that names somebody", id="a refusal that names somebody"),
        pytest.param(keys_that_stay, "keys are kept", id="keys of what has arrived"),
        pytest.param(nobody_hears_of_a_withdrawal, "was not told of its end", id="a withdrawal that nobody hears of"),
        pytest.param(never_incomplete, "arrived as whole", id="a referral that says it is whole"),
        pytest.param(codes_alone, "and not what to do", id="a refusal is a code alone"),
        pytest.param(registry_names, "no word names", id="a refusal names no column of the worker's"),
        pytest.param(everybody_may_be_asked, "has not agreed to be asked later", id="everybody may be asked later"),
        pytest.param(nobody_waits_for_the_profile, "where nothing was due", id="services before the profile"),
        pytest.param(half_of_the_answers, "was sent by nobody", id="answers that are never read"),
    ],
)
def test_a_hub_with_a_mistake_in_it_surprises_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistake: Patch, words: str
) -> None:
    mistake(monkeypatch)

    found = told(tmp_path)

    assert any(words in each for each in found), found[:10]


def test_a_hub_without_one_does_not(tmp_path: Path) -> None:
    assert told(tmp_path) == []
