-- One row a slot of a scheduled job; the insert that wins, runs.
CREATE TABLE jobs_runs (
  job TEXT NOT NULL,
  slot BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'running', 'done', 'parked')),
  attempts INTEGER NOT NULL,
  lease_token BYTEA,
  lease_until BIGINT,
  tally TEXT,
  reason TEXT,
  made_at BIGINT NOT NULL,
  done_at BIGINT,
  PRIMARY KEY (job, slot)
);
