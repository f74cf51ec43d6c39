# May this be disclosed to that recipient? The same rules as consent/decide.py, written once more, to be compared.
#
# A subset, the same as in consent.cedar: requests and eligibility checks about one person whom the registry knows;
# nobody but the person decides; express consents alone; no declared override, no asserted risk, nothing passed on. The
# stages are those of consent rules 2.3. Here the whole decision is made: outcome, stage, codes, basis, what is withheld.
#
# Input: the facts as they are (consent/model), every field there; instants and days in nanoseconds since 1970, UTC.
package consent

import rego.v1

day_ns := 24 * 3600 * 1000000000

message := input.message

person := input.subjects[message.subject]

purpose := message.purpose

decision := hub_and_message if hub_and_message
else := absolute_bars if absolute_bars
else := off_bus if off_bus
else := no_agreement if no_agreement
else := forbidden if forbidden
else := no_authority if no_authority
else := not_in_force if not_in_force
else := out_of_reach if out_of_reach
else := too_little if too_little
else := lacks_notice if lacks_notice
else := permitted if permitted

deny(stage, codes, basis) := {"outcome": "DENY", "stage": stage, "codes": codes, "basis": basis, "withheld": []}

# ---------------------------------------------------------------------------------------- P-0: hub and message

hub_and_message := deny("P-0", ["DN_SENDER"], []) if not sender_is_here
else := deny("P-0", ["DN_RECIPIENT"], []) if not recipient_is_here
else := deny("P-0", ["DN_SCHEMA"], []) if not well_formed
else := deny("P-0", ["DN_PACK"], []) if not pack_governs
else := deny("P-12", ["DN_STALE"], []) if {
	input.system.registry != "up"
	input.system.decision_age_s > input.pack.staleness_s
}
else := deny("P-0", ["DN_REGISTRY_DOWN"], []) if input.system.registry != "up"
else := deny("P-0", ["DN_AUDIT_DOWN"], []) if input.system.audit != "up"
else := deny("P-0", ["DN_IDENTITY"], []) if input.system.identity == "ambiguous"
else := deny("P-0", ["DN_TRANSITION"], []) if not message.transition_allowed

sender_is_here if {
	input.system.authenticated
	input.sender.known
	input.sender.status == "active"
}

recipient_is_here if {
	input.recipient.known
	input.recipient.status == "active"
	input.recipient.agency != input.sender.agency
}

well_formed if {
	input.system.schema
	input.system.labelled
	input.profile.type == message.type
}

well_formed if {
	input.system.schema
	input.system.labelled
	is_off_bus
}

pack_governs if {
	input.pack.known
	{name | some name in split(input.pack.pack, "+")} == {input.sender.pack, input.recipient.pack}
}

# ------------------------------------------------------------------- P-1: absolute bars; P-4: off the bus; P-5: agreement

absolute_bars := deny("P-1", ["DN_EXISTENCE"], []) if {
	input.sender.lane == "womens"
	not input.sender.relayed
}
else := deny("P-1", ["DN_EXISTENCE"], []) if {
	input.sender.lane == "womens"
	purpose == "FUNDER_REPORT"
}
else := deny("P-1", ["DN_EXISTENCE"], []) if {
	input.sender.lane != "womens" # what it asks itself is its own to tell
	input.recipient.lane == "womens"
	purpose == "ELIGIBILITY"
	count(covering) == 0
}
else := deny("P-1", ["DN_ABSOLUTE"], []) if {
	some item in message.items
	is_barred(item)
}
else := deny("P-1", ["DN_PROTECTED_LOCATION"], []) if {
	"PROTECTED_LOCATION" in person.flags
	some item in message.items
	is_place(item)
	item.category in required
}

is_barred(item) if item.privileged

is_barred(item) if {
	item.category == "JUSTICE_YOUTH"
	item.essential
}

is_barred(item) if {
	item.category == "JUSTICE_YOUTH"
	"JUSTICE_YOUTH" in required
}

is_place(item) if item.category == "LOCATION"

is_place(item) if contains(item.path, ".address")

required := input.profile.required if message.required == null
else := array.concat(["IDENT"], message.required)

off_bus := deny("P-4", ["DN_OFF_BUS"], []) if is_off_bus

is_off_bus if purpose in {"RESEARCH", "FUNDRAISING"}

is_off_bus if message.event in {"access-request", "police-request", "court-order", "research", "fundraising"}

