-- One row a period of a plan for which a secret was committed to, or should have been. `nonce` is
-- wrapped by the root key until `revealed` holds it in the clear. `tree_size` and `tree_root` are
-- those of the checkpoint at the cutoff, as the audit process verified them.
CREATE TABLE audits_periods (
  plan_id BLOB NOT NULL,
  period TEXT NOT NULL,
  department_id BLOB NOT NULL,
  sector TEXT NOT NULL,
  first_day TEXT NOT NULL,
  last_day TEXT NOT NULL,
  cutoff INTEGER NOT NULL,
  commitment BLOB,
  nonce BLOB,
  commit_leaf BLOB,
  epoch_leaf BLOB,
  tree_size INTEGER,
  tree_root BLOB,
  reveal_leaf BLOB,
  revealed BLOB,
  state TEXT NOT NULL CHECK (state IN ('committed', 'cut', 'closed', 'failed')),
  reason TEXT,
  made_at INTEGER NOT NULL,
  PRIMARY KEY (plan_id, period)
) STRICT;

CREATE INDEX audits_periods_by_state ON audits_periods (state, cutoff);
CREATE INDEX audits_periods_by_department ON audits_periods (department_id, cutoff);

-- The audit of one duty holder for one period. What decides is kept in whole numbers.
CREATE TABLE audits_audits (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  plan_id BLOB NOT NULL,
  period TEXT NOT NULL,
  holder_id BLOB NOT NULL,
  department_id BLOB NOT NULL,
  sector TEXT NOT NULL,
  frame_size INTEGER NOT NULL,
  frame_hash BLOB NOT NULL,
  frame_leaf BLOB NOT NULL,
  opened INTEGER NOT NULL,
  failing INTEGER NOT NULL,
  undecided INTEGER NOT NULL,
  critical INTEGER NOT NULL,
  lower_bound INTEGER NOT NULL,
  upper_bound INTEGER NOT NULL,
  tolerable INTEGER NOT NULL,
  p0_per_mille INTEGER NOT NULL,
  alpha_pass_ppm INTEGER NOT NULL,
  alpha_fail_ppm INTEGER NOT NULL,
  cap INTEGER NOT NULL,
  packs TEXT NOT NULL,
  verdict TEXT CHECK (verdict IN ('compliant', 'non_compliant', 'undecided')),
  state TEXT NOT NULL CHECK (state IN ('open', 'parked', 'done', 'empty')),
  reason TEXT,
  result_leaf BLOB,
  made_at INTEGER NOT NULL,
  done_at INTEGER,
  UNIQUE (plan_id, period, holder_id),
  FOREIGN KEY (plan_id, period) REFERENCES audits_periods (plan_id, period)
) STRICT;

CREATE INDEX audits_audits_by_department ON audits_audits (department_id, id);

-- Records that were drawn and are about to be opened, or were: `outcome` is set when they were.
-- `judged` is the number of the latest amendment of `number`, or `number` itself; the batch and the
-- line are its place.
CREATE TABLE audits_openings (
  audit_id BLOB NOT NULL REFERENCES audits_audits (id),
  ordinal INTEGER NOT NULL,
  place INTEGER NOT NULL,
  stream_id BLOB NOT NULL,
  number INTEGER NOT NULL,
  judged INTEGER NOT NULL,
  batch_id BLOB NOT NULL,
  line INTEGER NOT NULL,
  block INTEGER NOT NULL,
  intent_leaf BLOB NOT NULL,
  outcome TEXT CHECK (outcome IN ('pass', 'fail', 'undecided')),
  cause TEXT CHECK (cause IN ('record_failed', 'unopenable', 'commitment_mismatch')),
  failures TEXT,
  severity TEXT CHECK (severity IN ('advice', 'minor', 'major', 'critical')),
  done_leaf BLOB,
  opened_at INTEGER,
  PRIMARY KEY (audit_id, ordinal)
) STRICT;

-- The plaintext of failing records, sealed under a key of its own that the root key wraps.
CREATE TABLE audits_evidence (
  audit_id BLOB NOT NULL,
  ordinal INTEGER NOT NULL,
  wrapped_key BLOB NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (audit_id, ordinal),
  FOREIGN KEY (audit_id, ordinal) REFERENCES audits_openings (audit_id, ordinal)
) STRICT;

-- How many records were opened, or were about to be, on a civil day. A hot row on purpose: the
-- budget is one number for all audits of a day.
CREATE TABLE audits_budgets (
  day TEXT NOT NULL PRIMARY KEY,
  opened INTEGER NOT NULL
) STRICT;

-- What the newest population check saw of a stream in a period. Full counts, no sampling.
CREATE TABLE audits_measures (
  stream_id BLOB NOT NULL,
  period TEXT NOT NULL,
  plan_id BLOB NOT NULL,
  holder_id BLOB NOT NULL,
  department_id BLOB NOT NULL,
  sector TEXT NOT NULL,
  district TEXT NOT NULL,
  last_day TEXT NOT NULL,
  last_number INTEGER NOT NULL,
  expected INTEGER NOT NULL,
  declared INTEGER,
  received INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  late INTEGER NOT NULL,
  due_days INTEGER NOT NULL,
  missing_days INTEGER NOT NULL,
  settled INTEGER NOT NULL CHECK (settled IN (0, 1)),
  checked_at INTEGER NOT NULL,
  PRIMARY KEY (stream_id, period)
) STRICT;

CREATE INDEX audits_measures_by_holder ON audits_measures (holder_id, period);
CREATE INDEX audits_measures_by_department ON audits_measures (department_id, last_day);
