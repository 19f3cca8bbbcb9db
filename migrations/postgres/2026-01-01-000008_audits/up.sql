-- One row a period of a plan for which a secret was committed to, or should have been. `nonce` is
-- wrapped by the root key until `revealed` holds it in the clear. `tree_size` and `tree_root` are
-- those of the checkpoint at the cutoff, as the audit process verified them.
CREATE TABLE audits_periods (
  plan_id BYTEA NOT NULL,
  period TEXT NOT NULL,
  department_id BYTEA NOT NULL,
  sector TEXT NOT NULL,
  first_day TEXT NOT NULL,
  last_day TEXT NOT NULL,
  cutoff BIGINT NOT NULL,
  commitment BYTEA,
  nonce BYTEA,
  commit_leaf BYTEA,
  epoch_leaf BYTEA,
  tree_size BIGINT,
  tree_root BYTEA,
  reveal_leaf BYTEA,
  revealed BYTEA,
  state TEXT NOT NULL CHECK (state IN ('committed', 'cut', 'closed', 'failed')),
  reason TEXT,
  made_at BIGINT NOT NULL,
  PRIMARY KEY (plan_id, period)
);

CREATE INDEX audits_periods_by_state ON audits_periods (state, cutoff);
CREATE INDEX audits_periods_by_department ON audits_periods (department_id, cutoff);

-- The audit of one duty holder for one period. What decides is kept in whole numbers.
CREATE TABLE audits_audits (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  plan_id BYTEA NOT NULL,
  period TEXT NOT NULL,
  holder_id BYTEA NOT NULL,
  department_id BYTEA NOT NULL,
  sector TEXT NOT NULL,
  frame_size BIGINT NOT NULL,
  frame_hash BYTEA NOT NULL,
  frame_leaf BYTEA NOT NULL,
  opened BIGINT NOT NULL,
  failing BIGINT NOT NULL,
  undecided BIGINT NOT NULL,
  critical BIGINT NOT NULL,
  lower_bound BIGINT NOT NULL,
  upper_bound BIGINT NOT NULL,
  tolerable BIGINT NOT NULL,
  p0_per_mille BIGINT NOT NULL,
  alpha_pass_ppm BIGINT NOT NULL,
  alpha_fail_ppm BIGINT NOT NULL,
  cap BIGINT NOT NULL,
  packs TEXT NOT NULL,
  verdict TEXT CHECK (verdict IN ('compliant', 'non_compliant', 'undecided')),
  state TEXT NOT NULL CHECK (state IN ('open', 'parked', 'done', 'empty')),
  reason TEXT,
  result_leaf BYTEA,
  made_at BIGINT NOT NULL,
  done_at BIGINT,
  UNIQUE (plan_id, period, holder_id),
  FOREIGN KEY (plan_id, period) REFERENCES audits_periods (plan_id, period)
);

CREATE INDEX audits_audits_by_department ON audits_audits (department_id, id);

-- Records that were drawn and are about to be opened, or were: `outcome` is set when they were.
-- `judged` is the number of the latest amendment of `number`, or `number` itself; the batch and the
-- line are its place.
CREATE TABLE audits_openings (
  audit_id BYTEA NOT NULL REFERENCES audits_audits (id),
  ordinal BIGINT NOT NULL,
  place BIGINT NOT NULL,
  stream_id BYTEA NOT NULL,
  number BIGINT NOT NULL,
  judged BIGINT NOT NULL,
  batch_id BYTEA NOT NULL,
  line BIGINT NOT NULL,
  block BIGINT NOT NULL,
  intent_leaf BYTEA NOT NULL,
  outcome TEXT CHECK (outcome IN ('pass', 'fail', 'undecided')),
  cause TEXT CHECK (cause IN ('record_failed', 'unopenable', 'commitment_mismatch')),
  failures TEXT,
  severity TEXT CHECK (severity IN ('advice', 'minor', 'major', 'critical')),
  done_leaf BYTEA,
  opened_at BIGINT,
  PRIMARY KEY (audit_id, ordinal)
);

-- The plaintext of failing records, sealed under a key of its own that the root key wraps.
CREATE TABLE audits_evidence (
  audit_id BYTEA NOT NULL,
  ordinal BIGINT NOT NULL,
  wrapped_key BYTEA NOT NULL,
  sealed BYTEA NOT NULL,
  PRIMARY KEY (audit_id, ordinal),
  FOREIGN KEY (audit_id, ordinal) REFERENCES audits_openings (audit_id, ordinal)
);

-- How many records were opened, or were about to be, on a civil day. A hot row on purpose: the
-- budget is one number for all audits of a day.
CREATE TABLE audits_budgets (
  day TEXT NOT NULL PRIMARY KEY,
  opened BIGINT NOT NULL
);

-- What the newest population check saw of a stream in a period. Full counts, no sampling.
CREATE TABLE audits_measures (
  stream_id BYTEA NOT NULL,
  period TEXT NOT NULL,
  plan_id BYTEA NOT NULL,
  holder_id BYTEA NOT NULL,
  department_id BYTEA NOT NULL,
  sector TEXT NOT NULL,
  district TEXT NOT NULL,
  last_day TEXT NOT NULL,
  last_number BIGINT NOT NULL,
  expected BIGINT NOT NULL,
  declared BIGINT,
  received BIGINT NOT NULL,
  missing BIGINT NOT NULL,
  late BIGINT NOT NULL,
  due_days BIGINT NOT NULL,
  missing_days BIGINT NOT NULL,
  settled BOOLEAN NOT NULL,
  checked_at BIGINT NOT NULL,
  PRIMARY KEY (stream_id, period)
);

CREATE INDEX audits_measures_by_holder ON audits_measures (holder_id, period);
CREATE INDEX audits_measures_by_department ON audits_measures (department_id, last_day);
