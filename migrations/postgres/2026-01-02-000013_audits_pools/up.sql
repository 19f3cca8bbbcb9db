-- Holders with fewer records in a period than `pool_below` are audited together, at most
-- `pool_holders` at a time; without it everybody is audited alone.
ALTER TABLE registry_plans ADD COLUMN pool_below INTEGER;
ALTER TABLE registry_plans ADD COLUMN pool_holders INTEGER;

-- How many holders an audit is about together, if more than one: `holder_id` is then the id of
-- their pool. One row of the pool is one of them with its records in the frame.
ALTER TABLE audits_audits ADD COLUMN pooled BIGINT;
CREATE TABLE audits_pools (
  audit_id BYTEA NOT NULL REFERENCES audits_audits (id),
  holder_id BYTEA NOT NULL,
  records BIGINT NOT NULL,
  PRIMARY KEY (audit_id, holder_id)
);
CREATE INDEX audits_pools_by_holder ON audits_pools (holder_id);

-- What an officer made of a signal. It outlives the signal, which is looked for anew until the
-- record set of its period is final.
CREATE TABLE audits_decisions (
  stream_id BYTEA NOT NULL,
  period TEXT NOT NULL,
  kind TEXT NOT NULL,
  plan_id BYTEA NOT NULL,
  holder_id BYTEA NOT NULL,
  stage TEXT NOT NULL CHECK (stage IN ('confirmed', 'dismissed')),
  reason TEXT NOT NULL,
  salt BYTEA NOT NULL CHECK (length(salt) = 16),
  decided_by BYTEA NOT NULL,
  decided_at BIGINT NOT NULL,
  leaf_id BYTEA NOT NULL,
  PRIMARY KEY (stream_id, period, kind)
);
CREATE INDEX audits_decisions_by_holder ON audits_decisions (holder_id, plan_id, decided_at);

-- Submissions of a holder on the days of a period: those that were refused, and all of them.
ALTER TABLE audits_rates ADD COLUMN refused BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audits_rates ADD COLUMN offered BIGINT NOT NULL DEFAULT 0;
