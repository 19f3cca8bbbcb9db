-- One row a batch, under the `jti` of its manifest. There is no row per record: a record is
-- (batch, position). `first` to `last` are its numbers in the stream, and no two batches of a
-- stream share a number. `receipt` is set once and never changed.
CREATE TABLE intake_batches (
  id BLOB NOT NULL PRIMARY KEY,
  holder_id BLOB NOT NULL,
  client_id BLOB NOT NULL,
  stream_id BLOB NOT NULL,
  day TEXT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('sealed', 'attested')),
  pack TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  count INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  manifest TEXT NOT NULL,
  body_digest BLOB NOT NULL,
  record_root BLOB NOT NULL,
  late INTEGER NOT NULL CHECK (late IN (0, 1)),
  received_at INTEGER NOT NULL,
  leaf_id BLOB NOT NULL,
  receipt TEXT
) STRICT;

CREATE UNIQUE INDEX intake_batches_by_number ON intake_batches (stream_id, first);
CREATE INDEX intake_batches_by_day ON intake_batches (stream_id, day);
CREATE INDEX intake_batches_by_holder ON intake_batches (holder_id, received_at);

-- The lines of a batch as they came, in parts of at most 256 KiB of whole lines.
CREATE TABLE intake_parts (
  batch_id BLOB NOT NULL REFERENCES intake_batches (id),
  first_position INTEGER NOT NULL,
  lines BLOB NOT NULL,
  PRIMARY KEY (batch_id, first_position)
) STRICT;

-- One row a signed statement about a day of a stream. A later one replaces an earlier one:
-- `current` marks the one that counts.
CREATE TABLE intake_closes (
  id BLOB NOT NULL PRIMARY KEY,
  holder_id BLOB NOT NULL,
  client_id BLOB NOT NULL,
  stream_id BLOB NOT NULL,
  day TEXT NOT NULL,
  first INTEGER,
  last INTEGER,
  count INTEGER NOT NULL,
  totals TEXT NOT NULL,
  statement TEXT NOT NULL,
  late INTEGER NOT NULL CHECK (late IN (0, 1)),
  current INTEGER NOT NULL CHECK (current IN (0, 1)),
  received_at INTEGER NOT NULL,
  leaf_id BLOB NOT NULL,
  receipt TEXT
) STRICT;

CREATE INDEX intake_closes_by_day ON intake_closes (stream_id, day);

-- What has come in for a stream so far, so that a push need not look at all of it: every number up
-- to `contiguous` is there, and none above `highest`. Written with every batch of its stream.
CREATE TABLE intake_streams (
  stream_id BLOB NOT NULL PRIMARY KEY,
  holder_id BLOB NOT NULL,
  contiguous INTEGER NOT NULL,
  highest INTEGER NOT NULL,
  records INTEGER NOT NULL,
  batches INTEGER NOT NULL,
  late_batches INTEGER NOT NULL,
  newest_at INTEGER NOT NULL
) STRICT;

-- Refused batches that claimed numbers which an accepted batch already had, with other content.
CREATE TABLE intake_equivocations (
  refused_id BLOB NOT NULL,
  body_digest BLOB NOT NULL,
  accepted_id BLOB NOT NULL REFERENCES intake_batches (id),
  holder_id BLOB NOT NULL,
  stream_id BLOB NOT NULL,
  day TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  manifest TEXT NOT NULL,
  found_at INTEGER NOT NULL,
  leaf_id BLOB NOT NULL,
  PRIMARY KEY (refused_id, body_digest)
) STRICT;

CREATE INDEX intake_equivocations_by_stream ON intake_equivocations (stream_id, found_at);

-- How many requests of a client were refused on a civil day.
CREATE TABLE intake_refusals (
  client_id BLOB NOT NULL,
  day TEXT NOT NULL,
  refusals INTEGER NOT NULL,
  PRIMARY KEY (client_id, day)
) STRICT;