no_agreement := deny("P-5", ["DN_NO_AGREEMENT"], []) if count(agreements) == 0

agreements := [row |
	some row in input.agreements
	row.status == "active"
	{party | some party in row.parties} == {input.sender.agency, input.recipient.agency}
	row.discloser in [null, input.sender.agency]
	row.valid_from <= input.at
	not has_passed(row.expires_at)
	purpose in row.purposes
	message.event in row.events
]

has_passed(at) if {
	at != null
	at <= input.at
}

# -------------------------------------------------------------------------------------- P-6: what the client forbade

forbidden := deny("P-6", ["DN_SAFETY_CONFLICT"], []) if is_danger
else := deny("P-6", ["DN_DIRECTIVE"], whole) if {
	whole := [no.name | some no in noes; is_whole(no)]
	count(whole) > 0
}

is_danger if input.recipient.knows_abuser

is_danger if {
	"ALLEGED_ABUSER" in person.flags
	count(person.alleged_abusers) == 0
}

is_danger if {
	message.channel == "MAIL"
	"MAIL_UNSAFE" in person.flags
}

is_danger if {
	message.channel == "PHONE"
	"PHONE_UNSAFE" in person.flags
}

is_whole(no) if {
	count(no.categories) == 0
	count(no.items) == 0
}

# every "no" of the client's own that is about this recipient and purpose, and that no later record in force lifts: one
# in force is the client's own too
noes := [no |
	some no in array.concat(directives, declines)
	no.said_by == "SELF"
	is_about(no)
	not is_lifted(no)
]

directives := [no |
	some directive in person.directives
	directive.lifted_by == null
	no := {
		"name": sprintf("directive:%s", [directive.directive_id]),
		"id": directive.directive_id,
		"seq": directive.registry_seq,
		"said_by": directive.said_by,
		"agencies": directive.recipients,
		"purposes": directive.purposes,
		"categories": directive.categories,
		"items": directive.items,
	}
]

declines := [no |
	some consent in person.consents
	consent.state == "DECLINED"
	no := {
		"name": reference(consent),
		"id": consent.consent_id,
		"seq": consent.registry_seq,
		"said_by": given_by(consent),
		"agencies": [each.agency | some each in consent.recipients; not cannot_be_read(consent, ["recipients", "recipient_org"])],
		"purposes": [each | some each in consent.purposes; not cannot_be_read(consent, ["purposes"])],
		"categories": [],
		"items": [],
	}
]

# then it is the wider "no": for all
cannot_be_read(consent, words) if {
	some word in words
	word in consent.unreadable
}

is_about(no) if {
	names_or_all(no.agencies, input.recipient.agency)
	names_or_all(no.purposes, purpose)
}

# of a "no" alone an empty list means all
names_or_all(list, _) if count(list) == 0

names_or_all(list, name) if name in list

is_lifted(no) if {
	some consent in governing
	no.id in consent.lifts
	consent.registry_seq > no.seq
	in_force(consent)
}

# ------------------------------------------------------------------------------------------------ P-7: who said yes

no_authority := deny("P-7", ["DN_DECEASED"], []) if person.deceased
else := deny("P-7", [last_of(["DN_AUTHORITY", "DN_RECONFIRM"], codes)], []) if {
	codes := [code | some consent in candidates; code := unentitled[reference(consent)]]
	count(candidates) > 0
	count(codes) == count(candidates)
}

# by record, why whoever gave it may not decide now, and why it is not in force. Rules are remembered, functions are not
unentitled := {reference(consent): code | some consent in governing; code := why_not_entitled(consent)}

refused := {reference(consent): code | some consent in governing; code := why_not(consent)}

why_not_entitled(consent) := "DN_DECEASED" if person.deceased
else := "DN_RECONFIRM" if {
	not given_by(consent) in {"SELF", "AUTHORISED_AGENT"}
	some finding in seen_by(consent.discloser)
	finding.lifted_at != null
	captured(consent) < finding.lifted_at
	finding.lifted_at <= input.at
}
else := "DN_AUTHORITY" if given_by(consent) != "SELF"
else := "DN_AUTHORITY" if consent.capacity_basis == "ASSESSED_INCAPABLE"
else := "DN_AUTHORITY" if {
	some finding in seen_by(consent.discloser)
	some at in [input.at, captured(consent)]
	finding.found_at <= at
	not is_lifted_at(finding, at)
}

