-- Where a case can stand, and what can happen to it.
ALTER TABLE cases_cases DROP CONSTRAINT cases_cases_state_check;
ALTER TABLE cases_cases ADD CONSTRAINT cases_cases_state_check
  CHECK (state IN ('opened', 'undeliverable', 'served', 'overdue', 'replied', 'rechecking',
    'closed', 'escalated', 'handed_over', 'transferred'));
CREATE INDEX cases_cases_by_state ON cases_cases (department_id, state, id);
ALTER TABLE cases_events DROP CONSTRAINT cases_events_event_check;
ALTER TABLE cases_events ADD CONSTRAINT cases_events_event_check
  CHECK (event IN ('open', 'serve', 'miscarry', 'lapse', 'acknowledge', 'reply',
    'ask_extension', 'extend', 'refuse_extension', 'suspend', 'resume', 'plan_recheck',
    'name_officers', 'pass', 'fail', 'unheeded', 'propose_closing', 'close', 'refuse_closing',
    'propose_escalation', 'escalate', 'hand_over', 'transfer', 'refuse_escalation',
    'merge', 'join', 'split', 'reopen'));
-- The person of the business, if one of its people did it; the leaf that says so, with a hash of the
-- words that is salted with this.
ALTER TABLE cases_events ADD COLUMN person_id BYTEA;
ALTER TABLE cases_events ADD COLUMN leaf_id BYTEA;
ALTER TABLE cases_events ADD COLUMN salt BYTEA;

-- How a case ended; how its days are counted; since when its time stands still; when the business
-- said that it has read the notice. Every change adds one to `version`.
ALTER TABLE cases_cases ADD COLUMN result TEXT
  CHECK (result IN ('rectified', 'lenient', 'withdrawn', 'merged'));
ALTER TABLE cases_cases ADD COLUMN clock TEXT NOT NULL DEFAULT 'calendar'
  CHECK (clock IN ('calendar', 'working'));
ALTER TABLE cases_cases ADD COLUMN suspended_at BIGINT;
ALTER TABLE cases_cases ADD COLUMN acknowledged_at BIGINT;
ALTER TABLE cases_cases ADD COLUMN version BIGINT NOT NULL DEFAULT 0;

-- More time, as a business asks for it and an officer decides. One question at a time.
CREATE TABLE cases_extensions (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  case_id BYTEA NOT NULL REFERENCES cases_cases (id),
  asked_at BIGINT NOT NULL,
  asked_by BYTEA NOT NULL,
  from_day TEXT NOT NULL,
  until_day TEXT NOT NULL,
  reason TEXT NOT NULL,
  decided_at BIGINT,
  decided_by BYTEA,
  granted_until TEXT,
  answer TEXT
);
CREATE INDEX cases_extensions_by_case ON cases_extensions (case_id, id);
CREATE UNIQUE INDEX cases_extensions_open ON cases_extensions (case_id) WHERE decided_at IS NULL;

-- What a business answered. The leaf holds a salted hash of the text and the hashes of the files.
CREATE TABLE cases_replies (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  case_id BYTEA NOT NULL REFERENCES cases_cases (id),
  person_id BYTEA NOT NULL,
  at BIGINT NOT NULL,
  text TEXT NOT NULL,
  salt BYTEA NOT NULL CHECK (octet_length(salt) = 16),
  leaf_id BYTEA NOT NULL
);
CREATE INDEX cases_replies_by_case ON cases_replies (case_id, id);

-- Files that came with a reply, sealed by the field key.
CREATE TABLE cases_evidence (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  reply_id BYTEA NOT NULL REFERENCES cases_replies (id),
  case_id BYTEA NOT NULL REFERENCES cases_cases (id),
  place INTEGER NOT NULL,
  name TEXT NOT NULL,
  media TEXT NOT NULL CHECK (media IN ('pdf', 'jpeg', 'png', 'xlsx', 'docx', 'text')),
  size BIGINT NOT NULL,
  digest BYTEA NOT NULL CHECK (octet_length(digest) = 32),
  sealed BYTEA NOT NULL,
  UNIQUE (reply_id, place)
);
CREATE INDEX cases_evidence_by_case ON cases_evidence (case_id, id);

-- A check of what was corrected: a record of its own, with officers of its own, who may be drawn
-- later. One check at a time.
CREATE TABLE cases_rechecks (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  case_id BYTEA NOT NULL REFERENCES cases_cases (id),
  method TEXT NOT NULL CHECK (method IN ('population', 'record', 'visit')),
  due_day TEXT NOT NULL,
  planned_at BIGINT NOT NULL,
  planned_by BYTEA NOT NULL,
  officer_one BYTEA,
  officer_two BYTEA,
  named_at BIGINT,
  named_by BYTEA,
  named_reason TEXT,
  draw_leaf_id BYTEA,
  held_on TEXT,
  result TEXT CHECK (result IN ('passed', 'failed')),
  words TEXT,
  done_at BIGINT,
  done_by BYTEA,
  leaf_id BYTEA
);
CREATE INDEX cases_rechecks_by_case ON cases_rechecks (case_id, id);
CREATE UNIQUE INDEX cases_rechecks_open ON cases_rechecks (case_id) WHERE result IS NULL;

-- One officer proposes to close a case, and another person, who leads, decides.
CREATE TABLE cases_closings (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  case_id BYTEA NOT NULL REFERENCES cases_cases (id),
  result TEXT NOT NULL CHECK (result IN ('rectified', 'lenient', 'withdrawn', 'merged')),
  reason TEXT NOT NULL,
  proposed_at BIGINT NOT NULL,
  proposed_by BYTEA NOT NULL,
  decided_at BIGINT,
  decided_by BYTEA,
  approved BOOLEAN,
  answer TEXT
);
CREATE INDEX cases_closings_by_case ON cases_closings (case_id, id);
CREATE UNIQUE INDEX cases_closings_open ON cases_closings (case_id) WHERE decided_at IS NULL;

-- What should follow when a business does not correct: proposed by an officer, or by nobody when
-- the time ran out, and decided by a person who leads.
CREATE TABLE cases_escalations (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  case_id BYTEA NOT NULL REFERENCES cases_cases (id),
  kind TEXT NOT NULL CHECK (kind IN ('interview', 'joint_inspection', 'hand_over', 'transfer')),
  receiver TEXT,
  reason TEXT NOT NULL,
  proposed_at BIGINT NOT NULL,
  proposed_by BYTEA,
  decided_at BIGINT,
  decided_by BYTEA,
  approved BOOLEAN,
  answer TEXT
);
CREATE INDEX cases_escalations_by_case ON cases_escalations (case_id, id);
CREATE UNIQUE INDEX cases_escalations_open ON cases_escalations (case_id) WHERE decided_at IS NULL;

-- What the governance office says to a department, on totals only; no case is in it.
CREATE TABLE cases_measures (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  department_id BYTEA NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('circular', 'interview', 'listed_supervision')),
  figures TEXT NOT NULL,
  words TEXT NOT NULL,
  taken_at BIGINT NOT NULL,
  taken_by BYTEA NOT NULL,
  leaf_id BYTEA NOT NULL,
  ended_at BIGINT,
  ended_by BYTEA,
  ended_leaf_id BYTEA
);
CREATE INDEX cases_measures_by_department ON cases_measures (department_id, id);
CREATE UNIQUE INDEX cases_measures_open ON cases_measures (department_id, kind)
WHERE ended_at IS NULL;
