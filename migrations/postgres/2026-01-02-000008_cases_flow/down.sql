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
ALTER TABLE cases_events DROP CONSTRAINT cases_events_event_check;
ALTER TABLE cases_events ADD CONSTRAINT cases_events_event_check
  CHECK (event IN ('open', 'serve', 'lapse', 'miscarry'));
DROP INDEX cases_cases_by_state;
ALTER TABLE cases_cases DROP CONSTRAINT cases_cases_state_check;
ALTER TABLE cases_cases ADD CONSTRAINT cases_cases_state_check
  CHECK (state IN ('opened', 'served', 'overdue', 'undeliverable'));