is_lifted_at(finding, at) if {
	finding.lifted_at != null
	finding.lifted_at <= at
}

captured(consent) := input.at if consent.captured_at == null
else := consent.captured_at

# what one agency has noted counts for what it shares alone
seen_by(agency) := [finding | some finding in person.findings; finding.taken_by in ["", agency]]

given_by(consent) := "SELF" if consent.given_by == null
else := consent.given_by

# the person's own records, of each the version that governs; a draft changes nothing, a decline is no grant
governing := [consent |
	some consent in person.consents
	consent.subject_ref == person.subject_ref
	consent.state != "DECLINED"
	not is_outrun(consent)
]

is_outrun(consent) if {
	some other in person.consents
	other.subject_ref == person.subject_ref
	other.consent_id == consent.consent_id
	other.version > consent.version
	not other.state in {"DRAFT", "ABANDONED"}
}

# of these the ones to which the sender is a party
candidates := [consent | some consent in governing; is_known_to_sender(consent)]

is_known_to_sender(consent) if consent.discloser in ["", input.sender.agency]

is_known_to_sender(consent) if {
	some each in consent.recipients
	each.agency == input.sender.agency
}

# ---------------------------------------------------------------------------------------------- P-8: state and time

not_in_force := deny("P-8", ["DN_CONFLICT"], []) if not input.system.replicas_agree
else := deny("P-8", ["DN_CONFLICT"], []) if person.corrupt
else := deny("P-8", ["DN_SUSPENDED"], []) if person.unproven_no
else := deny("P-8", [nearest(codes)], []) if {
	codes := [code | some consent in entitled; code := refused[reference(consent)]]
	count(codes) == count(entitled)
}
else := deny("P-8", [pinned_code], []) if pinned_code
else := deny("P-8", ["DN_CASE_CLOSED"], []) if {
	message.case_closed
	message.event == "add-service-request"
}

entitled := [consent | some consent in candidates; not unentitled[reference(consent)]]

# the version that the sender named, where it names one
pinned_code := "DN_SUPERSEDED" if {
	not pinned_consent
	some consent in entitled
	consent.consent_id == message.pinned[0]
}
else := "DN_NO_CONSENT" if {
	message.pinned != null
	not pinned_consent
}
else := refused[reference(pinned_consent)] if refused[reference(pinned_consent)]

pinned_consent := consent if {
	some consent in entitled
	consent.consent_id == message.pinned[0]
	consent.version == message.pinned[1]
}

in_force(consent) if {
	not unentitled[reference(consent)]
	not refused[reference(consent)]
}

why_not(consent) := code if {
	code := {
		"INVALIDATED": "DN_NO_CONSENT",
		"ABANDONED": "DN_NO_CONSENT",
		"DRAFT": "DN_PENDING",
		"SUPERSEDED": "DN_SUPERSEDED",
		"LAPSED": "DN_VERBAL_LAPSED",
		"WITHDRAWN": "DN_WITHDRAWN",
		"SUSPENDED": "DN_SUSPENDED",
		"EXPIRED": "DN_EXPIRED",
		"DECLINED": "DN_DIRECTIVE",
	}[consent.state]
}
else := "DN_OVERBROAD" if {
	some word in consent.unreadable
	word in {"recipients", "recipient_org", "purposes", "categories", "onward_sharing", "onward_orgs"}
}
else := "DN_RECORD_INCOMPLETE" if is_incomplete(consent)
else := code if code := form(consent)
else := "DN_NOT_YET_VALID" if begins_later(consent)
else := "DN_EXPIRED" if is_over(consent)
else := "DN_NOT_KNOWLEDGEABLE" if not is_known(consent)
else := "DN_COERCED" if is_pressed(consent)

is_incomplete(consent) if {
	some word in consent.unreadable
	not word in {"lifts", "receipt_at", "withdrawn_at", "withdrawn_how"}
}

is_incomplete(consent) if not consent.pack in split(input.pack.pack, "+")

is_incomplete(consent) if {
	some name in [
		"consent_id", "version", "subject_ref", "pack", "pack_version", "given_by", "capacity_basis", "discloser",
		"recipients", "purposes", "categories", "valid_from", "expires_at", "basis", "text_version", "notice_version",
		"language", "client_reads", "not_condition_of_service", "captured_by", "captured_at", "captured_in",
		"receipt_ref",
	]
	consent[name] in [null, "", []]
}

