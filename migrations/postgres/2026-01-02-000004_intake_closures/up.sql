-- One row a signed declaration that a stream is closed, or cannot report, from one day to another.
-- A later one with the same first day replaces an earlier one from then on; every one stays, so
-- that anybody sees what was declared when. `to_day` before `from_day` takes a declaration back.
CREATE TABLE intake_closures (
  id BYTEA NOT NULL PRIMARY KEY,
  holder_id BYTEA NOT NULL,
  client_id BYTEA NOT NULL,
  stream_id BYTEA NOT NULL,
  from_day TEXT NOT NULL,
  to_day TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('closure', 'outage')),
  statement TEXT NOT NULL,
  late BOOLEAN NOT NULL,
  received_at BIGINT NOT NULL,
  leaf_id BYTEA NOT NULL,
  receipt TEXT
);

CREATE INDEX intake_closures_by_day ON intake_closures (stream_id, from_day);
