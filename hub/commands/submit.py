"""``hub systems submit``: an agency hands in a FHIR message of its own; ``hub/exchange/process.py`` judges it."""

from __future__ import annotations

from typing import Annotated

import typer

from consent.model.words import Code
from hub.commands.frame import DONE, REFUSED, As, Dir, Json, opened, read_input, say, show_json, who
from hub.desk.systems import asked
from hub.exchange.process import Processed, StandsAlready, process_message
from hub.model.advice import advice


def submit(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(help="The system for which it is handed in.")],
    file: Annotated[str, typer.Argument(help="A message Bundle (FHIR R4, JSON), or -.")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> int:
    """Put a message that an agency's own software made before the gate: a capacity enquiry, its answer, a risk filter,
    or what is said of a referral.

    What others demand of an agency (access-request, court-order, police-request, research, fundraising) may be handed
    in too: the hub never carries it, and its log says that it was asked. Exit code 1: it does not go; why is said.
    """
    by = who(ctx, worker)
    data = read_input(file)
    with opened(ctx, folder) as hub:
        found = process_message(hub.house, asked(hub.house, id, "submit", by), data)
    if isinstance(found, StandsAlready):
        if as_json:
            show_json({"stands": True, "number": found.number})
        else:
            say("the referral stands so already: nothing was sent")
        return DONE
    if as_json:
        show_json(_document(found))
    elif found.decision.permits:
        again = "it has gone already" if found.repeated else "it goes"
        say(f"{again}: number {found.message.referral_no}. What comes back names that number.")
    else:
        code = found.decision.codes[0]
        say(f"IT DOES NOT GO ({code.value}): {'; '.join(text for text in (found.why_not, _why(found)) if text)}")
        for place in found.anonymous.strange if found.anonymous else ():
            say(f"  not one of its codes, or not once: {place}")
    return DONE if found.decision.permits else REFUSED


def _why(found: Processed) -> str:
    code, told = found.decision.codes[0], found.anonymous
    if code is Code.DN_REIDENTIFY and told is not None and not told.strange:
        return f"by catchment.csv {told.people} people have what it says together, too few: say less of the person"
    return _WORDS.get(code) or advice(code.value).en


_WORDS = {
    Code.DN_REIDENTIFY: "it may hold nothing but its codes (docs/administrator.md, *Asking about nobody*)",
    Code.DN_OFF_BUS: "the hub never carries this. That it was asked is on record: give it to your privacy officer",
    Code.DN_SENDER: "it names another agency as its sender, or its agency or system is suspended",
    Code.DN_SCHEMA: "another message has gone under its MessageHeader.id: give every message an id of its own",
}


def _document(found: Processed) -> dict[str, object]:
    return {
        "message": found.message.message_id,
        "outcome": found.decision.outcome.value,
        "codes": [code.value for code in found.decision.codes],
        "number": found.message.referral_no,
        "repeated": found.repeated,
        "strange": list(found.anonymous.strange) if found.anonymous else [],
        "people": found.anonymous.people if found.anonymous else None,
    }