is_incomplete(consent) if {
	consent.basis in {"EXPRESS_WRITTEN", "EXPRESS_ELECTRONIC"}
	consent.evidence_ref in [null, ""]
}

is_womens if "womens" in [input.sender.lane, input.recipient.lane]

# in writing or electronically; by word of mouth with its note, for some days; for a women's service in writing alone
form(consent) := spoken(consent) if {
	consent.basis == "EXPRESS_VERBAL"
	not is_womens
}
else := "DN_WRITTEN_REQUIRED" if {
	is_womens
	consent.basis != "EXPRESS_WRITTEN"
}
else := "DN_WRITTEN_REQUIRED" if {
	consent.basis != "EXPRESS_VERBAL"
	consent.state == "VERBAL_PENDING"
}

# undefined: its note is whole and its signature not yet due. No clock changes within the days of the questions asked
spoken(consent) := "DN_RECORD_INCOMPLETE" if not has_note(consent)
else := "DN_VERBAL_LAPSED" if input.at >= consent.verbal_note.taken_at + (input.pack.verbal_days * day_ns)
else := "DN_VERBAL_LAPSED" if has_passed(consent.verbal_note.signature_due_at)

has_note(consent) if {
	note := consent.verbal_note
	note.who
	note.what
	note.how_explained
	not note.worker in [null, ""]
	note.taken_at != null
}

begins_later(consent) if input.at < consent.valid_from

begins_later(consent) if consent.captured_at - input.at > day_ns # clocks differ by a day at most

begins_later(consent) if {
	consent.signed_on != null
	consent.signed_on - (floor(input.at / day_ns) * day_ns) > day_ns
}

is_over(consent) if consent.expires_at <= input.at

# the longest life ends with the local day of the same number, or the last day of the month
is_over(consent) if lived_months(consent) > input.pack.life_months_max

is_over(consent) if {
	lived_months(consent) == input.pack.life_months_max
	time.date([input.at, input.pack.zone])[2] > time.date([consent.captured_at, input.pack.zone])[2]
}

lived_months(consent) := months if {
	now := time.date([input.at, input.pack.zone])
	then := time.date([consent.captured_at, input.pack.zone])
	months := ((now[0] - then[0]) * 12) + (now[1] - then[1])
}

is_known(consent) if {
	consent.text_version in input.pack.text_versions
	consent.notice_version in input.pack.notice_versions
	every word in ["what", "who", "why", "risk", "may-refuse"] {
		word in consent.explained
	}
	is_understood(consent)
}

is_understood(consent) if consent.interpreter != null

is_understood(consent) if {
	not primary(consent.language) in ["", "zxx", "und"]
	some tag in consent.client_reads
	primary(tag) == primary(consent.language)
}

primary(tag) := lower(split(tag, "-")[0])

is_pressed(consent) if {
	not consent.not_condition_of_service
	not consent.condition_reason
}

is_pressed(_) if "COERCION" in person.flags

is_pressed(consent) if {
	consent.interpreter.kind == "FAMILY"
	is_womens
}

is_pressed(consent) if {
	consent.interpreter.kind == "FAMILY"
	"DV" in person.flags
}

# of several records the code of the one that got furthest
nearest(codes) := last_of(
	[
		"DN_NO_CONSENT", "DN_PENDING", "DN_SUPERSEDED", "DN_VERBAL_LAPSED", "DN_WITHDRAWN", "DN_SUSPENDED",
		"DN_OVERBROAD", "DN_RECORD_INCOMPLETE", "DN_WRITTEN_REQUIRED", "DN_EXPIRED", "DN_NOT_YET_VALID",
		"DN_NOT_KNOWLEDGEABLE", "DN_COERCED", "DN_RECIPIENT", "DN_DIRECTION", "DN_PURPOSE",
	],
	codes,
)

last_of(order, codes) := found[count(found) - 1] if {
	found := [code | some code in order; code in codes]
	count(found) > 0
}
else := order[0]

# ---------------------------------------------------------------------------------- P-9: recipient, direction, purpose

out_of_reach := deny("P-9", ["DN_RECIPIENT"], []) if input.recipient.kind != "agency"
else := deny("P-9", ["DN_RECIPIENT"], []) if input.recipient.program != null
else := deny("P-9", ["DN_RECIPIENT"], []) if input.recipient.person != null
else := deny("P-9", [nearest(codes)], []) if {
	count(covering) == 0
	codes := [code | some consent in candidates; in_force(consent); code := misses(consent)]
}
else := deny("P-9", ["DN_PURPOSE"], []) if not purpose_holds
else := deny("P-9", ["DN_ONWARD"], []) if {
	count(message.items) > 0
	every item in message.items {
		is_foreign(item)
	}
}

