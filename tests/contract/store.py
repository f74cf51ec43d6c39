"""What every store promises. A subclass names its store and adds no test."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

import pytest

from consent.model import Consent, Decision, Directive, Facts, Link, Message, PackFacts, Party, Recipient
from consent.model.words import Code, ConsentState, Outcome, Purpose
from hub.errors import Unavailable, Unexpected
from hub.model import locks
from hub.model.audit import MUST_SAY, Actor, AuditEvent, Entry
from hub.model.directory import Agency
from hub.model.envelope import MessageState, Sealed
from hub.model.incidents import Duty, Holding, Incident
from hub.model.keeping import Room
from hub.model.rows import Handover, Inbox, Notice, Outbound, ReferralEvent, ReferralRow, Request, Sought, Waiting
from hub.store.audit import PAGE
from tests.contract.changes import AT, changes, consent_of, happened


def facts() -> Facts:
    message = Message("ReferralRequest", "add-service-request", Purpose.REFERRAL, (), None)
    return Facts(AT, PackFacts("ca-on", 1), Party("harbour"), Party("lakeside"), message, None)


def waiting(key: str, *on: str) -> Waiting:
    return Waiting(f"w-{key}", "harbour-cms", key, "1", "d", "DN_NO_CONSENT", AT, locks=on)


class StoreContract:
    """Subclasses provide the fixture ``store``."""

    @pytest.mark.parametrize("seed", range(5))
    def test_whatever_happened_later_an_earlier_moment_is_read_as_it_was(
        self, store: Any, clock: Any, seed: int
    ) -> None:
        refs = [self.mint(store) for _ in range(2)]
        own = [locks.CONFIG, *(locks.subject(ref) for ref in refs)]

        def seen(**when: Any) -> tuple[Any, ...]:
            """Without the versions, which say how often something was changed, and in no order."""
            with store.peek(**when) as rows:
                directory = rows.directory.all()
                people = {ref: replace(known, version=0) for ref, known in rows.subjects.facts(refs).items()}
                named = {**directory.agencies, **directory.systems, **directory.workers}
                others = {*map(repr, (*directory.services, *directory.sites, *directory.agreements))}
                noes = {ref: frozenset(each.directive_id for each in known.directives) for ref, known in people.items()}
                people = {ref: replace(known, directives=()) for ref, known in people.items()}
                links = rows.links.of(refs)
                return rows.now, rows.consents.head(), directory.stopped, named, others, people, noes, links

        moments = [seen()]
        clock.advance(timedelta(hours=1))
        for verb, args, how in changes(refs, seed, clock):
            with store.unit(own=own) as unit:
                attrgetter(verb)(unit)(*args, **how)
            clock.advance(timedelta(minutes=1))
            moments.append(seen())
            clock.advance(timedelta(hours=1))

        assert [seen(as_of=moment[0]) for moment in moments] == moments
        with store.peek(as_of=moments[0][0] - timedelta(days=1)) as rows:
            assert rows.subjects.facts(refs) == {}, "nobody was known before they were"

    def mint(self, store: Any) -> str:
        with store.unit() as unit:
            return str(unit.subjects.mint())

    def file(self, store: Any, ref: str, consent: Consent, **where: str) -> None:
        with store.unit(own=[locks.subject(ref)]) as unit:
            origin = {"system": "harbour-cms", "key": "consent:1", "read_as": "1", **where}
            unit.consents.put(consent, happened(consent.state), **origin)

    def test_an_exception_leaves_nothing_behind(self, store: Any) -> None:
        with pytest.raises(RuntimeError), store.unit(own=[locks.CONFIG]) as unit:
            unit.directory.put(Agency("harbour", "Harbour", "general", "ca-on", "delivery.A"))
            unit.audit.append(Entry(AuditEvent.CONFIG_CHANGE, unit.now, Actor("w-1"), {"what": "agency"}))
            raise RuntimeError

        with store.peek() as rows:
            assert rows.directory.all().agencies == {}

    def test_the_entry_that_released_a_message_is_found_by_its_instant_among_those_of_its_unit(
        self, store: Any
    ) -> None:
        decided = {**dict.fromkeys(MUST_SAY[AuditEvent.DELIVERY], ""), "purpose": "REFERRAL"}
        other = {"what": "agency", "envelope_id": "e-1", "payload_digest": "d"}
        entries = [
            Entry(AuditEvent.CONFIG_CHANGE, AT, Actor("w-1"), other),
            Entry(AuditEvent.DELIVERY, AT, Actor("w-1"), {**decided, "envelope_id": "e-1"}),
            *(
                Entry(AuditEvent.DELIVERY, AT, Actor("w-1"), {**decided, **said})
                for said in ({"envelope_id": f"e-{number}", "payload_digest": "d"} for number in (0, 1, 2))
            ),
        ]
        with store.unit() as unit:
            ids = [unit.audit.append(entry) for entry in entries]
            at = unit.now

        with store.unit() as unit:
            assert unit.audit.opened("e-1", at) == (ids[3], entries[3].body(ids[3]))
            assert unit.audit.opened("e-3", at) is None
            assert unit.audit.opened("e-1", at - timedelta(microseconds=1)) is None

    def test_facts_of_a_subject_that_was_not_locked_are_a_programming_error(self, store: Any) -> None:
        ref = self.mint(store)

        with pytest.raises(AssertionError), store.unit() as unit:
            unit.subjects.facts([ref])

    def test_a_shared_subject_can_be_read_and_not_changed(self, store: Any) -> None:
        ref = self.mint(store)

        with pytest.raises(AssertionError), store.unit(share=[locks.subject(ref)]) as unit:
            assert unit.subjects.facts([ref])
            unit.consents.put(consent_of(ref), happened(), system="s", key="k", read_as="1")

    def test_a_peek_cannot_write(self, store: Any) -> None:
        with pytest.raises((AssertionError, Unavailable)), store.peek() as rows:
            rows.cursors.put("harbour-cms", "7")

        with store.peek() as rows:
            assert rows.cursors.get("harbour-cms") == ""

    def test_a_decision_from_facts_that_this_unit_did_not_gather_is_not_written_inv_2(self, store: Any) -> None:
        permit = Decision(Outcome.PERMIT, "P-10", (Code.OK_CONSENT,))
        elsewhere = facts()

        with pytest.raises(AssertionError, match="INV-2"), store.unit() as unit:
            unit.decisions.gathered(facts())
            unit.decisions.put("d-1", "m-1", 1, elsewhere, permit)

        with store.peek() as rows:
            assert rows.decisions.stored(10) == []

    def test_owning_a_subject_raises_its_version_and_sharing_does_not(self, store: Any) -> None:
        ref = self.mint(store)
        lock = locks.subject(ref)

        def version() -> int:
            with store.peek() as rows:
                return int(rows.subjects.facts([ref])[ref].version)

        before = version()
        with store.unit(share=[lock]) as unit:
            unit.subjects.facts([ref])
        shared = version()
        with store.unit(own=[lock]):
            pass

        assert (shared - before, version() - before) == (0, 1)

    def test_registry_numbers_grow_in_commit_order_without_a_gap(self, store: Any) -> None:
        ref = self.mint(store)
        self.file(store, ref, consent_of(ref, "c-1"))
        self.file(store, ref, consent_of(ref, "c-2"), key="consent:2")
        self.file(store, ref, consent_of(ref, "c-1", version=2, state=ConsentState.WITHDRAWN))

        with store.peek() as rows:
            found = {c.consent_id: c.registry_seq for c in rows.subjects.facts([ref])[ref].consents}
            head = rows.consents.head()

        assert (found, head) == ({"c-2": 2, "c-1": 3}, 3)

    def test_versions_of_a_consent_are_kept_and_only_the_last_is_current(self, store: Any) -> None:
        ref = self.mint(store)
        self.file(store, ref, consent_of(ref))
        self.file(store, ref, consent_of(ref, version=2, state=ConsentState.WITHDRAWN), read_as="2")

        with store.peek() as rows:
            current = rows.consents.of_source("harbour-cms", "consent:1")

        assert current is not None
        assert (current[0].version, current[0].state, current[1]) == (2, ConsentState.WITHDRAWN, "2")

    def test_the_latest_version_of_each_consent_is_read_a_page_at_a_time(self, store: Any) -> None:
        ref = self.mint(store)
        for number in ("c-2", "c-1", "c-3"):
            self.file(store, ref, consent_of(ref, number), key=f"consent:{number}")
        self.file(store, ref, consent_of(ref, "c-1", version=2, state=ConsentState.WITHDRAWN), key="consent:c-1")

        with store.peek() as rows:
            first, rest = rows.consents.current("", 2), rows.consents.current("c-2", 2)

        assert [(each.consent_id, each.version) for each in first] == [("c-1", 2), ("c-2", 1)]
        assert [(each.consent_id, each.state) for each in rest] == [("c-3", ConsentState.ACTIVE)]

    def test_the_consents_that_name_an_agency_are_among_those_that_are_read_for_it(self, store: Any) -> None:
        ref = self.mint(store)
        for number, discloser in (("c-1", "harbour"), ("c-2", "maple"), ("c-3", "harbour"), ("c-4", "harbour_")):
            filed = replace(consent_of(ref, number), discloser=discloser, recipients=(Recipient("lakeside"),))
            self.file(store, ref, filed, key=f"consent:{number}")

        with store.peek() as rows:
            named = {
                agency: [each.consent_id for each in rows.consents.naming(agency, "", 9)]
                for agency in ("harbour", "lakeside", "maple", "cedar", "lake_ide", '"')
            }
            rest = rows.consents.naming("harbour", "c-1", 1)

        assert named == {
            "harbour": ["c-1", "c-3"],
            "lakeside": ["c-1", "c-2", "c-3", "c-4"],
            "maple": ["c-2"],
            "cedar": [],
            "lake_ide": [],
            '"': [],
        }
        assert [each.consent_id for each in rest] == ["c-3"]

    def test_a_consent_that_names_an_agency_no_more_is_still_read_for_it(self, store: Any) -> None:
        ref = self.mint(store)
        for version, to in ((1, "lakeside"), (2, "cedar")):
            filed = replace(consent_of(ref, "c-1", version=version), recipients=(Recipient(to),))
            self.file(store, ref, filed, key="consent:c-1")

        with store.peek() as rows:
            found = [rows.consents.naming(agency, "", 9) for agency in ("lakeside", "cedar")]

        assert [[each.version for each in consents] for consents in found] == [[2], [2]]

    def test_every_version_of_a_consent_can_be_read(self, store: Any) -> None:
        ref = self.mint(store)
        self.file(store, ref, consent_of(ref))
        self.file(store, ref, consent_of(ref, version=2, state=ConsentState.WITHDRAWN), read_as="2")

        with store.peek() as rows:
            found, none = rows.consents.versions(consent_of(ref).consent_id), rows.consents.versions("c-unknown")

        states = [(each.version, each.state) for each in found]
        assert states == [(1, ConsentState.ACTIVE), (2, ConsentState.WITHDRAWN)]
        assert none == []

    def test_the_referrals_of_an_agency_are_read_a_page_at_a_time_but_those_that_ended(self, store: Any) -> None:
        def referral(number: str, sender: str, recipient: str, state: str = "accepted") -> ReferralRow:
            systems = (f"{sender}-cms", f"referral:{number}", recipient, f"{recipient}-cms")
            return ReferralRow(number, "a:b", "b:a", sender, *systems, None, "s-1", None, state)

        with store.unit(own=["subject:s-1"]) as unit:
            unit.referrals.put(referral("r-1", "harbour", "lakeside"))
            unit.referrals.put(referral("r-2", "lakeside", "harbour"))
            unit.referrals.put(referral("r-3", "harbour", "lakeside", "declined"))
            unit.referrals.put(referral("r-4", "lakeside", "elsewhere"))
            unit.referrals.put(referral("r-5", "harbour", "lakeside"))

        with store.peek() as rows:
            first = rows.referrals.sent_by("harbour", but={"declined"}, after="", limit=2)
            rest = rows.referrals.sent_by("harbour", but={"declined"}, after=first[-1].number, limit=2)
        assert [row.number for row in first] == ["r-1", "r-5"]
        assert rest == []

    def test_an_agency_finds_the_referrals_that_it_sent_and_those_that_have_reached_it(self, store: Any) -> None:
        def put(unit: Any, number: str, ends: str, state: str, day: int, *, arrived: bool = True) -> None:
            sender, recipient = ends.split(" > ")
            systems = (f"{sender}-cms", f"referral:{number}", recipient, f"{recipient}-cms")
            row = ReferralRow(number, "a:b", "b:a", sender, *systems, None, f"s-{number}", None, state, 1)
            kept = {"Task": {"answerBy": "2026-05-14"}}
            unit.referrals.put(replace(row, moved_at=AT + timedelta(days=day), kept=kept))
            unit.referrals.append(ReferralEvent(number, 1, "T1", state, "S", False, AT, reason="other"))
            ended = MessageState.DELIVERED if arrived else MessageState.REFUSED
            unit.inbox.put(
                Inbox(
                    message_id=f"m-{number}",
                    system=f"{sender}-cms",
                    record_key=f"referral:{number}",
                    revision="1",
                    attempt=1,
                    digest="d",
                    agency=sender,
                    event="add-service-request",
                    recipient=recipient,
                    decision_id=f"d-{number}",
                    state=ended,
                    code="OK_CONSENT",
                    accepted_at=AT,
                    ended_at=AT,
                    referral_no=number,
                )
            )

        with store.unit() as unit:
            put(unit, "r-1", "harbour > lakeside", "requested", 4)
            put(unit, "r-2", "lakeside > harbour", "accepted", 3)
            put(unit, "r-3", "lakeside > harbour", "accepted", 2, arrived=False)
            put(unit, "r-4", "harbour > elsewhere", "declined", 1)
            put(unit, "r-5", "lakeside > elsewhere", "accepted", 5)

        def found(limit: int = 9, **asked: Any) -> list[str]:
            with store.peek() as rows:
                return [row.number for row in rows.referrals.found(Sought("harbour", **asked), limit)]

        states, day = ("accepted", "declined", "requested"), AT + timedelta(days=3)
        assert found() == found(states=states) == ["r-1", "r-2", "r-4"]
        assert found(2, states=states) == ["r-1", "r-2"]
        assert found(states=states, after=("r-1", None)) == ["r-2", "r-4"]
        assert found(states=("accepted",)) == ["r-2"]
        assert found(senders=frozenset({"harbour"}), states=states) == ["r-1", "r-4"]
        assert found(recipients=frozenset({"harbour", "lakeside"})) == ["r-1", "r-2"]
        assert found(numbers=frozenset({"r-1", "r-3", "r-5", "r-9"})) == ["r-1"]
        assert found(subjects=frozenset({"s-r-1", "s-r-2"})) == ["r-1", "r-2"]
        assert found(subjects=frozenset({"s-r-3"})) == found(subjects=frozenset()) == []
        assert found(numbers=frozenset()) == found(senders=frozenset()) == found(states=()) == []
        assert found(order="moved") == ["r-4", "r-2", "r-1"]
        assert found(1, order="-moved", after=("r-1", AT + timedelta(days=4))) == ["r-2"]
        assert found(order="moved", after=("r-4", AT + timedelta(days=1)), states=("requested",)) == ["r-1"]
        assert found(moved=(day, AT + timedelta(days=9))) == ["r-1", "r-2"]
        assert found(moved=(AT, day)) == ["r-4"]
        with store.peek() as rows:
            assert rows.referrals.get("r-1").kept == {"Task": {"answerBy": "2026-05-14"}}
            last = rows.referrals.last_events(["r-1", "r-9"])
            assert {number: (event.version, event.reason) for number, event in last.items()} == {"r-1": (1, "other")}

    def test_the_clients_of_an_agency_are_read_a_page_at_a_time_by_its_own_aliases(self, store: Any) -> None:
        refs = [self.mint(store) for _ in range(3)]
        with store.unit(share=[f"subject:{ref}" for ref in refs]) as unit:
            aliases = sorted((unit.subjects.alias("harbour", ref), ref) for ref in refs)
            unit.subjects.alias("lakeside", refs[0])

        with store.peek() as rows:
            first = rows.subjects.of_agency("harbour", "", 2)
            rest = rows.subjects.of_agency("harbour", first[-1][0], 2)
        assert [*first, *rest] == aliases

    def test_the_number_of_an_attempt_is_never_given_again_when_an_earlier_one_has_ended(self, store: Any) -> None:
        def message(attempt: int) -> Inbox:
            return Inbox(
                message_id=f"m-{attempt}",
                system="harbour-cms",
                record_key="referral:1",
                revision="1",
                attempt=attempt,
                digest="d",
                agency="harbour",
                event="add-service-request",
                recipient="lakeside",
                decision_id=f"d-{attempt}",
                state=MessageState.REFUSED,
                code="DN_NO_CONSENT",
                accepted_at=AT,
                ended_at=AT,
            )

        with store.unit() as unit:
            assert unit.inbox.attempts("harbour-cms", "referral:1", "1") == 0
            unit.inbox.put(message(1))
            unit.inbox.put(message(2))
        with store.unit(share=[locks.CONFIG]) as unit:
            unit.keeping.end(Room.MESSAGES, ["m-1"])

        with store.unit() as unit:
            assert unit.inbox.attempts("harbour-cms", "referral:1", "1") == 2

    def test_the_last_word_on_how_a_referral_stands_is_none_that_rides_beside_it(self, store: Any) -> None:
        def message(name: str, event: str, at: datetime) -> Inbox:
            ends = {"agency": "harbour", "recipient": "lakeside", "system": "harbour-fhir", "revision": "1"}
            own = {"message_id": name, "record_key": f"by-hand:message:{name}", "decision_id": f"d-{name}"}
            went = {"state": MessageState.RETURNED, "code": "", "envelope_id": f"e-{name}", "referral_no": "R"}
            return Inbox(**ends, **own, **went, event=event, attempt=1, digest="d", accepted_at=at)

        said = message("m-1", "notify-update-process-request", AT)
        beside = message("m-2", "plan-shared", AT + timedelta(hours=1))
        with store.unit() as unit:
            for each in (said, beside):
                unit.inbox.put(each)
            assert unit.inbox.last_released("harbour-fhir", ["R"])["R"].message_id == "m-1"

        with store.peek() as rows:
            assert rows.inbox.last_released("harbour-fhir", ["R"])["R"].message_id == "m-1"

    def test_an_envelope_that_was_handed_in_before_is_known_to_its_agency_alone(self, store: Any) -> None:
        def message(key: str, revision: str, own_id: str | None) -> Inbox:
            ends = {"agency": "harbour", "recipient": "lakeside", "event": "add-service-request"}
            said = {
                "system": "harbour-fhir",
                "attempt": 1,
                "digest": "d",
                "state": MessageState.REFUSED,
                "code": "DN_EXPIRED",
            }
            own = {"message_id": f"m-{key}", "record_key": key, "revision": revision, "own_id": own_id}
            return Inbox(**ends, **said, **own, decision_id=f"d-{key}", accepted_at=AT)

        with store.unit() as unit:
            unit.inbox.put(message("1", "envelope", "boxed"))
            unit.inbox.put(message("2", "of a file", None))

        with store.peek() as rows:
            assert rows.inbox.get("m-1").own_id == "boxed"
            asked = ["envelope", "of a file", "nobody's"]
            assert rows.inbox.under_envelopes(["harbour"], asked) == {("envelope", "1")}, "nobody handed a file in"
            assert rows.inbox.under_envelopes(["lakeside"], asked) == set()

    def test_who_fetches_may_open_the_first_of_each_lane_also_one_that_is_being_opened(self, store: Any) -> None:
        def put(unit: Any, name: str, lane: str, seq: int, **changes: Any) -> None:
            ends = {"recipient": "lakeside", "system": "lakeside-fhir", "subject_ref": None, "referral_no": None}
            way = {"lane": lane, "lane_seq": seq, "sha256": "", "attempts": 0, "state": MessageState.ARRIVED}
            times = {"due_at": unit.now, "return_at": unit.now + timedelta(hours=72)}
            row = Handover(f"e-{name}", f"m-{name}", **{**ends, **way, **times, **changes})
            unit.handovers.put(row, [])
            sealed = Sealed(row.envelope_id, "2026-06-01", b"sealed")
            unit.outbox.put(Outbound(row.envelope_id, 0, "delivery.A", lane, sealed, unit.now), b"key")

        with store.unit() as unit:
            now = unit.now
            put(unit, "1", "a", 1, state=MessageState.OPENED, lease_until=now + timedelta(seconds=10))
            put(unit, "2", "a", 2)
            put(unit, "3", "b", 1)
            put(unit, "4", "c", 1, due_at=now + timedelta(minutes=1))
            put(unit, "5", "d", 1, return_at=now)
            put(unit, "6", "e", 1, system="lakeside-cms")
            put(unit, "7", "f", 1, state=MessageState.DELIVERED)

        def to_open(limit: int = 9, one: str | None = None) -> list[str]:
            with store.peek() as rows:
                return [row.envelope_id for row in rows.handovers.to_open("lakeside-fhir", now, limit, one)]

        with store.unit() as unit:
            assert unit.outbox.keys() == 7
            unit.outbox.drop(["e-7"])
            assert unit.outbox.keys() == 6
        assert to_open() == ["e-1", "e-3"]
        assert to_open(1) == ["e-1"]
        assert to_open(one="e-3") == ["e-3"]
        assert to_open(one="e-2") == to_open(one="e-6") == []
        with store.peek() as rows:
            assert rows.outbox.sizes(["e-1", "e-9"]) == {"e-1": len(b"sealed")}

    def test_a_notice_is_got_by_its_own_system_when_it_is_due_and_afterwards_if_that_is_asked(self, store: Any) -> None:
        with store.unit() as unit:
            late = unit.now + timedelta(minutes=1)
            for name, due_at in (("n-1", unit.now), ("n-2", late)):
                unit.notices.put(Notice(name, "harbour-fhir", "refusal", "DN_EXPIRED", "1", unit.now, due_at))

        def got(name: str, system: str = "harbour-fhir", *, sent: bool = False) -> bool:
            with store.peek() as rows:
                return rows.notices.get(name, system, sent=sent) is not None

        assert (got("n-1"), got("n-2"), got("n-1", "lakeside-fhir"), got("n-3")) == (True, False, False, False)
        with store.unit() as unit:
            unit.notices.sent("n-1")
        assert (got("n-1"), got("n-1", sent=True), got("n-1", "lakeside-fhir", sent=True)) == (False, True, False)

    def test_late_referrals_are_those_of_these_states_whose_day_has_come_the_first_due_first(self, store: Any) -> None:
        def referral(number: str, days: int | None, state: str = "accepted") -> ReferralRow:
            systems = ("harbour-cms", f"referral:{number}", "lakeside", "lakeside-cms")
            due_at = None if days is None else AT + timedelta(days=days)
            row = ReferralRow(number, "a:b", "b:a", "harbour", *systems, None, "s-1", None, state, due_at=due_at)
            return replace(row, left=("booked",), paused_by="S") if state == "on-hold" else row

        rows_ = [referral("r-1", 3), referral("r-2", 1), referral("r-3", None), referral("r-4", 9)]
        rows_ += [referral("r-5", 2, "completed"), referral("r-6", 2, "on-hold")]
        with store.unit(own=["subject:s-1"]) as unit:
            for row in rows_:
                unit.referrals.put(row)

        with store.peek() as rows:
            late = rows.referrals.late(AT + timedelta(days=3), 10, states={"accepted", "on-hold"})
            assert [row.number for row in late] == ["r-2", "r-6", "r-1"]
            assert late[1] == rows_[-1]
            assert len(rows.referrals.late(AT + timedelta(days=3), 1, states={"accepted"})) == 1

    def test_a_version_that_skips_one_is_refused(self, store: Any) -> None:
        ref = self.mint(store)

        with pytest.raises(AssertionError):
            self.file(store, ref, consent_of(ref, version=2))

    def test_a_parsed_consent_is_never_older_than_the_store(self, store: Any) -> None:
        ref = self.mint(store)
        self.file(store, ref, consent_of(ref))
        with store.unit(share=[locks.subject(ref)]) as unit:
            before = unit.subjects.facts([ref])[ref].consents[0].state
        self.file(store, ref, consent_of(ref, version=2, state=ConsentState.WITHDRAWN))
        with store.unit(share=[locks.subject(ref)]) as unit:
            after = unit.subjects.facts([ref])[ref].consents[0].state

        assert (before, after) == (ConsentState.ACTIVE, ConsentState.WITHDRAWN)

    def test_the_end_of_a_unit_wakes_what_waits_on_what_it_owned_and_nothing_else(self, store: Any) -> None:
        ref = self.mint(store)
        with store.unit(share=[locks.subject(ref), locks.CONFIG, locks.digest("x")]) as unit:
            unit.waiting.put(waiting("a", locks.subject(ref)))
            unit.waiting.put(waiting("b", locks.digest("x")))
            unit.waiting.put(waiting("c", locks.CONFIG))

        with store.unit(own=[locks.digest("x")]):
            pass

        with store.peek() as rows:
            assert [row.record_key for row in rows.waiting.due("harbour-cms", rows.now, 10)] == ["b"]

    def test_what_waits_on_a_lock_that_the_unit_does_not_hold_is_a_programming_error(self, store: Any) -> None:
        with pytest.raises(AssertionError), store.unit() as unit:
            unit.waiting.put(waiting("a", locks.CONFIG))

    def test_a_record_waits_once(self, store: Any) -> None:
        with store.unit(share=[locks.CONFIG]) as unit:
            unit.waiting.put(waiting("a", locks.CONFIG))
            unit.waiting.put(Waiting("w-new", "harbour-cms", "a", "2", "d", "DN_EXPIRED", AT))

        with store.peek() as rows:
            assert [(row.waiting_id, row.locks) for row in rows.waiting.every(10)] == [("w-new", ())]

    @pytest.mark.parametrize(
        "key", ["a\0b", "a\x1ab", "a\x1a0b", "\0", "é\u2400\U0001f600", "' OR 1=1 --", "%s %(a)s :a"]
    )
    def test_any_text_of_an_agencys_system_is_kept_as_it_is_and_found_again(self, store: Any, key: str) -> None:
        with store.unit(share=[locks.digest(key)]) as unit:
            unit.waiting.put(waiting(key, locks.digest(key)))
            unit.cursors.remember("harbour-cms", key, key)
        with store.unit(own=[locks.digest(key)]):
            pass

        with store.peek() as rows:
            (row,) = rows.waiting.due("harbour-cms", rows.now, 10)
            assert (row.record_key, row.locks) == (key, (locks.digest(key),))
            assert list(rows.waiting.of("harbour-cms", [key, "a0b", "a1b", "ab"])) == [key]
            assert rows.cursors.remembered("harbour-cms", key) == key

    def test_half_a_character_is_a_fault_of_one_record_and_writes_nothing(self, store: Any) -> None:
        with pytest.raises((UnicodeEncodeError, Unexpected)), store.unit(share=[locks.CONFIG]) as unit:
            unit.cursors.put("harbour-cms", "7")
            unit.waiting.put(waiting("a\ud800", locks.CONFIG))

        with store.peek() as rows:
            assert (rows.cursors.get("harbour-cms"), rows.waiting.every(10)) == ("", [])

    def test_a_lease_belongs_to_one_holder_until_it_is_over(self, store: Any, clock: Any) -> None:
        def take(holder: str) -> bool:
            with store.unit() as unit:
                return bool(unit.cursors.lease("relay", holder, unit.now + timedelta(seconds=10)))

        first, second = take("a"), take("b")
        again = take("a")
        clock.advance(timedelta(seconds=11))

        assert (first, second, again, take("b"), take("a")) == (True, False, True, True, False)

    def test_a_lease_is_renewed_only_by_its_holder_also_when_it_is_over_until_another_takes_it(
        self, store: Any, clock: Any
    ) -> None:
        def renew(holder: str) -> bool:
            with store.unit() as unit:
                return bool(unit.cursors.renew("source a", holder, unit.now + timedelta(seconds=10)))

        with store.unit() as unit:
            unit.cursors.lease("source a", "a", unit.now + timedelta(seconds=10))
        clock.advance(timedelta(seconds=11))
        late, foreign = renew("a"), renew("b")
        clock.advance(timedelta(seconds=11))
        with store.unit() as unit:
            unit.cursors.lease("source a", "b", unit.now + timedelta(seconds=10))

        assert (late, foreign, renew("a"), renew("b")) == (True, False, False, True)

    def test_a_lease_from_before_the_clock_was_set_back_holds_nobody(self, store: Any, clock: Any) -> None:
        with store.unit() as unit:
            unit.cursors.lease("relay", "a", unit.now + timedelta(seconds=10))
        clock.set(clock.now() - timedelta(hours=2))

        with store.unit() as unit:
            assert unit.cursors.lease("relay", "b", unit.now + timedelta(seconds=10))

    def test_the_entries_about_a_person_are_found_in_their_order_and_nobody_elses(self, store: Any, clock: Any) -> None:
        one, other = self.mint(store), self.mint(store)
        for number, details in enumerate(({"subject_ref": one}, {"subject_ref": other}, {}, {"subject_ref": one})):
            clock.advance(timedelta(seconds=1))
            with store.unit() as unit:
                unit.audit.append(
                    Entry(AuditEvent.VIEW, unit.now, Actor("w-1"), {"what": "test", "count": number, **details})
                )

        with store.peek() as rows:
            assert [entry["count"] for entry in rows.audit.about([one])] == [0, 3]
            assert [entry["count"] for entry in rows.audit.about([other, one, one])] == [0, 1, 3]
            assert list(rows.audit.about(["nobody"])) == []
            assert list(rows.audit.about([])) == []

    def test_an_entry_says_whom_it_is_about(self, store: Any) -> None:
        ref = self.mint(store)
        with store.unit() as unit:
            said = {"what": "test", "count": 1}
            about, none = (
                unit.audit.append(Entry(AuditEvent.VIEW, unit.now, Actor("w-1"), {**said, **more}))
                for more in ({"subject_ref": ref}, {})
            )

        with store.peek() as rows:
            assert [rows.audit.subject_of(each) for each in (about, none, "nothing")] == [ref, None, None]

    def test_the_entries_about_a_person_are_all_found_however_many(self, store: Any) -> None:
        ref, count = self.mint(store), 2 * PAGE
        with store.unit() as unit:
            for number in range(count):
                details = {"subject_ref": ref, "count": number}
                unit.audit.append(
                    Entry(AuditEvent.VIEW, unit.now, Actor("w-1"), {"what": "test", "count": 1, **details})
                )
            assert len(list(unit.audit.about([ref]))) == count, "what this unit has written is read too"

        with store.peek() as rows:
            assert [entry["count"] for entry in rows.audit.about([ref])] == list(range(count))

    def test_an_entry_that_is_rolled_back_is_about_nobody(self, store: Any) -> None:
        ref = self.mint(store)
        with pytest.raises(RuntimeError), store.unit() as unit:
            unit.audit.append(
                Entry(AuditEvent.VIEW, unit.now, Actor("w-1"), {"what": "test", "count": 1, "subject_ref": ref})
            )
            raise RuntimeError

        with store.peek() as rows:
            assert list(rows.audit.about([ref])) == []

    def test_a_request_is_open_until_it_is_answered_and_keeps_its_first_answer(self, store: Any) -> None:
        later = Request("R2", "s-1", "hub", date(2026, 6, 2), "officer")
        first = Request("R1", "s-1", "harbour", date(2026, 6, 1), "o-1")
        with store.unit() as unit:
            unit.requests.put(later)
            unit.requests.put(first)
            assert unit.requests.get("R1") == first
        for on, by in ((date(2026, 6, 4), "o-1"), (date(2026, 6, 7), "o-2")):
            with store.unit() as unit:
                unit.requests.answer("R1", on, by)

        with store.peek() as rows:
            answered = replace(first, answered_on=date(2026, 6, 4), answered_by="o-1")
            assert rows.requests.every(10, open_only=False) == [answered, later]
            assert rows.requests.every(10, open_only=True) == [later]
            assert rows.requests.every(1, open_only=False) == [answered]
            assert rows.requests.get("R3") is None

    def test_a_unit_that_writes_keeps_every_other_unit_from_reading_facts_until_it_commits(self, store: Any) -> None:
        """What a decision reads cannot change before it is released: the race of SQLAlchemy's default transaction."""
        ref = self.mint(store)
        order: list[str] = []
        inside, go_on = threading.Event(), threading.Event()

        def gate() -> None:
            with store.unit(share=[locks.subject(ref)]) as unit:
                unit.subjects.facts([ref])
                inside.set()
                go_on.wait(5)
                order.append("released")

        def withdrawal() -> None:
            with store.unit(own=[locks.subject(ref)]) as unit:
                unit.consents.put(consent_of(ref), happened(), system="s", key="k", read_as="1")
                order.append("withdrawn")

        threads = [threading.Thread(target=gate), threading.Thread(target=withdrawal)]
        threads[0].start()
        assert inside.wait(5)
        threads[1].start()
        threads[1].join(0.2)
        go_on.set()
        for thread in threads:
            thread.join(5)

        assert order == ["released", "withdrawn"]

    def link(self, store: Any, *, confirmed: bool = True) -> tuple[str, str]:
        one, other = self.mint(store), self.mint(store)
        with store.unit(own=[locks.subject(one), locks.subject(other)]) as unit:
            unit.links.put(Link(one, other, confirmed))
        return one, other

    @pytest.mark.parametrize("confirmed", [True, False])
    def test_whoever_holds_one_file_of_a_person_holds_all_of_them(self, store: Any, confirmed: bool) -> None:
        one, other = self.link(store, confirmed=confirmed)
        third = self.mint(store)
        with store.unit(own=[locks.subject(other), locks.subject(third)]) as unit:
            unit.links.put(Link(other, third, confirmed))

        with store.unit(share=[locks.subject(one)]) as unit:
            assert all(unit.holds(locks.subject(ref)) for ref in (one, other, third))
            assert set(unit.subjects.facts([one, other, third])) == {one, other, third}

    def test_whoever_changes_one_file_of_a_person_changes_all_of_them(self, store: Any) -> None:
        one, other = self.link(store)
        with store.peek() as rows:
            before = rows.subjects.facts([one, other])
        with store.unit(share=[locks.CONFIG, locks.subject(other)]) as unit:
            unit.waiting.put(waiting("k-1", locks.subject(other)))
            unit.waiting.snooze("w-k-1", AT + timedelta(days=900))

        with store.unit(own=[locks.subject(one)]) as unit:
            unit.consents.put_directive(Directive("d-1", one, 0))

        with store.peek() as rows:
            after = rows.subjects.facts([one, other])
            assert [after[ref].version - before[ref].version for ref in (one, other)] == [1, 1]
            assert [row.waiting_id for row in rows.waiting.due("harbour-cms", rows.now, 10)] == ["w-k-1"]

    def test_files_that_are_linked_while_a_unit_waits_are_held_by_it(self, store: Any) -> None:
        one, other = self.mint(store), self.mint(store)
        held: list[bool] = []

        def gate() -> None:
            with store.unit(share=[locks.subject(one)]) as unit:
                held.append(unit.holds(locks.subject(other)))
                unit.subjects.facts([one, other])

        waits = threading.Thread(target=gate)
        with store.unit(own=[locks.subject(one), locks.subject(other)]) as unit:
            waits.start()
            waits.join(0.2)
            assert waits.is_alive()
            unit.links.put(Link(one, other, confirmed=True))
        waits.join(5)

        assert held == [True]

    def test_files_that_were_parted_are_two(self, store: Any) -> None:
        one, other = self.link(store)
        with store.unit(own=[locks.subject(one)]) as unit:
            unit.links.end(Link(one, other, confirmed=True))

        with store.unit(share=[locks.subject(one)]) as unit:
            assert not unit.holds(locks.subject(other))
            assert unit.links.of([one, other]) == {}
            assert unit.links.was(other, one)
            assert unit.links.unconfirmed(10) == []

    def test_an_owner_goes_before_workers_that_never_pause(self, store: Any) -> None:
        """A withdrawal waits behind the units under way, never behind all that a busy worker still has to do."""
        lock = locks.subject(self.mint(store))
        done, asked = threading.Event(), threading.Event()
        behind: list[int] = []
        counts = [0] * 4

        def worker(number: int) -> None:
            while not done.is_set():
                with store.unit(share=[lock]) as unit:
                    unit.cursors.put(f"system-{number}", "x")
                    counts[number] += asked.is_set()

        threads = [threading.Thread(target=worker, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(9):
            before = sum(counts)
            asked.set()
            with store.unit(own=[lock]):
                behind.append(sum(counts) - before)
                asked.clear()
        done.set()
        for thread in threads:
            thread.join(5)

        assert sorted(behind)[4] <= 4 * 3  # each of the four may have been inside the gate, and one may begin beside us

    def test_of_what_agencies_say_of_an_age_the_later_day_stands(self, store: Any) -> None:
        """Settled S30: the days on which a person is 16 and 18, never the birth date."""
        with store.unit() as unit:
            ref = unit.subjects.mint(date(2026, 5, 1), date(2028, 5, 1))
            unit.subjects.set_deceased(ref, "harbour", "harbour-cms", dead=True)
        for days in [(date(2025, 1, 1), date(2027, 1, 1)), (None, None), (None, date(2028, 9, 1))]:
            with store.unit(own=[locks.subject(ref)]) as unit:
                unit.subjects.set_birthdays(ref, *days)

        with store.peek() as rows:
            known = rows.subjects.facts([ref])[ref]
        assert (known.turns_16_on, known.turns_18_on) == (date(2026, 5, 1), date(2028, 9, 1))
        assert known.deceased_by == ("harbour",)

    def test_an_incident_is_kept_with_all_that_belongs_to_it_and_goes_with_it(self, store: Any) -> None:
        opened = Incident("i-1", "wrong-person", AT, "officer")
        holding = Holding(
            incident_id="i-1",
            envelope_id="e-1",
            message_id="m-1",
            sender="harbour",
            recipient="lakeside",
            system="lakeside-cms",
            subject_ref="s-1",
            referral_no=None,
            categories=("IDENT", "NEEDS"),
            left_at=AT,
            certain=False,
            recall="notice",
            notice_id="n-1",
        )
        duty = Duty("i-1", 1, "harbour", "individual", "PIPEDA", "", AT, subject_ref="s-1")
        with store.unit() as unit:
            unit.incidents.put(opened)
            unit.incidents.hold(holding)
            unit.incidents.hold(replace(holding, envelope_id="e-2", subject_ref=None, notice_id=None))
            unit.incidents.owe(duty)
            unit.incidents.append("i-1", "officer", "opened", "wrong-person")
            unit.incidents.append("i-1", "officer", "assessed", "no-risk")
        with store.unit() as unit:
            unit.incidents.reached("n-1")
            unit.incidents.owe(replace(duty, state="given", at=AT, by="officer"))
            unit.incidents.put(replace(opened, determined_at=AT, answers={"safety": True}, harm="real-risk"))

        with store.peek() as rows:
            assert rows.incidents.get("i-1").answers == {"safety": True}
            assert [each.reached_at is not None for each in rows.incidents.holdings("i-1")] == [True, False]
            assert rows.incidents.duties("i-1") == [replace(duty, state="given", at=AT, by="officer")]
            assert [(each.seq, each.what) for each in rows.incidents.events("i-1")] == [(1, "opened"), (2, "assessed")]
            assert rows.incidents.open_with(["e-1", "e-2", "e-3"]) == {"e-1": "i-1", "e-2": "i-1"}
            assert rows.incidents.held(["s-1", "s-2"]) == {"s-1"}
            assert [each.incident_id for each in rows.incidents.every(10, closed=False)] == ["i-1"]
            assert rows.incidents.closed(10) == []
        with store.unit() as unit:
            unit.incidents.put(replace(opened, closed_at=AT))
        with store.peek() as rows:
            assert rows.incidents.open_with(["e-1"]) == {}
            assert rows.incidents.held(["s-1"]) == set()
            assert [each.incident_id for each in rows.incidents.closed(10)] == ["i-1"]
            assert rows.incidents.every(10, closed=False) == []
        with store.unit() as unit:
            unit.incidents.remove(["i-1"])
        with store.peek() as rows:
            assert rows.incidents.get("i-1") is None
            assert rows.incidents.holdings("i-1") == rows.incidents.duties("i-1") == rows.incidents.events("i-1") == []

    def test_a_correction_is_asked_for_in_an_open_incident_until_it_has_arrived_or_somebody_telephones(
        self, store: Any
    ) -> None:
        opened = Incident("i-1", "correction", AT, "officer")
        holding = Holding(
            incident_id="i-1",
            envelope_id="e-1",
            message_id="m-1",
            sender="harbour",
            recipient="lakeside",
            system="lakeside-cms",
            subject_ref="s-1",
            referral_no="R-1",
            categories=("IDENT",),
            left_at=AT,
            certain=True,
            recall="correction",
        )

        def asked(referral: str = "R-1") -> list[tuple[str, str | None]]:
            with store.peek() as rows:
                return [(each.envelope_id, each.notice_id) for each in rows.incidents.to_correct(referral)]

        with store.unit() as unit:
            unit.incidents.put(opened)
            unit.incidents.hold(holding)
            unit.incidents.hold(replace(holding, envelope_id="e-2", recall="telephone"))
            unit.incidents.hold(replace(holding, envelope_id="e-3", referral_no="R-2"))
        assert (asked(), asked("R-2"), asked("R-3")) == ([("e-1", None)], [("e-3", None)], [])
        with store.unit() as unit:
            unit.incidents.corrected_by("R-1", "e-9")
        assert asked() == [("e-1", "e-9")]
        with store.unit() as unit:
            unit.incidents.corrected_by("R-1", None)
            unit.incidents.recall_by("R-2", "telephone")
        assert (asked(), asked("R-2")) == ([("e-1", None)], [])
        with store.unit() as unit:
            unit.incidents.corrected_by("R-1", "e-9")
            unit.incidents.reached("e-9")
        assert asked() == []
        with store.peek() as rows:
            told = {each.envelope_id: (each.recall, each.reached_at) for each in rows.incidents.holdings("i-1")}
        assert told["e-1"][1] is not None
        assert (told["e-2"], told["e-3"]) == (("telephone", None), ("telephone", None))
        with store.unit() as unit:
            unit.incidents.hold(replace(holding, envelope_id="e-4"))
            unit.incidents.put(replace(opened, closed_at=AT))
        assert asked() == [], "of a closed incident nothing is asked"

    def test_what_is_old_comes_in_pages_and_what_somebody_needs_is_open(self, store: Any, clock: Any) -> None:
        refs = sorted(self.mint(store) for _ in range(3))
        self.file(store, refs[1], consent_of(refs[1]))
        clock.advance(timedelta(days=1))

        with store.peek() as rows:
            early = rows.keeping.old(Room.PEOPLE, rows.now - timedelta(days=2), "", 10)
            first = rows.keeping.old(Room.PEOPLE, rows.now, "", 2)
            rest = rows.keeping.old(Room.PEOPLE, rows.now, first.after, 2)
            consents = rows.keeping.old(Room.CONSENTS, rows.now, "", 10).rows
        assert (early.rows, early.after) == ((), None)
        assert [each.key for each in (*first.rows, *rest.rows)] == refs
        assert (first.after, rest.after) == (refs[1], None)
        assert [each.is_open for each in (*first.rows, *rest.rows)] == [False, True, False]
        assert [(each.key, each.people, each.is_open) for each in consents] == [("c-1", (refs[1],), True)]

        with store.unit(own=[locks.subject(refs[0])]) as unit:
            unit.keeping.end(Room.PEOPLE, [refs[0]])
        with store.peek() as rows:
            assert set(rows.keeping.people(refs)) == set(refs[1:])

    def test_a_proof_is_used_by_the_first_and_by_nobody_else_until_it_is_over(self, store: Any, clock: Any) -> None:
        def use(client: str = "harbour-fhir", digest: str = "d1") -> bool:
            with store.unit() as unit:
                return bool(unit.access.use(client, digest, unit.now + timedelta(minutes=5)))

        assert [use(), use(), use(digest="d2"), use(client="lakeside-fhir")] == [True, False, True, True]
        clock.advance(timedelta(minutes=5) - timedelta(microseconds=1))
        assert use() is False
        clock.advance(timedelta(microseconds=1))
        assert use() is True

    def test_a_proof_that_many_use_at_once_is_used_once(self, store: Any) -> None:
        begin, used = threading.Barrier(6), []

        def use() -> None:
            begin.wait()
            with store.unit() as unit:
                used.append(unit.access.use("harbour-fhir", "d1", unit.now + timedelta(minutes=5)))

        threads = [threading.Thread(target=use) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(used) == [False] * 5 + [True]

    def test_a_use_that_is_rolled_back_is_none(self, store: Any) -> None:
        with pytest.raises(ValueError, match="over"), store.unit() as unit:
            assert unit.access.use("harbour-fhir", "d1", unit.now + timedelta(minutes=5))
            raise ValueError("over")

        with store.unit() as unit:
            assert unit.access.use("harbour-fhir", "d1", unit.now + timedelta(minutes=5))

    def test_requests_are_counted_by_agency_kind_and_minute(self, store: Any) -> None:
        with store.unit() as unit:
            spent = [unit.access.spend("harbour", "match", 7) for _ in range(3)]
            others = [unit.access.spend("lakeside", "match", 7), unit.access.spend("harbour", "pix", 7)]
            later = unit.access.spend("harbour", "match", 8)
            earlier = unit.access.spend("harbour", "match", 7)

        assert (spent, others, later) == ([1, 2, 3], [1, 1], 1)
        assert earlier == 1, "what is over is forgotten"

    def test_requests_at_once_are_all_counted(self, store: Any) -> None:
        def spend() -> None:
            for _ in range(5):
                with store.unit() as unit:
                    unit.access.spend("harbour", "match", 7)

        threads = [threading.Thread(target=spend) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        with store.unit() as unit:
            assert unit.access.spend("harbour", "match", 7) == 21
