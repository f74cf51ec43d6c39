"""A message of a referral that an agency's own software makes, as a record like any other's (shared model 3.11, 6.2, 7;
settled S41, S45). Pure.

What the hub alone may say is taken out here and said anew where the message is built: alias, referral number, Consent,
ends, ids. Whatever else stands in it is judged as the record of an adapter is; there is one road.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NoReturn

from hub.exchange.cleaning import BEHIND, Cleaner
from hub.exchange.complete import BY_REQUESTER, CONSENT_URL, TASK_CODE
from hub.exchange.match import Digest, PersonKeys, person_keys
from hub.exchange.message import ADD, travelling
from hub.exchange.posted import Posted
from hub.exchange.records import End, ReferralRecord, Source
from hub.exchange.strict import Fault, NotOurMessage
from hub.model import codes
from hub.model.envelope import BESIDE_A_REFERRAL
from hub.model.fhir import Resource, code_in, identifier_in, references
from hub.referral import STATES, TASK_STATUS, Said, Writer

CLIENT = "urn:block:client"  # stands for the client where a later message names them by alias alone
_ENTRY = "Bundle.entry[{}].resource"
_HOLDS = {"plan-shared": "CarePlan", "case-note-shared": "DocumentReference", "review-done": "Task"}
_NAMED = ("Patient", "ServiceRequest")

Found = tuple[int, Resource]  # where an entry stands, and what it is


@dataclass(frozen=True, slots=True)
class Made:
    """By whom a message was handed in, and under which key it is a record.

    Args:
        source: of it; its revision and digest are of the envelope's id and of the entries.
        digest: the hub's keyed digest.
    """

    source: Source
    digest: Digest
    now: datetime

    @property
    def agency(self) -> str:
        """Whose it is."""
        return self.source.system.agency


def file_number(agency: str) -> str:
    """The identifier system of an agency's own file numbers."""
    return f"{codes.ID}/{agency}/file"


def as_record(posted: Posted, made: Made) -> ReferralRecord:
    """The message as a record of its system.

    Raises:
        NotOurMessage: a part that its event needs is not there, stands twice, or does not agree with another.
    """
    beside, by_sender = posted.event in BESIDE_A_REFERRAL, posted.event in BY_REQUESTER
    task = None if beside else _coordination(posted)
    request = _first(posted, "ServiceRequest")
    asked = request[1] if request else {}
    focus = asked or (task[1] if task else {})
    patient = _client(posted, focus)
    writer: Writer = "S" if by_sender else "R"
    named = (identifier_in(task[1], codes.ID_REFERRAL) if task else None) or posted.number or None
    number = None if posted.event == ADD else named  # the hub gives it one
    placer = _placer(asked) or (_placer(task[1]) if task else "")
    if by_sender and not placer and not number:
        _wrong(request or task, ".identifier", "neither a number of yours (type PLAC) nor the hub's", "one of both")
    return ReferralRecord(
        source=made.source,
        kind="shared" if beside else "referral" if by_sender else "referral-status",
        entries=tuple(_entries(posted, made, patient, number or "")),
        said=_said(posted, task, writer, made.now) if task else Said("R", ""),
        requester=End(agency=posted.sender),
        performer=End(agency=posted.recipient),
        wanted=code_in(asked.get("code"), codes.SERVICE_WANTED) or "",
        placer=f"/{placer}" if by_sender and not number else "",
        number=number,
        person=_keys(patient[1], made) if patient else None,
        case_closed=False,
        deceased=patient is not None and _is_dead(patient[1]),
        alias=_alias(patient[1] if patient else None, focus),
        consent=next(iter(_consents(asked)), None),
        event=posted.event if beside else "",
        holds=_HOLDS.get(posted.event, ""),
        service=_service(asked),
        handed_in=True,
        labelled=posted.purpose,
        version=str(task[1]["meta"].get("versionId", "")) if task else "",
    )


def places(posted: Posted, entries: Sequence[Resource]) -> tuple[dict[int, int], list[int]]:
    """Entries of the message that is made of a record, to those of the Bundle that was handed in; and those of it that
    stay behind. Client and request, which are then named by alias and number, and an abort, are not among these.
    """
    at = {posted.bundle["entry"][index]["fullUrl"]: index for index in posted.held}
    travels = travelling(entries, posted.event)
    found = {index: at[block] for index, block in enumerate(travels, start=1) if block in at}
    told = {index for index, held in posted.held.items() if held["resourceType"] in _NAMED or _aborts(held)}
    return found, sorted(posted.held.keys() - set(found.values()) - told)


def _said(posted: Posted, task: Found, writer: Writer, now: datetime) -> Said:
    """What the Task says of the referral, and what stands beside it to bear that out (shared model 6.2)."""
    resource = task[1]
    state = code_in(resource.get("businessStatus"), codes.REFERRAL_STATE) or ""
    if not state and not resource.get("output"):
        _wrong(task, ".businessStatus", "no referral-state", f"a Coding of {codes.REFERRAL_STATE}, or an output")
    if state and state not in STATES:
        _wrong(task, ".businessStatus", "an unknown referral-state", f"a code of {codes.REFERRAL_STATE}")
    if state and state != "cancel-requested" and resource.get("status") != TASK_STATUS[state]:
        _wrong(task, ".status", "a status of another state", f"{TASK_STATUS[state]}, as {state} has it")
    outputs = resource.get("output", ())
    return Said(
        writer=writer,
        state=state,
        reason=code_in(resource.get("statusReason"), codes.STATE_REASON),
        modified_at=_instant(resource.get("lastModified")) if posted.dated else None,
        has_output=bool(outputs),
        question=any(_asks(each) for _, each in _all(posted, "Communication")),
        redirect=any(_is_redirect(each) for each in outputs),
        appointment=any(_is_to_come(each, now) for _, each in _all(posted, "Appointment")),
        abort=next((_answer(each) for _, each in _all(posted, "Task") if _aborts(each)), ""),
    )