covering := [consent |
	some consent in candidates
	not misses(consent)
	in_force(consent)
]

misses(consent) := "DN_PURPOSE" if {
	reaches(consent, input.sender.agency, input.recipient.agency)
	not purpose in consent.purposes
}
else := "DN_DIRECTION" if reaches(consent, input.recipient.agency, input.sender.agency)
else := "DN_RECIPIENT" if not reaches(consent, input.sender.agency, input.recipient.agency)

# one that names a program or a person of an agency reaches only that
reaches(consent, discloser, agency) if {
	consent.discloser == discloser
	some each in consent.recipients
	each.agency == agency
	each.program == null
	each.person == null
}

purpose_holds if {
	purpose == {
		"ReferralRequest": "REFERRAL", "LanguageClassReferral": "REFERRAL",
		"EligibilityCheck": "ELIGIBILITY", "BenefitOverlapCheck": "ELIGIBILITY",
	}[message.type]
	input.profile.purpose == purpose
	message.labelled_purpose in [null, purpose]
}

is_foreign(item) if not item.lineage in [null, ""]

is_foreign(item) if not item.source_agency in [null, input.sender.agency]

# ------------------------------------------------------------------------------------------------- P-10: what may pass

permitted := {
	"outcome": outcome,
	"stage": "P-10",
	"codes": array.concat(["OK_CONSENT"], reasons),
	"basis": array.concat(
		array.concat([reference(consent) | some consent in covering], [name |
			some row in agreements
			name := sprintf("agreement:%s/%d", [row.agreement_id, row.version])
		]),
		[no.name | some no in noes],
	),
	"withheld": withheld,
}

outcome := "PERMIT" if count(withheld) == 0
else := "PERMIT_REDACTED"

reference(consent) := sprintf("consent:%s/%d", [consent.consent_id, consent.version])

too_little := deny("P-10", array.concat(["DN_REQUIRED_BLOCKED"], reasons), []) if is_too_little

lacks_notice := deny("P-9", ["DN_NOTICE"], []) if {
	not message.redisclosure_notice
	some item in kept
	item.category in input.pack.redisclosure
}

# each item with why it stays behind; null: it passes
judged := [{"item": item, "why": why} | some item in message.items; why := judge(item)]

kept := [each.item | some each in judged; each.why == null]

held_back := [each | some each in judged; each.why != null]

withheld := array.concat(
	[{"path": path, "category": category, "code": each.why.code, "marked": each.why.marked} |
		some each in held_back
		path := each.item.path
		category := each.item.category
	],
	origin,
)

# that a women's service sends it stays behind, unless the client ticked that it may be named
origin := [{"path": "MessageHeader.source", "category": "LOCATION", "code": "RD_LOCATION", "marked": false}] if {
	input.sender.lane == "womens"
	some consent in covering
	not consent.names_discloser
}
else := []

# the codes of what is withheld, each once, in its order
reasons := [code |
	some at, each in withheld
	code := each.code
	not code in [earlier.code | some earlier in array.slice(withheld, 0, at)]
]

judge(item) := because("RD_YOUTH_JUSTICE", false) if item.category == "JUSTICE_YOUTH"
else := because("RD_LOCATION", false) if is_hidden(item)
else := because("RD_THIRD_PARTY", false) if item.mentioned
else := because("RD_SUBJECT", false) if item.third_party
else := because("RD_LINEAGE", false) if is_foreign(item)
else := because("RD_SUBJECT", false) if item.subject != message.subject
else := why if why := named(item, reason(item))
else := null

because(code, is_marked) := {"code": code, "marked": is_marked}

# a free text is called one, whatever stands in its way
named(item, why) := because("RD_FREE_TEXT", why.marked) if item.category == "NOTES_FREE"
else := why

is_hidden(item) if item.shelter

is_hidden(item) if {
	"PROTECTED_LOCATION" in person.flags
	is_place(item)
}

