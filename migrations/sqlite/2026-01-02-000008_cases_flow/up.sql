-- Where a case can stand, and what can happen to it. SQLite changes a CHECK only with its column.
DROP INDEX cases_cases_waiting;
ALTER TABLE cases_cases ADD COLUMN state_new TEXT NOT NULL DEFAULT 'opened'
  CHECK (state_new IN ('opened', 'undeliverable', 'served', 'overdue', 'replied', 'rechecking',
    'closed', 'escalated', 'handed_over', 'transferred'));
UPDATE cases_cases SET state_new = state;
ALTER TABLE cases_cases DROP COLUMN state;
ALTER TABLE cases_cases RENAME COLUMN state_new TO state;
CREATE INDEX cases_cases_waiting ON cases_cases (state, opened_at)
WHERE state IN ('opened', 'served', 'undeliverable');
CREATE INDEX cases_cases_by_state ON cases_cases (department_id, state, id);

ALTER TABLE cases_events ADD COLUMN event_new TEXT NOT NULL DEFAULT 'open'
  CHECK (event_new IN ('open', 'serve', 'miscarry', 'lapse', 'acknowledge', 'reply',
    'ask_extension', 'extend', 'refuse_extension', 'suspend', 'resume', 'plan_recheck',
    'name_officers', 'pass', 'fail', 'unheeded', 'propose_closing', 'close', 'refuse_closing',
    'propose_escalation', 'escalate', 'hand_over', 'transfer', 'refuse_escalation',
    'merge', 'join', 'split', 'reopen'));
UPDATE cases_events SET event_new = event;
ALTER TABLE cases_events DROP COLUMN event;
ALTER TABLE cases_events RENAME COLUMN event_new TO event;
-- The person of the business, if one of its people did it; the leaf that says so, with a hash of the
-- words that is salted with this.
ALTER TABLE cases_events ADD COLUMN person_id BLOB;
ALTER TABLE cases_events ADD COLUMN leaf_id BLOB;
ALTER TABLE cases_events ADD COLUMN salt BLOB;

-- How a case ended; how its days are counted; since when its time stands still; when the business
-- said that it has read the notice. Every change adds one to `version`.
ALTER TABLE cases_cases ADD COLUMN result TEXT
  CHECK (result IN ('rectified', 'lenient', 'withdrawn', 'merged'));
ALTER TABLE cases_cases ADD COLUMN clock TEXT NOT NULL DEFAULT 'calendar'
  CHECK (clock IN ('calendar', 'working'));
ALTER TABLE cases_cases ADD COLUMN suspended_at INTEGER;
ALTER TABLE cases_cases ADD COLUMN acknowledged_at INTEGER;
ALTER TABLE cases_cases ADD COLUMN version INTEGER NOT NULL DEFAULT 0;

-- More time, as a business asks for it and an officer decides. One question at a time.
CREATE TABLE cases_extensions (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  case_id BLOB NOT NULL REFERENCES cases_cases (id),
  asked_at INTEGER NOT NULL,
  asked_by BLOB NOT NULL,
  from_day TEXT NOT NULL,
  until_day TEXT NOT NULL,
  reason TEXT NOT NULL,
  decided_at INTEGER,
  decided_by BLOB,
  granted_until TEXT,
  answer TEXT
) STRICT;
CREATE INDEX cases_extensions_by_case ON cases_extensions (case_id, id);
CREATE UNIQUE INDEX cases_extensions_open ON cases_extensions (case_id) WHERE decided_at IS NULL;

-- What a business answered. The leaf holds a salted hash of the text and the hashes of the files.
CREATE TABLE cases_replies (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  case_id BLOB NOT NULL REFERENCES cases_cases (id),
  person_id BLOB NOT NULL,
  at INTEGER NOT NULL,
  text TEXT NOT NULL,
  salt BLOB NOT NULL CHECK (length(salt) = 16),
  leaf_id BLOB NOT NULL
) STRICT;
CREATE INDEX cases_replies_by_case ON cases_replies (case_id, id);