def _entries(posted: Posted, made: Made, client: Found | None, number: str) -> Iterator[Resource]:
    """What may travel, each without what the hub alone may say, and without words where there are only codes."""
    at = {index: str(posted.bundle["entry"][index]["fullUrl"]) for index in posted.held}
    held = sorted(posted.held.items())
    behind = {at[index] for index, resource in held if resource["resourceType"] in BEHIND or _aborts(resource)}
    cleaner = Cleaner(
        agency=made.agency,
        ends=_ends(posted),
        agencies=frozenset({posted.sender, posted.recipient}),
        client=at[client[0]] if client else CLIENT,
        inside=frozenset(at.values()) - behind,
        behind=frozenset(behind),
        number=number,
    )
    for index, resource in held:
        if at[index] not in behind:
            yield {"fullUrl": at[index], "resource": cleaner.clean(resource, _ENTRY.format(index))}
    cleaner.check()
    if client is None and posted.event != ADD:
        yield {"fullUrl": CLIENT, "resource": {"resourceType": "Patient", "identifier": []}}


def _coordination(posted: Posted) -> Found:
    """The one Task of the referral; one that asks for, or answers, an abort may stand beside it."""
    found = [each for each in _all(posted, "Task") if not _aborts(each[1])]
    if len(found) != 1:
        expected = f"one that says how the referral stands, for {posted.event}"
        raise NotOurMessage([Fault("Bundle.entry", f"{len(found)} of Task", expected)])
    return found[0]


def _client(posted: Posted, focus: Resource) -> Found | None:
    """The Patient whom the message is for, where it holds one."""
    about = focus.get("subject") or focus.get("for") or {}
    patients = _all(posted, "Patient")
    named = [each for each in patients if posted.bundle["entry"][each[0]]["fullUrl"] == about.get("reference")]
    if named or len(patients) < 2:
        return next(iter(named or patients), None)
    fault = Fault("Bundle.entry", f"{len(patients)} of Patient", "one, or a reference to the one whom it is for")
    raise NotOurMessage([fault])


def _keys(patient: Resource, made: Made) -> PersonKeys:
    own = identifier_in(patient, file_number(made.agency))
    system, agency = made.source.system.id, made.agency
    return person_keys(patient, system=system, local_id=own, digest=made.digest, agency=agency)


def _alias(patient: Resource | None, focus: Resource) -> str | None:
    """The agency's own alias of the client, wherever the message says it."""
    if patient and (said := identifier_in(patient, codes.ID_CLIENT)):
        return said
    about = focus.get("subject") or focus.get("for") or {}
    named = about.get("identifier", {})
    if named.get("system") == codes.ID_CLIENT:
        return str(named.get("value"))
    target = str(about.get("reference", "")).removeprefix(f"{codes.HUB}/")
    return target.removeprefix("Patient/") if target.startswith("Patient/") else None


def _placer(resource: Resource) -> str:
    for identifier in resource.get("identifier", ()):
        if "PLAC" in (each.get("code") for each in identifier.get("type", {}).get("coding", ())):
            return str(identifier["value"])
    return ""


def _service(asked: Resource) -> str:
    """Id of the service of the directory that is asked, where the request names one."""
    for performer in asked.get("performer", ()):
        named = performer.get("identifier", {})
        if named.get("system") == codes.ID_SERVICE:
            return str(named.get("value"))
    return ""


def _consents(asked: Resource) -> Sequence[str]:
    return [url.removeprefix(CONSENT_URL) for url in references(asked) if url.startswith(CONSENT_URL)]


def _ends(posted: Posted) -> dict[str, str]:
    """``fullUrl`` of each end to its agency."""
    header = posted.bundle["entry"][0]["resource"]
    named = ((header["sender"], posted.sender), (header["destination"][0].get("receiver", {}), posted.recipient))
    return {each["reference"]: agency for each, agency in named if each.get("reference")}


def _all(posted: Posted, kind: str) -> list[Found]:
    return [each for each in sorted(posted.held.items()) if each[1]["resourceType"] == kind]


def _first(posted: Posted, kind: str) -> Found | None:
    return next(iter(_all(posted, kind)), None)


def _aborts(task: Resource) -> bool:
    return code_in(task.get("code"), TASK_CODE) == "abort"


def _answer(abort: Resource) -> Literal["", "accepted", "rejected"]:
    status = abort.get("status")
    return status if status in ("accepted", "rejected") else ""


def _asks(communication: Resource) -> bool:
    """T3: what is asked for stands as codes, the categories wanted; its words are notes-free and may stay behind."""
    return any(code_in(each, codes.CATEGORY) for each in communication.get("reasonCode", ()))


def _is_redirect(output: Resource) -> bool:
    kinds = [each.get("code") for each in output.get("type", {}).get("coding", ())]
    return "redirect-to" in kinds and "valueReference" in output


def _is_to_come(appointment: Resource, now: datetime) -> bool:
    start = _instant(appointment.get("start"))
    return appointment.get("status") == "booked" and start is not None and start > now


def _is_dead(patient: Resource) -> bool:
    return patient.get("deceasedBoolean") is True or "deceasedDateTime" in patient


def _instant(text: object) -> datetime | None:
    """An instant with its zone, in UTC; of a day, of what is none, or of none that a clock knows, nothing."""
    try:
        at = datetime.fromisoformat(str(text))
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _wrong(found: Found | None, below: str, got: str, expected: str) -> NoReturn:
    raise NotOurMessage([Fault(f"{_ENTRY.format(found[0] if found else 0)}{below}", got, expected)])
