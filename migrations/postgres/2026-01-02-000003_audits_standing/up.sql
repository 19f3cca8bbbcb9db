-- Days of a declared closure or outage, signed nil returns, and the delay in hours within which
-- half and all but a twentieth of the records came. `totals` are the figures from outside the
-- register, added up over the day closes of the period, as a JSON object.
ALTER TABLE audits_measures ADD COLUMN exempt_days BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audits_measures ADD COLUMN nil_days BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audits_measures ADD COLUMN delay_p50 BIGINT;
ALTER TABLE audits_measures ADD COLUMN delay_p95 BIGINT;
ALTER TABLE audits_measures ADD COLUMN totals TEXT NOT NULL DEFAULT '{}';
CREATE INDEX audits_measures_by_plan ON audits_measures (plan_id, period);

-- The counts of a holder in a period over all its streams under a plan: the denominators of its
-- rates. A full count; a share is never kept without it.
CREATE TABLE audits_rates (
  holder_id BYTEA NOT NULL,
  plan_id BYTEA NOT NULL,
  period TEXT NOT NULL,
  last_day TEXT NOT NULL,
  streams BIGINT NOT NULL,
  expected BIGINT NOT NULL,
  declared BIGINT,
  received BIGINT NOT NULL,
  missing BIGINT NOT NULL,
  late BIGINT NOT NULL,
  due_days BIGINT NOT NULL,
  missing_days BIGINT NOT NULL,
  exempt_days BIGINT NOT NULL,
  nil_days BIGINT NOT NULL,
  settled BOOLEAN NOT NULL,
  checked_at BIGINT NOT NULL,
  PRIMARY KEY (holder_id, plan_id, period)
);

-- One row a holder and final period. `facts` is what the score was computed from and `parts` every
-- part of it, both as JSON; `published` is the smaller of `points` and the mean of three periods,
-- `class` its class. `standing` is the class after the rule of two audits.
CREATE TABLE audits_scores (
  holder_id BYTEA NOT NULL,
  plan_id BYTEA NOT NULL,
  period TEXT NOT NULL,
  last_day TEXT NOT NULL,
  facts TEXT NOT NULL,
  parts TEXT NOT NULL,
  points BIGINT NOT NULL,
  published BIGINT NOT NULL,
  class TEXT NOT NULL CHECK (class IN ('A', 'B', 'C', 'D')),
  standing TEXT NOT NULL CHECK (standing IN ('A', 'B', 'C', 'D')),
  qualifying BIGINT NOT NULL,
  audit_id BYTEA,
  scored_at BIGINT NOT NULL,
  PRIMARY KEY (holder_id, plan_id, period)
);

-- The drop detector of a holder up to `day`: `watch` is its statistic and baseline as JSON. After
-- an alarm it rests until the finding of `alarm_day` is decided.
CREATE TABLE audits_drops (
  holder_id BYTEA NOT NULL,
  plan_id BYTEA NOT NULL,
  day TEXT NOT NULL,
  watch TEXT NOT NULL,
  alarm_day TEXT,
  PRIMARY KEY (holder_id, plan_id)
);