-- Files that came with a reply, sealed by the field key.
CREATE TABLE cases_evidence (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  reply_id BLOB NOT NULL REFERENCES cases_replies (id),
  case_id BLOB NOT NULL REFERENCES cases_cases (id),
  place INTEGER NOT NULL,
  name TEXT NOT NULL,
  media TEXT NOT NULL CHECK (media IN ('pdf', 'jpeg', 'png', 'xlsx', 'docx', 'text')),
  size INTEGER NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  sealed BLOB NOT NULL,
  UNIQUE (reply_id, place)
) STRICT;
CREATE INDEX cases_evidence_by_case ON cases_evidence (case_id, id);

-- A check of what was corrected: a record of its own, with officers of its own, who may be drawn
-- later. One check at a time.
CREATE TABLE cases_rechecks (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  case_id BLOB NOT NULL REFERENCES cases_cases (id),
  method TEXT NOT NULL CHECK (method IN ('population', 'record', 'visit')),
  due_day TEXT NOT NULL,
  planned_at INTEGER NOT NULL,
  planned_by BLOB NOT NULL,
  officer_one BLOB,
  officer_two BLOB,
  named_at INTEGER,
  named_by BLOB,
  named_reason TEXT,
  draw_leaf_id BLOB,
  held_on TEXT,
  result TEXT CHECK (result IN ('passed', 'failed')),
  words TEXT,
  done_at INTEGER,
  done_by BLOB,
  leaf_id BLOB
) STRICT;
CREATE INDEX cases_rechecks_by_case ON cases_rechecks (case_id, id);
CREATE UNIQUE INDEX cases_rechecks_open ON cases_rechecks (case_id) WHERE result IS NULL;

-- One officer proposes to close a case, and another person, who leads, decides.
CREATE TABLE cases_closings (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  case_id BLOB NOT NULL REFERENCES cases_cases (id),
  result TEXT NOT NULL CHECK (result IN ('rectified', 'lenient', 'withdrawn', 'merged')),
  reason TEXT NOT NULL,
  proposed_at INTEGER NOT NULL,
  proposed_by BLOB NOT NULL,
  decided_at INTEGER,
  decided_by BLOB,
  approved INTEGER CHECK (approved IN (0, 1)),
  answer TEXT
) STRICT;
CREATE INDEX cases_closings_by_case ON cases_closings (case_id, id);
CREATE UNIQUE INDEX cases_closings_open ON cases_closings (case_id) WHERE decided_at IS NULL;

-- What should follow when a business does not correct: proposed by an officer, or by nobody when
-- the time ran out, and decided by a person who leads.
CREATE TABLE cases_escalations (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  case_id BLOB NOT NULL REFERENCES cases_cases (id),
  kind TEXT NOT NULL CHECK (kind IN ('interview', 'joint_inspection', 'hand_over', 'transfer')),
  receiver TEXT,
  reason TEXT NOT NULL,
  proposed_at INTEGER NOT NULL,
  proposed_by BLOB,
  decided_at INTEGER,
  decided_by BLOB,
  approved INTEGER CHECK (approved IN (0, 1)),
  answer TEXT
) STRICT;
CREATE INDEX cases_escalations_by_case ON cases_escalations (case_id, id);
CREATE UNIQUE INDEX cases_escalations_open ON cases_escalations (case_id) WHERE decided_at IS NULL;

-- What the governance office says to a department, on totals only; no case is in it.
CREATE TABLE cases_measures (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  department_id BLOB NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('circular', 'interview', 'listed_supervision')),
  figures TEXT NOT NULL,
  words TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  taken_by BLOB NOT NULL,
  leaf_id BLOB NOT NULL,
  ended_at INTEGER,
  ended_by BLOB,
  ended_leaf_id BLOB
) STRICT;
CREATE INDEX cases_measures_by_department ON cases_measures (department_id, id);
CREATE UNIQUE INDEX cases_measures_open ON cases_measures (department_id, kind)
WHERE ended_at IS NULL;
