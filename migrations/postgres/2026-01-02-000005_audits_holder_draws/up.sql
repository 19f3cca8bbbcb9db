-- The chance of an audit by class, as `1/6 1/3 1 1` for A to D; without it everybody is audited.
-- Audits of a holder in a calendar year, over all departments, from which on this plan leaves it
-- out; without it there is no cap.
ALTER TABLE registry_plans ADD COLUMN audit_chances TEXT;
ALTER TABLE registry_plans ADD COLUMN audits_per_year INTEGER;
ALTER TABLE registry_plans ADD COLUMN for_cause_beyond_cap BOOLEAN NOT NULL DEFAULT FALSE;

-- The leaf that says which holders of a period were drawn.
ALTER TABLE audits_periods ADD COLUMN holders_leaf BYTEA;

-- One row a holder and period of a plan, made at the cutoff: its class, why it is audited whatever
-- the draw, how many audits of the calendar year count against it; then what the draw decided, and
-- how many records its frame holds. `place` is its place in the order of its class, from 0.
CREATE TABLE audits_roster (
  plan_id BYTEA NOT NULL,
  period TEXT NOT NULL,
  holder_id BYTEA NOT NULL,
  class TEXT CHECK (class IN ('A', 'B', 'C', 'D')),
  choice TEXT NOT NULL
    CHECK (choice IN ('waiting', 'drawn', 'not_drawn', 'for_cause', 'cap_reached')),
  cause TEXT CHECK (cause IN ('drop_alarm', 'missing_share', 'confirmed_signal')),
  missing BIGINT NOT NULL,
  expected BIGINT NOT NULL,
  audits_before BIGINT NOT NULL,
  place BIGINT,
  frame_size BIGINT,
  PRIMARY KEY (plan_id, period, holder_id),
  FOREIGN KEY (plan_id, period) REFERENCES audits_periods (plan_id, period)
);

CREATE INDEX audits_roster_by_holder ON audits_roster (holder_id, choice);
CREATE INDEX audits_audits_by_holder ON audits_audits (holder_id, made_at);
