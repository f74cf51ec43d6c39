-- The agency's own case management system (kind `cms`): its tables, what it shows the hub, and the hub's way in.
--
-- Program systems 5.3 (tables), 5.4 C1, C5 (rules), 9.2 (views, change log, inbox); all of it our own design.
-- SQLite dialect, as near to the standard as it goes. Another engine changes only: INTEGER PRIMARY KEY AUTOINCREMENT
-- (GENERATED ALWAYS AS IDENTITY), datetime('now', 'localtime') (LOCALTIMESTAMP(0)), RAISE, and the form of triggers.
--
-- Booleans are 0/1. Days are YYYY-MM-DD, times YYYY-MM-DD HH:MM:SS, local Toronto time without a zone.
-- Coded columns carry no CHECK: an agency's data is what it is, and it is the reader who refuses.
-- Only what the machinery below leans on is held by the database.

PRAGMA journal_mode = WAL;  -- SQLite only: a worker who saves and the hub that reads do not wait for each other

-- ---------------------------------------------------------------------------------------------- who

CREATE TABLE client (
  client_id             INTEGER PRIMARY KEY,
  file_no               VARCHAR(12) NOT NULL UNIQUE,        -- 2024-000123, given once, never changed
  is_anonymous          INTEGER NOT NULL DEFAULT 0,         -- anonymous rows never leave
  merged_into_client_id INTEGER REFERENCES client (client_id),  -- a merge keeps both file numbers
  deceased_date         DATE,
  last_name             VARCHAR(80) NOT NULL,               -- a single name stands here, first_name null
  first_name            VARCHAR(80),
  middle_name           VARCHAR(80),
  preferred_name        VARCHAR(80),
  name_native           VARCHAR(120),                       -- other scripts, kept apart; stays here
  birth_date            DATE,
  birth_date_quality    CHAR(1) NOT NULL DEFAULT 'E',       -- E exact, Y year, D 1 January in document, U unknown
  gender                VARCHAR(20),
  status_in_canada      VARCHAR(10),
  status_date           DATE,
  arrival_date          DATE,
  country_of_origin     CHAR(3),
  home_language         VARCHAR(8),                         -- ISO 639-3
  service_language      VARCHAR(16) NOT NULL DEFAULT 'en',  -- BCP 47
  official_language     VARCHAR(8) NOT NULL DEFAULT 'unknown',  -- en, fr, unknown
  interpreter_needed    INTEGER NOT NULL DEFAULT 0,
  phone                 VARCHAR(40),
  phone_safe            INTEGER,                            -- not marked safe: not read by the hub at all
  email                 VARCHAR(120),
  email_safe            INTEGER,
  address_line          VARCHAR(120),
  unit                  VARCHAR(20),
  city                  VARCHAR(80),
  province              VARCHAR(2),
  postal_code           VARCHAR(10),
  address_confidential  INTEGER NOT NULL DEFAULT 0,         -- confidential addresses never leave
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE client_identifier (
  identifier_id INTEGER PRIMARY KEY,
  client_id     INTEGER NOT NULL REFERENCES client (client_id),
  type          VARCHAR(20) NOT NULL,   -- UCI, TRP, IMM, HARTS, CAMS_PERSON, CAMS_PLAN, FILE_NO (of another agency)
  value         VARCHAR(40) NOT NULL,   -- text: leading zeros count
  issued_on     DATE,
  expires_on    DATE,
  verified_by   VARCHAR(40),
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE client_relation (
  relation_id       INTEGER PRIMARY KEY,
  client_id         INTEGER NOT NULL REFERENCES client (client_id),
  related_client_id INTEGER NOT NULL REFERENCES client (client_id),
  relation          VARCHAR(20) NOT NULL,  -- spouse, parent, child, sibling, guardian, other
  same_household    INTEGER,
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE language_result (  -- a newer result does not overwrite an older one
  language_id INTEGER PRIMARY KEY,
  client_id   INTEGER NOT NULL REFERENCES client (client_id),
  assessed_on DATE NOT NULL,
  kind        VARCHAR(20) NOT NULL,
  tool        VARCHAR(10),
  listening   VARCHAR(4) NOT NULL,  -- CLB; NA is a value
  speaking    VARCHAR(4) NOT NULL,
  reading     VARCHAR(4) NOT NULL,
  writing     VARCHAR(4) NOT NULL,
  centre_site VARCHAR(20),
  assessor    VARCHAR(40),
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE consent (  -- what is missing is allowed here: the registry then keeps the row as DRAFT
  consent_id       INTEGER PRIMARY KEY,
  client_id        INTEGER NOT NULL REFERENCES client (client_id),
  form_id          VARCHAR(40),      -- rows of one signed form share it
  given_by         VARCHAR(20),
  authority_kind   VARCHAR(40),
  capacity_basis   VARCHAR(20),
  form             VARCHAR(20),      -- WRITTEN, ELECTRONIC, VERBAL, NOTICE
  valid_from       DATE,
  expires_on       DATE,
  recipient_org    VARCHAR(40),      -- one agency id
  purposes         VARCHAR(200),     -- lists are separated by one space
  categories       VARCHAR(400),
  onward_orgs      VARCHAR(200),
  text_version     VARCHAR(40),
  notice_version   VARCHAR(40),
  language         VARCHAR(16),
  client_reads     VARCHAR(60),
  interpreter_kind VARCHAR(30),
  explained        VARCHAR(60),      -- what who why risk may-refuse
  not_condition    INTEGER,
  condition_reason VARCHAR(200),
  captured_by      VARCHAR(40),
  captured_at      TIMESTAMP,
  signed_on        DATE,
  evidence_ref     VARCHAR(80),
  receipt_at       TIMESTAMP,
  receipt_channel  VARCHAR(20),      -- PAPER, EMAIL, PORTAL, UNSAFE
  verbal_note      TEXT,
  declined         INTEGER,          -- true: DECLINED, for its recipient_org only (blank: for all)
  lifts            VARCHAR(200),
  withdrawn_at     TIMESTAMP,        -- a day or a time; set: WITHDRAWN for good
  withdrawn_how    VARCHAR(40),
  keep_out         INTEGER,          -- true: the client may want this recipient out; SUSPENDED until it is false again
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

-- ---------------------------------------------------------------------------------------------- the case

CREATE TABLE case_file (
  case_id          INTEGER PRIMARY KEY,
  client_id        INTEGER NOT NULL REFERENCES client (client_id),
  program          VARCHAR(20) NOT NULL,  -- WOMEN, NEWCOMER, YOUTH, EMPLOYMENT
  opened_on        DATE NOT NULL,
  worker           VARCHAR(40) NOT NULL,
  status           VARCHAR(10) NOT NULL CHECK (status IN ('PENDING', 'OPEN', 'ON_HOLD', 'CLOSED')),
  closed_on        DATE,
  closure_reason   VARCHAR(20),
  closure_summary  TEXT,
  previous_case_id INTEGER REFERENCES case_file (case_id),  -- a returning client gets a new case
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE presenting_issue (
  case_id    INTEGER NOT NULL REFERENCES case_file (case_id),
  rank       INTEGER NOT NULL CHECK (rank BETWEEN 1 AND 5),
  issue_code VARCHAR(20) NOT NULL,  -- housing, income, health, safety, legal, education, employment, language,
                                    -- settlement, childcare, isolation, other
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system',
  PRIMARY KEY (case_id, rank)
);

CREATE TABLE assessment (
  assessment_id INTEGER PRIMARY KEY,
  case_id       INTEGER NOT NULL REFERENCES case_file (case_id),
  done_on       DATE NOT NULL,
  kind          VARCHAR(20) NOT NULL,  -- initial, re-assessment
  needs         TEXT,
  strengths     TEXT,
  barriers      TEXT,
  priority      VARCHAR(20),
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE isp_plan (  -- a new version replaces, never overwrites
  plan_id          INTEGER PRIMARY KEY,
  case_id          INTEGER NOT NULL REFERENCES case_file (case_id),
  version          INTEGER NOT NULL,
  client_signed_on DATE,
  worker_signed_on DATE,
  review_due       DATE NOT NULL,
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE isp_goal (
  goal_id     INTEGER PRIMARY KEY,
  plan_id     INTEGER NOT NULL REFERENCES isp_plan (plan_id),
  term        VARCHAR(10) NOT NULL,  -- short, long
  description TEXT NOT NULL,
  indicator   TEXT,
  status      VARCHAR(20) NOT NULL,  -- NOT_STARTED, IN_PROGRESS, ACHIEVED, PARTLY, NOT_ACHIEVED, DROPPED
  result      TEXT,
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE isp_action (
  action_id   INTEGER PRIMARY KEY,
  goal_id     INTEGER NOT NULL REFERENCES isp_goal (goal_id),
  note        TEXT,
  description TEXT NOT NULL,
  responsible VARCHAR(20) NOT NULL,  -- client, worker, agency, other
  deadline    DATE NOT NULL,
  done_on     DATE,
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE service_event (
  event_id     INTEGER PRIMARY KEY,
  program      VARCHAR(20) NOT NULL,
  activity     VARCHAR(40) NOT NULL,
  started_at   TIMESTAMP NOT NULL,
  ended_at     TIMESTAMP,
  minutes      INTEGER,
  format       VARCHAR(20) NOT NULL,  -- one-on-one, family, group, port of entry
  delivery     VARCHAR(20) NOT NULL,  -- in person, phone, video, email
  site_id      VARCHAR(20) NOT NULL,
  language     VARCHAR(16) NOT NULL,
  group_size   INTEGER,
  target_group VARCHAR(200),
  funder       VARCHAR(40) NOT NULL,
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE service_participant (  -- a client, or a number of people without a profile
  participant_id INTEGER PRIMARY KEY,
  event_id       INTEGER NOT NULL REFERENCES service_event (event_id),
  client_id      INTEGER REFERENCES client (client_id),
  case_id        INTEGER REFERENCES case_file (case_id),
  head_count     INTEGER,
  attended       INTEGER NOT NULL,
  supports       VARCHAR(200),
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system',
  CHECK ((client_id IS NULL) <> (head_count IS NULL))
);

CREATE TABLE case_note (
  note_id    INTEGER PRIMARY KEY,
  case_id    INTEGER NOT NULL REFERENCES case_file (case_id),
  author     VARCHAR(40) NOT NULL,
  written_at TIMESTAMP NOT NULL,
  signed_at  TIMESTAMP,            -- unsigned notes never leave
  body       TEXT NOT NULL,
  language   VARCHAR(16) NOT NULL,
  shareable  INTEGER NOT NULL,     -- nor do those that are not marked shareable
  category   VARCHAR(20),
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE referral (
  referral_id      INTEGER PRIMARY KEY,
  case_id          INTEGER NOT NULL REFERENCES case_file (case_id),
  direction        VARCHAR(3) NOT NULL CHECK (direction IN ('IN', 'OUT')),
  from_org         VARCHAR(40) NOT NULL,
  to_org           VARCHAR(40) NOT NULL,
  service_wanted   VARCHAR(30) NOT NULL,
  urgency          VARCHAR(10),           -- routine, urgent, asap, crisis
  reason_code      VARCHAR(20) NOT NULL,  -- as issue_code
  reason_text      TEXT,
  risk_flags       VARCHAR(100),          -- dangers that the worker asserts: CHILD_ABUSE, SELF_HARM ... with spaces
  channel          VARCHAR(10) NOT NULL,  -- fax, email, in person, hub
  consent_id       INTEGER,
  documents_needed VARCHAR(200),
  sent_at          TIMESTAMP,
  status           VARCHAR(12) NOT NULL,  -- DRAFT, SENT, RECEIVED, ACCEPTED, WAITLISTED, DECLINED, NO_SHOW,
                                          -- COMPLETED, WITHDRAWN
  status_reason    VARCHAR(40),
  status_at        TIMESTAMP NOT NULL,
  outcome          VARCHAR(40),
  appointment_at   TIMESTAMP,
  worker           VARCHAR(40) NOT NULL,
  hub_referral_no  VARCHAR(12),
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE follow_up (  -- written also when the case is closed
  follow_up_id  INTEGER PRIMARY KEY,
  case_id       INTEGER NOT NULL REFERENCES case_file (case_id),
  month         INTEGER NOT NULL,  -- 3, 6, 12
  due_on        DATE NOT NULL,
  done_on       DATE,
  method        VARCHAR(20),
  reached       INTEGER,
  satisfaction  INTEGER,           -- 1 to 5
  situation     VARCHAR(40),
  needs_booking INTEGER,
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE code_map (
  list       VARCHAR(40) NOT NULL,
  local_code VARCHAR(40) NOT NULL,
  hub_code   VARCHAR(40) NOT NULL,
  valid_from DATE NOT NULL DEFAULT '1900-01-01',
  valid_to   DATE,
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system',
  PRIMARY KEY (list, local_code, valid_from)
);

-- ---------------------------------------------------------------------------------------------- a duty of care
-- A worker declares it here, without leaving the system (consent rules 3; settled S22): a saved row is the declaration,
-- and asks the hub to send it to one agency at once. What is written in `narrative`, and the facts of the limbs, never
-- leave the hub; `told` does.

CREATE TABLE override_declaration (
  override_id      INTEGER PRIMARY KEY,
  client_id        INTEGER NOT NULL REFERENCES client (client_id),  -- whose file it is; with a child, who cares for it
  child_client_id  INTEGER REFERENCES client (client_id),           -- the child, where it has a file here
  child_name       VARCHAR(120),           -- else its name, single or as FAMILY, Given
  child_birth_date DATE,
  recipient_org    VARCHAR(40) NOT NULL,
  code             VARCHAR(20) NOT NULL,   -- DOC-SELF, DOC-OTHER, DOC-CHILD, DOC-UNCON, ST-CHILD-PROTECT ...
  danger           VARCHAR(100),           -- where the code names none: SELF_HARM, HARM_OTHERS ... with spaces between
  told             TEXT,                   -- what the recipient needs, 600 characters; of a mandatory report 4,000
  narrative        TEXT,                   -- what was seen or heard, when, from whom: 80 letters of one's own
  imminent         INTEGER,
  consent_sought   VARCHAR(16),            -- yes-refused, not-possible, unsafe-to-ask
  narrowed         VARCHAR(200),           -- categories that the worker keeps back
  attempts         TEXT,                   -- to reach a second person, where danger is imminent
  notice           VARCHAR(16),            -- to the client: told-before, tell-after, withhold
  covers           VARCHAR(64),            -- what was sent already and this is said to cover: the hub's number
  worker           VARCHAR(40),
  reported_to      VARCHAR(120),           -- of a mandatory report: whom the worker reached in person, and when
  reported_at      TIMESTAMP,
  ended_at         TIMESTAMP,
  end_cause        VARCHAR(20),            -- danger-passed, can-decide, consented, revoked
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

CREATE TABLE override_limb (               -- one limb of the test, in a field of its own
  override_id INTEGER NOT NULL REFERENCES override_declaration (override_id),
  limb        VARCHAR(30) NOT NULL,
  attested    INTEGER,
  fact        TEXT,
  updated_by  VARCHAR(40) NOT NULL DEFAULT 'system',
  PRIMARY KEY (override_id, limb)
);

CREATE TABLE override_word (               -- what others say of a declaration; a second person signs in as themself
  word_id     INTEGER PRIMARY KEY,
  override_id INTEGER NOT NULL REFERENCES override_declaration (override_id),
  kind        VARCHAR(12) NOT NULL,        -- approval, self-review
  worker      VARCHAR(40) NOT NULL,
  said        TEXT,                        -- of a self-review: what was done, and what would be done otherwise
  of_version  INTEGER,                     -- of an approval: the declaration's row_version that was read
  row_version INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_at TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  updated_by VARCHAR(40) NOT NULL DEFAULT 'system'
);

-- ---------------------------------------------------------------------------------------------- to and from the hub

CREATE TABLE change_log (  -- table_name is the name of a view, row_id its key; keep at least the newest entry
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  table_name VARCHAR(40) NOT NULL,
  row_id     INTEGER NOT NULL,
  op         CHAR(1) NOT NULL CHECK (op IN ('I', 'U', 'D')),
  at         TIMESTAMP NOT NULL DEFAULT (datetime('now', 'localtime')),
  "by"       VARCHAR(40)
);

-- Written by the adapter, emptied by the system once a row is applied. A repeat of a message_id, or a referral whose
-- hub_referral_no the system has, is the same message: the hub repeats it where it does not know that it arrived.
CREATE TABLE hub_inbox (
  message_id       VARCHAR(64) NOT NULL PRIMARY KEY,
  kind             VARCHAR(20) NOT NULL,  -- referral, referral-status, plan, note, exit, service, follow-up, refusal,
                                          -- returned, rejected, shortened, recall, override,
                                          -- override-status, enquiry, enquiry-answer, risk-filter
  hub_referral_no  VARCHAR(12),
  client_id        INTEGER,               -- null: the system finds or makes the client itself
  base_row_version INTEGER,               -- of that client, as the adapter saw it
  payload          TEXT NOT NULL,         -- canonical JSON in the words of the views
  incomplete       INTEGER NOT NULL,
  received_at      TIMESTAMP NOT NULL,
  applied_at       TIMESTAMP
);

CREATE TABLE hub_inbox_error (  -- written by the system, read by the adapter; codes only, no text
  message_id  VARCHAR(64) NOT NULL,
  code        VARCHAR(40) NOT NULL,  -- CASE_CLOSED, UNKNOWN_CLIENT, DUPLICATE, CODE_UNMAPPED, CONFLICT
  detail_code VARCHAR(40),
  occurred_at TIMESTAMP NOT NULL,
  seq         INTEGER PRIMARY KEY AUTOINCREMENT
);

CREATE INDEX client_by_merge ON client (merged_into_client_id);
CREATE INDEX client_identifier_by_client ON client_identifier (client_id);
CREATE INDEX client_identifier_by_value ON client_identifier (type, UPPER(REPLACE(REPLACE(value, '-', ''), ' ', '')));
CREATE INDEX client_relation_by_client ON client_relation (client_id);
CREATE INDEX language_result_by_client ON language_result (client_id);
CREATE INDEX consent_by_client ON consent (client_id);
CREATE INDEX case_file_by_client ON case_file (client_id);
CREATE INDEX assessment_by_case ON assessment (case_id);
CREATE INDEX isp_plan_by_case ON isp_plan (case_id);
CREATE INDEX isp_goal_by_plan ON isp_goal (plan_id);
CREATE INDEX isp_action_by_goal ON isp_action (goal_id);
CREATE INDEX service_participant_by_event ON service_participant (event_id);
CREATE INDEX service_participant_by_client ON service_participant (client_id);
CREATE INDEX case_note_by_case ON case_note (case_id);
CREATE INDEX referral_by_case ON referral (case_id);
CREATE INDEX referral_by_hub_number ON referral (hub_referral_no);
CREATE INDEX follow_up_by_case ON follow_up (case_id);
CREATE INDEX change_log_by_row ON change_log (table_name, row_id);

-- ---------------------------------------------------------------------------------------------- the fifteen views
-- The agency's promise: no anonymous client, no confidential address, no unsigned or private note.
-- row_version is that of the view's own row, or of its parent where rows are joined.

CREATE VIEW v_hub_client AS
SELECT client_id, row_version, file_no, last_name, first_name, preferred_name, birth_date, birth_date_quality, gender,
       status_in_canada, status_date, arrival_date, country_of_origin, home_language, service_language,
       official_language, interpreter_needed, phone, phone_safe, email, email_safe,
       CASE WHEN address_confidential = 0 THEN address_line END AS address_line,
       CASE WHEN address_confidential = 0 THEN unit END AS unit,
       CASE WHEN address_confidential = 0 THEN city END AS city,
       CASE WHEN address_confidential = 0 THEN province END AS province,
       CASE WHEN address_confidential = 0 THEN postal_code END AS postal_code,
       merged_into_client_id, deceased_date
FROM client
WHERE is_anonymous = 0;

CREATE VIEW v_hub_identifier AS
SELECT i.identifier_id AS identifier_id, i.row_version AS row_version, i.client_id AS client_id, i.type AS type,
       i.value AS value
FROM client_identifier i
JOIN client c ON c.client_id = i.client_id
WHERE c.is_anonymous = 0;

CREATE VIEW v_hub_relation AS
SELECT r.relation_id AS relation_id, r.row_version AS row_version, r.client_id AS client_id,
       r.related_client_id AS related_client_id, r.relation AS relation, r.same_household AS same_household
FROM client_relation r
JOIN client c ON c.client_id = r.client_id
JOIN client o ON o.client_id = r.related_client_id
WHERE c.is_anonymous = 0 AND o.is_anonymous = 0;

CREATE VIEW v_hub_language AS
SELECT l.language_id AS language_id, l.row_version AS row_version, l.client_id AS client_id,
       l.assessed_on AS assessed_on, l.kind AS kind, l.tool AS tool, l.listening AS listening, l.speaking AS speaking,
       l.reading AS reading, l.writing AS writing, l.centre_site AS centre_site, l.assessor AS assessor
FROM language_result l
JOIN client c ON c.client_id = l.client_id
WHERE c.is_anonymous = 0;

CREATE VIEW v_hub_consent AS
SELECT s.consent_id AS consent_id, s.row_version AS row_version, s.client_id AS client_id, s.form_id AS form_id,
       s.given_by AS given_by, s.authority_kind AS authority_kind, s.capacity_basis AS capacity_basis, s.form AS form,
       s.valid_from AS valid_from, s.expires_on AS expires_on, s.recipient_org AS recipient_org,
       s.purposes AS purposes, s.categories AS categories, s.onward_orgs AS onward_orgs,
       s.text_version AS text_version, s.notice_version AS notice_version, s.language AS language,
       s.client_reads AS client_reads, s.interpreter_kind AS interpreter_kind, s.explained AS explained,
       s.not_condition AS not_condition, s.condition_reason AS condition_reason, s.captured_by AS captured_by,
       s.captured_at AS captured_at, s.signed_on AS signed_on, s.evidence_ref AS evidence_ref,
       s.receipt_at AS receipt_at, s.receipt_channel AS receipt_channel, s.verbal_note AS verbal_note,
       s.declined AS declined, s.lifts AS lifts, s.withdrawn_at AS withdrawn_at, s.withdrawn_how AS withdrawn_how,
       s.keep_out AS keep_out
FROM consent s
JOIN client c ON c.client_id = s.client_id
WHERE c.is_anonymous = 0;

CREATE VIEW v_hub_case AS
SELECT f.case_id AS case_id, f.row_version AS row_version, f.client_id AS client_id, f.program AS program,
       f.opened_on AS opened_on, f.worker AS worker, f.status AS status, f.closed_on AS closed_on,
       f.closure_reason AS closure_reason, f.previous_case_id AS previous_case_id,
       NULLIF(LTRIM(  -- presenting_issue codes in order of rank
         COALESCE(' ' || (SELECT issue_code FROM presenting_issue p WHERE p.case_id = f.case_id AND p.rank = 1), '') ||
         COALESCE(' ' || (SELECT issue_code FROM presenting_issue p WHERE p.case_id = f.case_id AND p.rank = 2), '') ||
         COALESCE(' ' || (SELECT issue_code FROM presenting_issue p WHERE p.case_id = f.case_id AND p.rank = 3), '') ||
         COALESCE(' ' || (SELECT issue_code FROM presenting_issue p WHERE p.case_id = f.case_id AND p.rank = 4), '') ||
         COALESCE(' ' || (SELECT issue_code FROM presenting_issue p WHERE p.case_id = f.case_id AND p.rank = 5), '')
       ), '') AS issues
FROM case_file f
JOIN client c ON c.client_id = f.client_id
WHERE c.is_anonymous = 0;

CREATE VIEW v_hub_assessment AS
SELECT a.assessment_id AS assessment_id, a.row_version AS row_version, f.client_id AS client_id, a.case_id AS case_id,
       a.done_on AS done_on, a.kind AS kind, a.needs AS needs, a.strengths AS strengths, a.barriers AS barriers,
       a.priority AS priority
FROM assessment a
JOIN case_file f ON f.case_id = a.case_id
JOIN client c ON c.client_id = f.client_id
WHERE c.is_anonymous = 0;

CREATE VIEW v_hub_plan AS  -- one row per action; a goal without one, and a plan without a goal, are shown too
SELECT p.plan_id AS plan_id, p.row_version AS row_version, f.client_id AS client_id, p.case_id AS case_id,
       p.version AS version, p.client_signed_on AS client_signed_on, p.worker_signed_on AS worker_signed_on,
       p.review_due AS review_due, g.goal_id AS goal_id, g.term AS term, g.description AS goal_description,
       g.indicator AS indicator, g.status AS goal_status, g.result AS result, a.action_id AS action_id,
       a.description AS action_description, a.note AS action_note, a.responsible AS responsible,
       a.deadline AS deadline, a.done_on AS done_on
FROM isp_plan p
JOIN case_file f ON f.case_id = p.case_id
JOIN client c ON c.client_id = f.client_id
LEFT JOIN isp_goal g ON g.plan_id = p.plan_id
LEFT JOIN isp_action a ON a.goal_id = g.goal_id
WHERE c.is_anonymous = 0;

CREATE VIEW v_hub_service AS  -- one row per participating client; people without a profile are counted here alone
SELECT p.participant_id AS participant_id, e.row_version AS row_version, e.event_id AS event_id,
       p.client_id AS client_id, p.case_id AS case_id, e.program AS program, e.activity AS activity,
       e.started_at AS started_at, e.ended_at AS ended_at, e.minutes AS minutes, e.format AS format,
       e.delivery AS delivery, e.site_id AS site_id, e.language AS language, e.group_size AS group_size,
       e.target_group AS target_group, e.funder AS funder, p.attended AS attended, p.supports AS supports
FROM service_event e
JOIN service_participant p ON p.event_id = e.event_id
JOIN client c ON c.client_id = p.client_id
WHERE c.is_anonymous = 0;

CREATE VIEW v_hub_referral_out AS
SELECT r.referral_id AS referral_id, r.row_version AS row_version, f.client_id AS client_id, r.case_id AS case_id,
       r.to_org AS to_org, r.service_wanted AS service_wanted, r.urgency AS urgency, r.reason_code AS reason_code,
       r.reason_text AS reason_text, r.consent_id AS consent_id, r.sent_at AS sent_at, r.status AS status,
       r.status_at AS status_at, r.worker AS worker, r.risk_flags AS risk_flags
FROM referral r
JOIN case_file f ON f.case_id = r.case_id
JOIN client c ON c.client_id = f.client_id
WHERE r.direction = 'OUT' AND r.channel = 'hub' AND r.status IN ('SENT', 'WITHDRAWN') AND c.is_anonymous = 0;

CREATE VIEW v_hub_referral_in AS  -- our answer to what came by the hub
SELECT r.referral_id AS referral_id, r.row_version AS row_version, r.hub_referral_no AS hub_referral_no,
       r.case_id AS case_id,
       r.status AS status, r.status_reason AS status_reason, r.status_at AS status_at,
       r.appointment_at AS appointment_at, r.worker AS worker
FROM referral r
JOIN case_file f ON f.case_id = r.case_id
JOIN client c ON c.client_id = f.client_id
WHERE r.direction = 'IN' AND r.channel = 'hub' AND r.hub_referral_no IS NOT NULL
  AND r.status NOT IN ('DRAFT', 'SENT') AND c.is_anonymous = 0;

CREATE VIEW v_hub_note_shareable AS
SELECT n.note_id AS note_id, n.row_version AS row_version, f.client_id AS client_id, n.case_id AS case_id,
       n.author AS author, n.written_at AS written_at, n.signed_at AS signed_at, n.body AS body,
       n.language AS language, n.category AS category
FROM case_note n
JOIN case_file f ON f.case_id = n.case_id
JOIN client c ON c.client_id = f.client_id
WHERE n.shareable = 1 AND n.signed_at IS NOT NULL AND n.signed_at <> '' AND c.is_anonymous = 0;

CREATE VIEW v_hub_override AS
SELECT d.override_id AS override_id, d.row_version AS row_version, d.client_id AS client_id,
       d.child_client_id AS child_client_id, d.child_name AS child_name, d.child_birth_date AS child_birth_date,
       d.recipient_org AS recipient_org, d.code AS code, d.danger AS danger,
       (SELECT json_group_array(json_object('limb', l.limb, 'attested', l.attested, 'fact', l.fact))
        FROM (SELECT limb, attested, fact FROM override_limb x WHERE x.override_id = d.override_id ORDER BY limb) l) AS limbs,
       d.told AS told, d.narrative AS narrative, d.imminent AS imminent, d.consent_sought AS consent_sought,
       d.narrowed AS narrowed, d.attempts AS attempts, d.notice AS notice, d.covers AS covers, d.worker AS worker,
       d.reported_to AS reported_to, d.reported_at AS reported_at, d.ended_at AS ended_at, d.end_cause AS end_cause,
       d.updated_by AS entered_by
FROM override_declaration d
JOIN client c ON c.client_id = d.client_id
WHERE c.is_anonymous = 0;

CREATE VIEW v_hub_override_word AS
SELECT word_id, row_version, override_id, kind, worker, said, of_version, updated_by AS entered_by
FROM override_word;

CREATE VIEW v_hub_follow_up AS
SELECT u.follow_up_id AS follow_up_id, u.row_version AS row_version, f.client_id AS client_id, u.case_id AS case_id,
       u.month AS month, u.due_on AS due_on, u.done_on AS done_on, u.method AS method, u.reached AS reached,
       u.satisfaction AS satisfaction, u.situation AS situation, u.needs_booking AS needs_booking
FROM follow_up u
JOIN case_file f ON f.case_id = u.case_id
JOIN client c ON c.client_id = f.client_id
WHERE c.is_anonymous = 0;

-- ---------------------------------------------------------------------------------------------- change capture
-- An update raises row_version (<table>_raised), unless whoever updates has raised it; a raise is logged
-- (<table>_logged_u). The entry names the view and its key. So that each change is one entry, only a raise is
-- logged, never an update.

CREATE TRIGGER client_logged_i AFTER INSERT ON client
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_client', NEW.client_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER client_raised AFTER UPDATE ON client WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE client SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE client_id = NEW.client_id;
END;

CREATE TRIGGER client_logged_u AFTER UPDATE OF row_version ON client
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_client', NEW.client_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER client_logged_d AFTER DELETE ON client
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_client', OLD.client_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER client_identifier_logged_i AFTER INSERT ON client_identifier
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_identifier', NEW.identifier_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER client_identifier_raised AFTER UPDATE ON client_identifier WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE client_identifier SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE identifier_id = NEW.identifier_id;
END;

CREATE TRIGGER client_identifier_logged_u AFTER UPDATE OF row_version ON client_identifier
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_identifier', NEW.identifier_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER client_identifier_logged_d AFTER DELETE ON client_identifier
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_identifier', OLD.identifier_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER client_relation_logged_i AFTER INSERT ON client_relation
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_relation', NEW.relation_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER client_relation_raised AFTER UPDATE ON client_relation WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE client_relation SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE relation_id = NEW.relation_id;
END;

CREATE TRIGGER client_relation_logged_u AFTER UPDATE OF row_version ON client_relation
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_relation', NEW.relation_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER client_relation_logged_d AFTER DELETE ON client_relation
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_relation', OLD.relation_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER language_result_logged_i AFTER INSERT ON language_result
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_language', NEW.language_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER language_result_raised AFTER UPDATE ON language_result WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE language_result SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE language_id = NEW.language_id;
END;

CREATE TRIGGER language_result_logged_u AFTER UPDATE OF row_version ON language_result
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_language', NEW.language_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER language_result_logged_d AFTER DELETE ON language_result
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_language', OLD.language_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER consent_logged_i AFTER INSERT ON consent
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_consent', NEW.consent_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER consent_raised AFTER UPDATE ON consent WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE consent SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE consent_id = NEW.consent_id;
END;

CREATE TRIGGER consent_logged_u AFTER UPDATE OF row_version ON consent
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_consent', NEW.consent_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER consent_logged_d AFTER DELETE ON consent
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_consent', OLD.consent_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER case_file_logged_i AFTER INSERT ON case_file
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_case', NEW.case_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER case_file_raised AFTER UPDATE ON case_file WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE case_file SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE case_id = NEW.case_id;
END;

CREATE TRIGGER case_file_logged_u AFTER UPDATE OF row_version ON case_file
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_case', NEW.case_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER case_file_logged_d AFTER DELETE ON case_file
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_case', OLD.case_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER assessment_logged_i AFTER INSERT ON assessment
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_assessment', NEW.assessment_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER assessment_raised AFTER UPDATE ON assessment WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE assessment SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE assessment_id = NEW.assessment_id;
END;

CREATE TRIGGER assessment_logged_u AFTER UPDATE OF row_version ON assessment
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_assessment', NEW.assessment_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER assessment_logged_d AFTER DELETE ON assessment
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_assessment', OLD.assessment_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER isp_plan_logged_i AFTER INSERT ON isp_plan
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_plan', NEW.plan_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER isp_plan_raised AFTER UPDATE ON isp_plan WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE isp_plan SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE plan_id = NEW.plan_id;
END;

CREATE TRIGGER isp_plan_logged_u AFTER UPDATE OF row_version ON isp_plan
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_plan', NEW.plan_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER isp_plan_logged_d AFTER DELETE ON isp_plan
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_plan', OLD.plan_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER service_event_raised AFTER UPDATE ON service_event WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE service_event SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE event_id = NEW.event_id;
END;

CREATE TRIGGER service_event_logged_u AFTER UPDATE OF row_version ON service_event  -- each client's row shows it
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  SELECT 'v_hub_service', participant_id, 'U', NEW.updated_by FROM service_participant
  WHERE event_id = NEW.event_id AND client_id IS NOT NULL ORDER BY participant_id;
END;

CREATE TRIGGER service_participant_logged_d AFTER DELETE ON service_participant WHEN OLD.client_id IS NOT NULL
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_service', OLD.participant_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER referral_logged_i AFTER INSERT ON referral
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES (CASE NEW.direction WHEN 'OUT' THEN 'v_hub_referral_out' ELSE 'v_hub_referral_in' END,
    NEW.referral_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER referral_raised AFTER UPDATE ON referral WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE referral SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE referral_id = NEW.referral_id;
END;

CREATE TRIGGER referral_logged_u AFTER UPDATE OF row_version ON referral
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES (CASE NEW.direction WHEN 'OUT' THEN 'v_hub_referral_out' ELSE 'v_hub_referral_in' END,
    NEW.referral_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER referral_logged_d AFTER DELETE ON referral
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES (CASE OLD.direction WHEN 'OUT' THEN 'v_hub_referral_out' ELSE 'v_hub_referral_in' END,
    OLD.referral_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER case_note_logged_i AFTER INSERT ON case_note
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_note_shareable', NEW.note_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER case_note_raised AFTER UPDATE ON case_note WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE case_note SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE note_id = NEW.note_id;
END;

CREATE TRIGGER case_note_logged_u AFTER UPDATE OF row_version ON case_note
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_note_shareable', NEW.note_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER case_note_logged_d AFTER DELETE ON case_note
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_note_shareable', OLD.note_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER override_declaration_logged_i AFTER INSERT ON override_declaration
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_override', NEW.override_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER override_declaration_raised AFTER UPDATE ON override_declaration WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE override_declaration SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE override_id = NEW.override_id;
END;

CREATE TRIGGER override_declaration_logged_u AFTER UPDATE OF row_version ON override_declaration
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_override', NEW.override_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER override_declaration_logged_d AFTER DELETE ON override_declaration
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_override', OLD.override_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER override_word_logged_i AFTER INSERT ON override_word
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_override_word', NEW.word_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER override_word_raised AFTER UPDATE ON override_word WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE override_word SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE word_id = NEW.word_id;
END;

CREATE TRIGGER override_word_logged_u AFTER UPDATE OF row_version ON override_word
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_override_word', NEW.word_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER override_word_logged_d AFTER DELETE ON override_word
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_override_word', OLD.word_id, 'D', OLD.updated_by);
END;

CREATE TRIGGER override_limb_raises_i AFTER INSERT ON override_limb
BEGIN
  UPDATE override_declaration SET row_version = row_version + 1, updated_by = NEW.updated_by
  WHERE override_id = NEW.override_id;
END;

CREATE TRIGGER override_limb_raises_u AFTER UPDATE ON override_limb
BEGIN
  UPDATE override_declaration SET row_version = row_version + 1, updated_by = NEW.updated_by
  WHERE override_id = NEW.override_id;
END;

CREATE TRIGGER override_limb_raises_d AFTER DELETE ON override_limb
BEGIN
  UPDATE override_declaration SET row_version = row_version + 1, updated_by = OLD.updated_by
  WHERE override_id = OLD.override_id;
END;

CREATE TRIGGER follow_up_logged_i AFTER INSERT ON follow_up
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_follow_up', NEW.follow_up_id, 'I', NEW.updated_by);
END;

CREATE TRIGGER follow_up_raised AFTER UPDATE ON follow_up WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE follow_up SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE follow_up_id = NEW.follow_up_id;
END;

CREATE TRIGGER follow_up_logged_u AFTER UPDATE OF row_version ON follow_up
WHEN NEW.row_version <> OLD.row_version
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_follow_up', NEW.follow_up_id, 'U', NEW.updated_by);
END;

CREATE TRIGGER follow_up_logged_d AFTER DELETE ON follow_up
BEGIN
  INSERT INTO change_log (table_name, row_id, op, "by")
  VALUES ('v_hub_follow_up', OLD.follow_up_id, 'D', OLD.updated_by);
END;

-- A change of a child row raises its parent, which is logged as U.

CREATE TRIGGER isp_goal_parent_i AFTER INSERT ON isp_goal
BEGIN
  UPDATE isp_plan SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE plan_id = NEW.plan_id;
END;

CREATE TRIGGER isp_goal_raised AFTER UPDATE ON isp_goal WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE isp_goal SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE goal_id = NEW.goal_id;
END;

CREATE TRIGGER isp_goal_parent_u AFTER UPDATE OF row_version ON isp_goal
WHEN NEW.row_version <> OLD.row_version
BEGIN
  UPDATE isp_plan SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE plan_id IN (OLD.plan_id, NEW.plan_id);
END;

CREATE TRIGGER isp_goal_parent_d AFTER DELETE ON isp_goal
BEGIN
  UPDATE isp_plan SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = OLD.updated_by
  WHERE plan_id = OLD.plan_id;
END;

CREATE TRIGGER isp_action_parent_i AFTER INSERT ON isp_action
BEGIN
  UPDATE isp_plan SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE plan_id = (SELECT plan_id FROM isp_goal WHERE goal_id = NEW.goal_id);
END;

CREATE TRIGGER isp_action_raised AFTER UPDATE ON isp_action WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE isp_action SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE action_id = NEW.action_id;
END;

CREATE TRIGGER isp_action_parent_u AFTER UPDATE OF row_version ON isp_action
WHEN NEW.row_version <> OLD.row_version
BEGIN
  UPDATE isp_plan SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE plan_id IN (SELECT plan_id FROM isp_goal WHERE goal_id IN (OLD.goal_id, NEW.goal_id));
END;

CREATE TRIGGER isp_action_parent_d AFTER DELETE ON isp_action
BEGIN
  UPDATE isp_plan SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = OLD.updated_by
  WHERE plan_id = (SELECT plan_id FROM isp_goal WHERE goal_id = OLD.goal_id);
END;

CREATE TRIGGER service_participant_parent_i AFTER INSERT ON service_participant
BEGIN
  UPDATE service_event SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE event_id = NEW.event_id;
END;

CREATE TRIGGER service_participant_raised AFTER UPDATE ON service_participant WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE service_participant SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE participant_id = NEW.participant_id;
END;

CREATE TRIGGER service_participant_parent_u AFTER UPDATE OF row_version ON service_participant
WHEN NEW.row_version <> OLD.row_version
BEGIN
  UPDATE service_event SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE event_id IN (OLD.event_id, NEW.event_id);
END;

CREATE TRIGGER service_participant_parent_d AFTER DELETE ON service_participant
BEGIN
  UPDATE service_event SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = OLD.updated_by
  WHERE event_id = OLD.event_id;
END;

CREATE TRIGGER presenting_issue_parent_i AFTER INSERT ON presenting_issue
BEGIN
  UPDATE case_file SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE case_id = NEW.case_id;
END;

CREATE TRIGGER presenting_issue_raised AFTER UPDATE ON presenting_issue WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE presenting_issue SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE case_id = NEW.case_id AND rank = NEW.rank;
END;

CREATE TRIGGER presenting_issue_parent_u AFTER UPDATE OF row_version ON presenting_issue
WHEN NEW.row_version <> OLD.row_version
BEGIN
  UPDATE case_file SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE case_id IN (OLD.case_id, NEW.case_id);
END;

CREATE TRIGGER presenting_issue_parent_d AFTER DELETE ON presenting_issue
BEGIN
  UPDATE case_file SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = OLD.updated_by
  WHERE case_id = OLD.case_id;
END;

CREATE TRIGGER code_map_raised AFTER UPDATE ON code_map WHEN NEW.row_version = OLD.row_version
BEGIN
  UPDATE code_map SET row_version = OLD.row_version + 1,
    updated_at = CASE WHEN NEW.updated_at = OLD.updated_at THEN datetime('now', 'localtime') ELSE NEW.updated_at END
  WHERE list = NEW.list AND local_code = NEW.local_code AND valid_from = NEW.valid_from;
END;

-- A row that is deleted or moved to another client cannot be asked any more whose it was: its former client is raised.

CREATE TRIGGER client_identifier_left_d AFTER DELETE ON client_identifier
BEGIN
  UPDATE client SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = OLD.updated_by
  WHERE client_id = OLD.client_id;
END;

CREATE TRIGGER client_identifier_left_u AFTER UPDATE OF client_id ON client_identifier WHEN NEW.client_id <> OLD.client_id
BEGIN
  UPDATE client SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE client_id = OLD.client_id;
END;

CREATE TRIGGER language_result_left_d AFTER DELETE ON language_result
BEGIN
  UPDATE client SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = OLD.updated_by
  WHERE client_id = OLD.client_id;
END;

CREATE TRIGGER language_result_left_u AFTER UPDATE OF client_id ON language_result WHEN NEW.client_id <> OLD.client_id
BEGIN
  UPDATE client SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE client_id = OLD.client_id;
END;

CREATE TRIGGER client_relation_left_d AFTER DELETE ON client_relation
BEGIN
  UPDATE client SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = OLD.updated_by
  WHERE client_id = OLD.client_id;
END;

CREATE TRIGGER client_relation_left_u AFTER UPDATE OF client_id ON client_relation WHEN NEW.client_id <> OLD.client_id
BEGIN
  UPDATE client SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE client_id = OLD.client_id;
END;

CREATE TRIGGER assessment_left_d AFTER DELETE ON assessment
BEGIN
  UPDATE case_file SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = OLD.updated_by
  WHERE case_id = OLD.case_id;
END;

CREATE TRIGGER assessment_left_u AFTER UPDATE OF case_id ON assessment WHEN NEW.case_id <> OLD.case_id
BEGIN
  UPDATE case_file SET row_version = row_version + 1, updated_at = datetime('now', 'localtime'),
    updated_by = NEW.updated_by
  WHERE case_id = OLD.case_id;
END;

-- A client who becomes anonymous (or named) takes all rows out of the views (or into them): each is raised, so that
-- the log says so of each.

CREATE TRIGGER client_hidden AFTER UPDATE OF is_anonymous ON client WHEN NEW.is_anonymous <> OLD.is_anonymous
BEGIN
  UPDATE client_identifier SET row_version = row_version + 1
  WHERE client_id = NEW.client_id;
  UPDATE language_result SET row_version = row_version + 1
  WHERE client_id = NEW.client_id;
  UPDATE consent SET row_version = row_version + 1
  WHERE client_id = NEW.client_id;
  UPDATE case_file SET row_version = row_version + 1
  WHERE client_id = NEW.client_id;
  UPDATE client_relation SET row_version = row_version + 1
  WHERE NEW.client_id IN (client_id, related_client_id);
  UPDATE assessment SET row_version = row_version + 1
  WHERE case_id IN (SELECT case_id FROM case_file WHERE client_id = NEW.client_id);
  UPDATE isp_plan SET row_version = row_version + 1
  WHERE case_id IN (SELECT case_id FROM case_file WHERE client_id = NEW.client_id);
  UPDATE case_note SET row_version = row_version + 1
  WHERE case_id IN (SELECT case_id FROM case_file WHERE client_id = NEW.client_id);
  UPDATE referral SET row_version = row_version + 1
  WHERE case_id IN (SELECT case_id FROM case_file WHERE client_id = NEW.client_id);
  UPDATE follow_up SET row_version = row_version + 1
  WHERE case_id IN (SELECT case_id FROM case_file WHERE client_id = NEW.client_id);
  UPDATE service_event SET row_version = row_version + 1
  WHERE event_id IN (SELECT event_id FROM service_participant WHERE client_id = NEW.client_id);
END;

-- ---------------------------------------------------------------------------------------------- C1: a closed case
-- No update but follow-up and closure details; a returning client gets a new case with previous_case_id.
-- Deleting what retention says must go is no update. The error text is a code.

CREATE TRIGGER case_file_closed BEFORE UPDATE ON case_file
WHEN OLD.status = 'CLOSED' AND (
  NEW.client_id IS DISTINCT FROM OLD.client_id OR NEW.program IS DISTINCT FROM OLD.program
  OR NEW.opened_on IS DISTINCT FROM OLD.opened_on OR NEW.worker IS DISTINCT FROM OLD.worker
  OR NEW.status IS DISTINCT FROM OLD.status OR NEW.previous_case_id IS DISTINCT FROM OLD.previous_case_id)
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER assessment_closed_i BEFORE INSERT ON assessment
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (NEW.case_id))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER assessment_closed_u BEFORE UPDATE OF case_id, done_on, kind, needs, strengths, barriers, priority ON assessment
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (OLD.case_id, NEW.case_id))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER isp_plan_closed_i BEFORE INSERT ON isp_plan
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (NEW.case_id))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER isp_plan_closed_u BEFORE UPDATE OF case_id, version, client_signed_on, worker_signed_on, review_due ON isp_plan
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (OLD.case_id, NEW.case_id))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER case_note_closed_i BEFORE INSERT ON case_note
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (NEW.case_id))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER case_note_closed_u BEFORE UPDATE OF case_id, author, written_at, signed_at, body, language, shareable, category ON case_note
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (OLD.case_id, NEW.case_id))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER referral_closed_i BEFORE INSERT ON referral
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (NEW.case_id))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER referral_closed_u BEFORE UPDATE OF case_id, direction, from_org, to_org, service_wanted, urgency, reason_code, reason_text,
  channel, consent_id, documents_needed, sent_at, status, status_reason, status_at, outcome, appointment_at, worker,
  hub_referral_no ON referral
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (OLD.case_id, NEW.case_id))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER presenting_issue_closed_i BEFORE INSERT ON presenting_issue
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (NEW.case_id))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER presenting_issue_closed_u BEFORE UPDATE OF case_id, rank, issue_code ON presenting_issue
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (OLD.case_id, NEW.case_id))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER isp_goal_closed_i BEFORE INSERT ON isp_goal
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (SELECT case_id FROM isp_plan WHERE plan_id IN (NEW.plan_id)))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER isp_goal_closed_u BEFORE UPDATE OF plan_id, term, description, indicator, status, result ON isp_goal
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (SELECT case_id FROM isp_plan WHERE plan_id IN (OLD.plan_id, NEW.plan_id)))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER isp_action_closed_i BEFORE INSERT ON isp_action
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (SELECT p.case_id FROM isp_plan p JOIN isp_goal g ON g.plan_id = p.plan_id
                           WHERE g.goal_id IN (NEW.goal_id)))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;

CREATE TRIGGER isp_action_closed_u BEFORE UPDATE OF goal_id, note, description, responsible, deadline, done_on ON isp_action
WHEN EXISTS (SELECT 1 FROM case_file
             WHERE status = 'CLOSED' AND case_id IN (SELECT p.case_id FROM isp_plan p JOIN isp_goal g ON g.plan_id = p.plan_id
                           WHERE g.goal_id IN (OLD.goal_id, NEW.goal_id)))
BEGIN
  SELECT RAISE(ABORT, 'CASE_CLOSED');
END;
