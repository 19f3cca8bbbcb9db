-- One row a signed declaration that a stream is closed, or cannot report, from one day to another.
-- A later one with the same first day replaces an earlier one from then on; every one stays, so
-- that anybody sees what was declared when. `to_day` before `from_day` takes a declaration back.
CREATE TABLE intake_closures (
  id BLOB NOT NULL PRIMARY KEY,
  holder_id BLOB NOT NULL,
  client_id BLOB NOT NULL,
  stream_id BLOB NOT NULL,
  from_day TEXT NOT NULL,
  to_day TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('closure', 'outage')),
  statement TEXT NOT NULL,
  late INTEGER NOT NULL CHECK (late IN (0, 1)),
  received_at INTEGER NOT NULL,
  leaf_id BLOB NOT NULL,
  receipt TEXT
) STRICT;

CREATE INDEX intake_closures_by_day ON intake_closures (stream_id, from_day);