# why what is about the client stays behind, and whether the client alone stood in the way; undefined: it passes
reason(item) := because("RD_PURPOSE_MIN", false) if {
	not in_profile(item)
	not coarse_is_ticked(item)
}
else := because("RD_CATEGORY", may_pass_else(item)) if is_forbidden(item)
else := because("RD_CATEGORY", false) if not is_agreed(item)
else := because("RD_CATEGORY", true) if {
	not is_ticked(item)
	not is_sensitive(item)
}
else := because("RD_SENSITIVE", in_profile(item)) if not is_ticked(item)
else := because("RD_VERBAL", in_profile(item)) if {
	is_unsigned
	is_sensitive(item)
}
else := because("RD_SENSITIVE", in_profile(item)) if is_above(item)
else := because("RD_STATUS_TO_FLAG", false) if not in_profile(item)

# its category, and those that its sensitivity tags stand for
kinds(item) := {item.category} | {category | some tag in item.sensitivity; category := category_of_tag[tag]}

in_profile(item) := count(kinds(item) - profile) == 0

is_agreed(item) if count(kinds(item) - agreed) == 0

may_pass_else(item) := count(kinds(item) - (agreed & profile)) == 0

is_ticked(item) if count(kinds(item) - ticked) == 0

is_ticked(item) if is_own_status(item)

is_sensitive(item) if count(kinds(item) & sensitive) > 0

coarse_is_ticked(item) if {
	is_ticked(item)
	count(kinds(item) - (profile | coarse)) == 0
}

is_forbidden(item) if {
	some no in noes
	forbids(no, item)
}

forbids(no, item) if {
	some kind in kinds(item)
	kind in no.categories
}

forbids(no, item) if {
	count(no.items) > 0
	item.item_id == null # it may be the one that is meant
}

forbids(no, item) if item.item_id in no.items

# how the request itself stands needs no tick of its own
is_own_status(item) if {
	is_request
	item.category == "SERVICE_STATUS"
	item.essential
	not item.third_party
	item.subject == message.subject
}

is_request if message.type in {"ReferralRequest", "LanguageClassReferral"}

# a label above what any tick opens
is_above(item) if {
	some tag in item.sensitivity
	not category_of_tag[tag]
}

is_above(item) if item.confidentiality == "V"

is_above(item) if {
	item.confidentiality == "R"
	not item.category in sensitive
}

is_unsigned if {
	some consent in covering
	consent.basis == "EXPRESS_VERBAL"
}

profile := {category | some category in array.concat(input.profile.required, input.profile.optional)}

coarse := {category | some category in input.profile.coarse}

agreed := intersection({categories | some row in agreements; categories := {each | some each in row.categories}})

ticked := intersection({categories | some consent in covering; categories := ticks(consent)})

# a tick may be for fewer purposes than its consent, and end earlier
ticks(consent) := {grant.category |
	some grant in consent.categories
	names_or_all(grant.purposes, purpose)
	not has_passed(grant.expires_at)
}

# without something that is required, or with a name alone, it is no use
is_too_little if {
	some each in held_back
	each.item.essential
	is_request_or_status(each.item)
}

is_too_little if {
	some each in held_back
	each.item.category in required
	not others_decide_and_some_is_left(each)
}

is_too_little if count(kept) == 0

is_too_little if {
	count([each | some each in judged; says_something(each.item)]) > 0
	count([item | some item in kept; says_something(item)]) == 0
}

is_request_or_status(_) if is_request

is_request_or_status(item) if item.category == "SERVICE_STATUS"

others_decide_and_some_is_left(each) if {
	each.why.code in {"RD_SUBJECT", "RD_THIRD_PARTY", "RD_LINEAGE"}
	some item in kept
	item.category == each.item.category
}

says_something(item) if {
	item.category != "IDENT"
	not is_own_status(item)
}

sensitive := {
	"HEALTH_MENTAL", "SUBSTANCE", "SEXUAL", "DV", "IMMIG", "JUSTICE_ADULT", "JUSTICE_YOUTH", "CHILD_PROT",
	"RACE_INDIG", "NOTES_FREE", "RISK",
}

category_of_tag := {
	"PSY": "HEALTH_MENTAL", "MH": "HEALTH_MENTAL", "BH": "HEALTH_MENTAL",
	"SUD": "SUBSTANCE", "ETHUD": "SUBSTANCE", "OPIOIDUD": "SUBSTANCE",
	"SEX": "SEXUAL", "STD": "SEXUAL", "HIV": "SEXUAL", "GENDER": "SEXUAL",
	"SDV": "DV", "VIO": "DV",
	"RACE": "RACE_INDIG",
}
