DROP TABLE cases_measures;
DROP TABLE cases_escalations;
DROP TABLE cases_closings;
DROP TABLE cases_rechecks;
DROP TABLE cases_evidence;
DROP TABLE cases_replies;
DROP TABLE cases_extensions;
ALTER TABLE cases_cases DROP COLUMN version;
ALTER TABLE cases_cases DROP COLUMN acknowledged_at;
ALTER TABLE cases_cases DROP COLUMN suspended_at;
ALTER TABLE cases_cases DROP COLUMN clock;
ALTER TABLE cases_cases DROP COLUMN result;
ALTER TABLE cases_events DROP COLUMN salt;
ALTER TABLE cases_events DROP COLUMN leaf_id;
ALTER TABLE cases_events DROP COLUMN person_id;
ALTER TABLE cases_events ADD COLUMN event_old TEXT NOT NULL DEFAULT 'open'
  CHECK (event_old IN ('open', 'serve', 'lapse', 'miscarry'));
UPDATE cases_events SET event_old = event;
ALTER TABLE cases_events DROP COLUMN event;
ALTER TABLE cases_events RENAME COLUMN event_old TO event;
DROP INDEX cases_cases_by_state;
DROP INDEX cases_cases_waiting;
ALTER TABLE cases_cases ADD COLUMN state_old TEXT NOT NULL DEFAULT 'opened'
  CHECK (state_old IN ('opened', 'served', 'overdue', 'undeliverable'));
UPDATE cases_cases SET state_old = state;
ALTER TABLE cases_cases DROP COLUMN state;
ALTER TABLE cases_cases RENAME COLUMN state_old TO state;
CREATE INDEX cases_cases_waiting ON cases_cases (state, opened_at)
WHERE state IN ('opened', 'served', 'undeliverable');
