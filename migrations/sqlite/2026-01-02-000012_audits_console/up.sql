-- What the console shows of many businesses at once, added up beforehand.

-- A trade and district in a period: full counts of its streams, and verdicts by the seat of the
-- business. Written by the tally after every check, and every hour.
CREATE TABLE audits_trends (
  plan_id BLOB NOT NULL,
  period TEXT NOT NULL,
  district TEXT NOT NULL,
  department_id BLOB NOT NULL,
  sector TEXT NOT NULL,
  last_day TEXT NOT NULL,
  streams INTEGER NOT NULL,
  silent INTEGER NOT NULL,
  expected INTEGER NOT NULL,
  received INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  late INTEGER NOT NULL,
  compliant INTEGER NOT NULL,
  non_compliant INTEGER NOT NULL,
  undecided INTEGER NOT NULL,
  tallied_at INTEGER NOT NULL,
  PRIMARY KEY (plan_id, period, district)
) STRICT;
CREATE INDEX audits_trends_by_plan ON audits_trends (plan_id, last_day);

-- A page's figures that are too dear to count for every visitor, as JSON with their time.
CREATE TABLE audits_boards (
  name TEXT NOT NULL PRIMARY KEY,
  facts TEXT NOT NULL,
  made_at INTEGER NOT NULL
) STRICT;

-- The leaves of the log that a person wrote, with whose department the person was of.
CREATE TABLE audits_deeds (
  idx INTEGER NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  department_id BLOB,
  case_id BLOB,
  finding_id BLOB,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX audits_deeds_by_time ON audits_deeds (at, idx);
CREATE INDEX audits_deeds_by_kind ON audits_deeds (kind, at, idx);
CREATE INDEX audits_deeds_by_department ON audits_deeds (department_id, at, idx);
CREATE INDEX audits_deeds_by_department_kind ON audits_deeds (department_id, kind, at, idx);
CREATE INDEX audits_deeds_by_case ON audits_deeds (case_id, at, idx) WHERE case_id IS NOT NULL;

-- Up to where the log has been read for the table above.
CREATE TABLE audits_followed (
  one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  size INTEGER NOT NULL
) STRICT;

CREATE INDEX audits_audits_by_verdict ON audits_audits (plan_id, period, state, verdict, holder_id);
CREATE INDEX audits_audits_by_made ON audits_audits (department_id, made_at, holder_id);
CREATE INDEX audits_roster_by_class ON audits_roster (plan_id, period, choice, class, holder_id);
CREATE INDEX registry_holders_by_name ON registry_holders (name, id);
CREATE INDEX registry_streams_by_place ON registry_streams (outlet_id, department_id, sector);
CREATE INDEX audits_measures_of_holder ON audits_measures (holder_id, plan_id, period);
CREATE INDEX cases_findings_by_severity ON cases_findings (department_id, stage, severity, sector);
CREATE INDEX cases_cases_by_state_sector ON cases_cases (department_id, state, sector);
