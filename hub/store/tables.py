"""The tables, by room (design §6). SQLAlchemy Core, no ORM. Instants are ISO 8601 text in UTC, so they sort.

What is not here: a payload table. Content rests sealed, in ``outbox`` until its message ends, and as the bus's own copy
in ``bus_record`` for 96 hours; the key that opens both is in ``message_key`` and goes with the message.
Names, dates of birth and identifiers of people are nowhere; ``identifier_digest`` holds keyed digests.

Units that hold no lock of the same name lock rows. All do so in one order, so that none waits in a ring: the lease of a
source; ``handover``, and with it the ``inbox`` and ``outbox`` rows of its message; ``referral``; ``waiting``; and the
head of the registry last.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlalchemy import text as sql_text

from hub.store import access_tables, columns, incident_tables, referral_tables

metadata = columns.metadata
_table, _text, _int = columns.table, columns.words, columns.number

# directory: who may talk to whom, and where a route leads. ``body`` is JSON of the rest.
agency = _table("agency", _text("id", key=True), _text("topic"), _text("status"), _text("body"))
system = _table("system", _text("id", key=True), _text("agency"), _text("kind"), _text("status"), _text("body"))
site = _table("site", _text("kind", key=True), _text("code", key=True), _text("agency"), _text("body"))
service = _table(
    "service", _text("id", key=True), _text("agency"), _text("wanted"), _text("status"), _text("system"), _text("body")
)
agreement = _table(
    "agreement",
    _text("id", key=True),
    _int("version", key=True),
    _text("party_a"),
    _text("party_b"),
    _text("status"),
    _text("body"),
    _int("current"),
)
worker = _table(
    "worker", _text("id", key=True), _text("agency"), _text("role"), _text("ended_at", null=True), _text("body")
)

# what a row of the directory, or a switch, said until an instant; null: there was none yet
directory_past = _table(
    "directory_past",
    _text("room", key=True),
    _text("id", key=True),
    _text("until_at", key=True),
    _text("body", null=True),
)

# subjects: random references, aliases per agency, digests
subject = _table("subject", _text("ref", key=True), _int("version"), _text("minted_at"), _text("body"))
subject_past = _table("subject_past", _text("subject_ref", key=True), _text("until_at", key=True), _text("body"))
subject_alias = _table(
    "subject_alias",
    _text("agency", key=True),
    _text("subject_ref", key=True),
    _text("alias"),
    Index("subject_alias_by_alias", "agency", "alias", unique=True),
)
identifier_digest = _table(
    "identifier_digest",
    _text("kind", key=True),
    _text("digest", key=True),
    _text("subject_ref", key=True),
    Index("identifier_digest_by_subject", "subject_ref"),
    Index("identifier_digest_by_digest", "digest"),
)
# files that are one person's, or are said to be; a link that has ended is kept, so that nobody makes it again
subject_link = _table(
    "subject_link",
    _text("gone", key=True),
    _text("kept", key=True),
    _text("since_at", key=True),
    _text("confirmed_at", null=True),
    _text("ended_at", null=True),
    Index("subject_link_by_kept", "kept"),
)
# consent registry: versions kept, never edited
registry_head = _table("registry_head", _int("id", key=True), _int("seq"))
lock_version = _table("lock_version", _text("name", key=True), _int("version"))
consent = _table(
    "consent",
    _text("consent_id", key=True),
    _int("version", key=True),
    _text("subject_ref"),
    _int("current"),
    _text("state"),
    _int("registry_seq"),
    _text("source_system"),
    _text("source_key"),
    _text("read_as"),
    _text("body"),
    Index("consent_by_subject", "subject_ref", "current"),
    Index("consent_by_source", "source_system", "source_key"),
    Index("consent_by_seq", "registry_seq"),
)
consent_event = _table(
    "consent_event",
    _text("consent_id", key=True),
    _int("registry_seq", key=True),
    _text("state"),
    _text("at"),
    _text("effective_at"),
    _text("actor"),
    _text("reason"),
)
consent_alias = _table(
    "consent_alias",
    _text("consent_id", key=True),
    _text("agency", key=True),
    _text("alias"),
    Index("consent_alias_by_alias", "agency", "alias", unique=True),
)
consent_party = _table(  # whom a version names
    "consent_party",
    _text("agency", key=True),
    _text("consent_id", key=True),
)
directive = _table(
    "directive",
    _text("directive_id", key=True),
    _text("subject_ref"),
    _int("registry_seq"),
    _text("lifted_by", null=True),
    _text("added_at", null=True),
    _text("lifted_at", null=True),
    _text("body"),
    Index("directive_by_subject", "subject_ref"),
)

# a duty of care: what was declared (codes and digests), its words (sealed under the person's own key), its review
override = _table(
    "override",
    _text("override_id", key=True),
    _text("agency"),
    _text("subject_ref", null=True),
    _text("source_system"),
    _text("source_key"),
    _text("worker"),
    _text("words"),
    _text("declared_at"),
    _text("ended_at", null=True),
    _int("settled"),
    _text("used_by", null=True),
    _text("used_at", null=True),
    _text("body"),
    Index("override_unsettled", "settled", "declared_at"),
    Index("override_by_source", "source_system", "source_key", unique=True),
    Index("override_by_subject", "subject_ref"),
    Index("override_by_words", "agency", "words"),
    Index("override_open", "ended_at", "declared_at"),
)
override_words = _table(
    "override_words",
    _text("override_id", key=True),
    _text("part", key=True),
    Column("sealed", LargeBinary, nullable=False),
)
subject_key = _table(
    "subject_key",
    _text("subject_ref", key=True),
    _text("epoch"),
    Column("wrapped", LargeBinary, nullable=False),
    Index("subject_key_by_epoch", "epoch"),
)
review = _table(
    "review",
    _text("override_id", key=True),
    _text("part", key=True),
    _text("worker", null=True),
    _text("due_at"),
    _text("done_at", null=True),
    _int("told"),
    _text("body"),
    Index("review_due", "done_at", "due_at"),
    Index("review_by_worker", "worker", "part", "done_at"),
)
worker_conflict = _table(
    "worker_conflict", _text("worker", key=True), _text("subject_ref", key=True), _text("kind"), _text("since")
)

# the exchange: what came in, what was decided, what is under way, how it ended
_HANDED_IN = sql_text("own_id IS NOT NULL")  # of others nobody asks so
inbox = _table(
    "inbox",
    _text("message_id", key=True),
    _text("system"),
    _text("record_key"),
    _text("revision"),
    _int("attempt"),
    _text("digest"),
    _text("agency"),
    _text("event"),
    _text("recipient"),
    _text("decision_id"),
    _text("envelope_id", null=True),
    _text("referral_no", null=True),
    _text("previous", null=True),
    _int("returns"),
    _text("state"),
    _text("code"),
    _text("accepted_at"),
    _text("ended_at", null=True),
    _text("own_id", null=True),
    UniqueConstraint("system", "record_key", "revision", "attempt", name="inbox_once"),
    Index("inbox_by_state", "state"),
    Index("inbox_by_envelope", "envelope_id"),
    Index("inbox_by_referral", "referral_no"),
    Index("inbox_handed_in", "agency", "revision", sqlite_where=_HANDED_IN, postgresql_where=_HANDED_IN),
)
decision = _table(
    "decision",
    _text("decision_id", key=True),
    _text("message_id"),
    _int("gate"),
    _text("at"),
    _text("outcome"),
    _text("stage"),
    _text("code"),
    _int("registry_seq"),
    _text("body"),
    _text("facts"),
    Index("decision_by_message", "message_id"),
)
waiting = _table(
    "waiting",
    _text("waiting_id", key=True),
    _text("system"),
    _text("record_key"),
    _text("revision"),
    _text("digest"),
    _text("code"),
    _text("message_id", null=True),
    _text("subject_ref", null=True),
    _int("attempts"),
    _text("due_at", null=True),
    _text("until_at", null=True),
    _text("created_at"),
    _text("place"),
    _text("keys", null=True),
    UniqueConstraint("system", "record_key", name="waiting_once"),
    Index("waiting_by_due", "due_at"),
)
waiting_on = _table(
    "waiting_on", _text("waiting_id", key=True), _text("lock", key=True), Index("waiting_on_by_lock", "lock")
)
outbox = _table(
    "outbox",
    _text("envelope_id", key=True),
    _int("seq"),
    _text("topic"),
    _text("lane"),
    _text("key_id"),
    Column("sealed", LargeBinary, nullable=False),
    _text("created_at"),
    _text("published_at", null=True),
    Index("outbox_by_seq", "seq"),
    Index("outbox_unpublished", "published_at", "seq"),
)
message_key = _table(
    "message_key", _text("envelope_id", key=True), _text("epoch"), Column("wrapped", LargeBinary, nullable=False)
)
handover = _table(
    "handover",
    _text("envelope_id", key=True),
    _text("message_id"),
    _text("recipient"),
    _text("system"),
    _text("service", null=True),
    _text("lane"),
    _int("lane_seq"),
    _text("state"),
    _text("sha256"),
    _text("subject_ref", null=True),
    _text("referral_no", null=True),
    _int("attempts"),
    _text("due_at"),
    _text("lease_until", null=True),
    _text("opened_at", null=True),
    _text("return_at"),
    _text("rejection", null=True),
    _text("problem", null=True),
    _text("accepted_at", null=True),
    Index("handover_by_lane", "lane", "lane_seq"),
    Index("handover_due", "system", "state", "due_at"),
    Index("handover_return", "state", "return_at"),
    Index("handover_by_subject", "subject_ref"),
)
handover_basis = _table(
    "handover_basis", _text("envelope_id", key=True), _text("basis", key=True), Index("handover_by_basis", "basis")
)
dead_letter = _table("dead_letter", _text("id", key=True), _text("sha256"), _text("code"), _text("at"), _text("place"))
notice = _table(
    "notice",
    _text("notice_id", key=True),
    _text("system"),
    _text("kind"),
    _text("code"),
    _text("record_key"),
    _text("place"),
    _text("state"),
    _int("attempts"),
    _text("due_at"),
    _text("created_at"),
    Index("notice_due", "state", "due_at"),
)
follow_up = _table(
    "follow_up",
    _text("system", key=True),
    _text("record_key", key=True),
    _text("due_on"),
    _int("missed"),
)
lease = _table("lease", _text("name", key=True), _text("holder"), _text("until_at"))

# referrals: content-free
referral = referral_tables.referral
referral_event = referral_tables.referral_event

# what went wrong
incident = incident_tables.incident
incident_delivery = incident_tables.incident_delivery
incident_duty = incident_tables.incident_duty
incident_event = incident_tables.incident_event

# audit log
audit_entry = _table(
    "audit_entry",
    _text("id", key=True),
    Column("body", LargeBinary, nullable=False),
    _int("entry_index", null=True),
    Index("audit_entry_by_index", "entry_index", unique=True),
)
audit_pending = _table("audit_pending", _text("id", key=True))
audit_about = _table(  # whom an entry is about: found without reading the log, and part of no proof
    "audit_about", _text("subject_ref", key=True), _text("entry_id", key=True), rowid=False
)
audit_leaf = _table(
    "audit_leaf", _int("level", key=True), _int("offset", key=True), Column("hash", LargeBinary, nullable=False)
)
audit_head = _table("audit_head", _int("id", key=True), _int("size"), Column("root", LargeBinary, nullable=False))
checkpoint = _table(
    "checkpoint", _int("size", key=True), Column("note", LargeBinary, nullable=False), _text("signed_at")
)

# what clients have asked their officers for
request = _table(
    "request",
    _text("request_id", key=True),
    _text("subject_ref"),
    _text("agency"),
    _text("asked_on"),
    _text("taken_by"),
    _text("answered_on", null=True),
    _text("answered_by", null=True),
    Index("request_by_day", "asked_on"),
)

# the door: who asks over HTTP
jti = access_tables.jti
api_rate = access_tables.api_rate

# adapters
adapter_cursor = _table("adapter_cursor", _text("system", key=True), _text("cursor"))
adapter_memory = _table("adapter_memory", _text("system", key=True), _text("key", key=True), _text("value"))
# the bus on SQLite
bus_record = _table(
    "bus_record",
    _text("topic", key=True),
    _int("offset", key=True),
    _text("key"),
    _text("headers"),
    Column("body", LargeBinary, nullable=False),
    _text("at"),
)
bus_group = _table("bus_group", _text("topic", key=True), _text("group", key=True), _int("next_offset"))
bus_topic = _table("bus_topic", _text("topic", key=True), _int("next_offset"))
