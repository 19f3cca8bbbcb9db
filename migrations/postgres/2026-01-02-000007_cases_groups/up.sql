-- Findings of one duty holder in one trade, district and period about one rule, or else of one kind:
-- what an officer looks at together. A group is called by the first finding in it. `subject` is the
-- rule, or else the kind. The counts follow each decision in its transaction; `oldest_at` is of those
-- that nobody has decided, `weight` is that of the gravest (0 advice, 3 critical).
CREATE TABLE cases_groups (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  department_id BYTEA NOT NULL,
  holder_id BYTEA NOT NULL,
  sector TEXT NOT NULL,
  district TEXT NOT NULL,
  period TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  rule TEXT,
  weight INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 3),
  size BIGINT NOT NULL,
  undecided BIGINT NOT NULL,
  confirmed BIGINT NOT NULL,
  dismissed BIGINT NOT NULL,
  lenient BIGINT NOT NULL,
  oldest_at BIGINT NOT NULL,
  newest_at BIGINT NOT NULL,
  UNIQUE (holder_id, department_id, sector, district, period, kind, subject)
);
INSERT INTO cases_groups
  SELECT (array_agg(id ORDER BY id))[1], department_id, holder_id, sector, district, period, kind,
    COALESCE(rule, kind), rule,
    max(CASE severity WHEN 'critical' THEN 3 WHEN 'major' THEN 2 WHEN 'minor' THEN 1 ELSE 0 END),
    count(*), count(*) FILTER (WHERE stage = 'proposed'),
    count(*) FILTER (WHERE stage = 'confirmed'), count(*) FILTER (WHERE stage = 'dismissed'), 0,
    COALESCE(min(found_at) FILTER (WHERE stage = 'proposed'), min(found_at)), max(found_at)
  FROM cases_findings
  GROUP BY department_id, holder_id, sector, district, period, kind, rule;
CREATE INDEX cases_groups_open_weight ON cases_groups (department_id, weight, newest_at, id)
WHERE undecided > 0;
CREATE INDEX cases_groups_open_newest ON cases_groups (department_id, newest_at, id)
WHERE undecided > 0;
CREATE INDEX cases_groups_open_oldest ON cases_groups (department_id, oldest_at, id)
WHERE undecided > 0;
CREATE INDEX cases_groups_open_size ON cases_groups (department_id, size, id)
WHERE undecided > 0;
CREATE INDEX cases_groups_open_holder ON cases_groups (department_id, holder_id, id)
WHERE undecided > 0;
CREATE INDEX cases_groups_confirmed ON cases_groups (department_id, newest_at, id)
WHERE confirmed > 0;
CREATE INDEX cases_groups_dismissed ON cases_groups (department_id, newest_at, id)
WHERE dismissed > 0;
CREATE INDEX cases_groups_lenient ON cases_groups (department_id, newest_at, id)
WHERE lenient > 0;
CREATE INDEX cases_groups_by_department ON cases_groups (department_id, newest_at, id);

-- Why a dismissed finding was let go, in a word.
ALTER TABLE cases_findings ADD COLUMN code TEXT CHECK (code IN ('data_error', 'declared_closure',
  'upstream_outage', 'duplicate', 'lawful_exemption', 'lenient', 'other'));
ALTER TABLE cases_findings ADD COLUMN group_id BYTEA;
UPDATE cases_findings SET group_id = (
  SELECT g.id FROM cases_groups g
  WHERE g.holder_id = cases_findings.holder_id
    AND g.department_id = cases_findings.department_id
    AND g.sector = cases_findings.sector AND g.district = cases_findings.district
    AND g.period = cases_findings.period AND g.kind = cases_findings.kind
    AND g.subject = COALESCE(cases_findings.rule, cases_findings.kind));
CREATE INDEX cases_findings_by_group ON cases_findings (group_id, stage, id);

-- Every decision about a finding, in order; nothing here changes or goes. `act_id` names the form
-- that decided, so that a form sent twice decides once.
CREATE TABLE cases_decisions (
  finding_id BYTEA NOT NULL,
  seq INTEGER NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('confirmed', 'dismissed', 'reopened')),
  code TEXT CHECK (code IN ('data_error', 'declared_closure', 'upstream_outage', 'duplicate',
    'lawful_exemption', 'lenient', 'other')),
  at BIGINT NOT NULL,
  officer_id BYTEA NOT NULL,
  reason TEXT NOT NULL,
  leaf_id BYTEA NOT NULL,
  group_id BYTEA,
  case_id BYTEA,
  act_id BYTEA,
  PRIMARY KEY (finding_id, seq)
);
INSERT INTO cases_decisions
  SELECT id, 0, stage, NULL, decided_at, decided_by, reason, decision_leaf_id, group_id,
    (SELECT case_id FROM cases_case_findings WHERE finding_id = cases_findings.id), NULL
  FROM cases_findings WHERE stage <> 'proposed' AND decided_by IS NOT NULL AND reason IS NOT NULL
    AND decided_at IS NOT NULL AND decision_leaf_id IS NOT NULL;
CREATE INDEX cases_decisions_by_officer ON cases_decisions (officer_id, at);
CREATE INDEX cases_decisions_by_act ON cases_decisions (act_id) WHERE act_id IS NOT NULL;

-- Findings that went from one case to another: all of them when two cases became one, some when one
-- became two.
CREATE TABLE cases_moves (
  leaf_id BYTEA NOT NULL,
  finding_id BYTEA NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('merge', 'split')),
  from_case BYTEA NOT NULL,
  to_case BYTEA NOT NULL,
  at BIGINT NOT NULL,
  officer_id BYTEA NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (leaf_id, finding_id)
);
CREATE INDEX cases_moves_from ON cases_moves (from_case, at);
CREATE INDEX cases_moves_to ON cases_moves (to_case, at);

-- Filters of the work list that an officer has named.
CREATE TABLE cases_filters (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  officer_id BYTEA NOT NULL,
  name TEXT NOT NULL,
  query TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  UNIQUE (officer_id, name)
);
