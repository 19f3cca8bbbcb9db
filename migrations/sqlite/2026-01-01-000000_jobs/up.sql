-- One row a slot of a scheduled job; the insert that wins, runs.
CREATE TABLE jobs_runs (
  job TEXT NOT NULL,
  slot INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'running', 'done', 'parked')),
  attempts INTEGER NOT NULL,
  lease_token BLOB,
  lease_until INTEGER,
  tally TEXT,
  reason TEXT,
  made_at INTEGER NOT NULL,
  done_at INTEGER,
  PRIMARY KEY (job, slot)
) STRICT;
