-- One row a batch, under the `jti` of its manifest. There is no row per record: a record is
-- (batch, position). `first` to `last` are its numbers in the stream, and no two batches of a
-- stream share a number. `receipt` is set once and never changed.
CREATE TABLE intake_batches (
  id BYTEA NOT NULL PRIMARY KEY,
  holder_id BYTEA NOT NULL,
  client_id BYTEA NOT NULL,
  stream_id BYTEA NOT NULL,
  day TEXT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('sealed', 'attested')),
  pack TEXT NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  count BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL,
  manifest TEXT NOT NULL,
  body_digest BYTEA NOT NULL,
  record_root BYTEA NOT NULL,
  late BOOLEAN NOT NULL,
  received_at BIGINT NOT NULL,
  leaf_id BYTEA NOT NULL,
  receipt TEXT
);

CREATE UNIQUE INDEX intake_batches_by_number ON intake_batches (stream_id, first);
CREATE INDEX intake_batches_by_day ON intake_batches (stream_id, day);
CREATE INDEX intake_batches_by_holder ON intake_batches (holder_id, received_at);

-- The lines of a batch as they came, in parts of at most 256 KiB of whole lines.
CREATE TABLE intake_parts (
  batch_id BYTEA NOT NULL REFERENCES intake_batches (id),
  first_position BIGINT NOT NULL,
  lines BYTEA NOT NULL,
  PRIMARY KEY (batch_id, first_position)
);

-- One row a signed statement about a day of a stream. A later one replaces an earlier one:
-- `current` marks the one that counts.
CREATE TABLE intake_closes (
  id BYTEA NOT NULL PRIMARY KEY,
  holder_id BYTEA NOT NULL,
  client_id BYTEA NOT NULL,
  stream_id BYTEA NOT NULL,
  day TEXT NOT NULL,
  first BIGINT,
  last BIGINT,
  count BIGINT NOT NULL,
  totals TEXT NOT NULL,
  statement TEXT NOT NULL,
  late BOOLEAN NOT NULL,
  current BOOLEAN NOT NULL,
  received_at BIGINT NOT NULL,
  leaf_id BYTEA NOT NULL,
  receipt TEXT
);

CREATE INDEX intake_closes_by_day ON intake_closes (stream_id, day);

-- What has come in for a stream so far, so that a push need not look at all of it: every number up
-- to `contiguous` is there, and none above `highest`. Written with every batch of its stream.
CREATE TABLE intake_streams (
  stream_id BYTEA NOT NULL PRIMARY KEY,
  holder_id BYTEA NOT NULL,
  contiguous BIGINT NOT NULL,
  highest BIGINT NOT NULL,
  records BIGINT NOT NULL,
  batches BIGINT NOT NULL,
  late_batches BIGINT NOT NULL,
  newest_at BIGINT NOT NULL
);

-- Refused batches that claimed numbers which an accepted batch already had, with other content.
CREATE TABLE intake_equivocations (
  refused_id BYTEA NOT NULL,
  body_digest BYTEA NOT NULL,
  accepted_id BYTEA NOT NULL REFERENCES intake_batches (id),
  holder_id BYTEA NOT NULL,
  stream_id BYTEA NOT NULL,
  day TEXT NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  manifest TEXT NOT NULL,
  found_at BIGINT NOT NULL,
  leaf_id BYTEA NOT NULL,
  PRIMARY KEY (refused_id, body_digest)
);

CREATE INDEX intake_equivocations_by_stream ON intake_equivocations (stream_id, found_at);

-- How many requests of a client were refused on a civil day.
CREATE TABLE intake_refusals (
  client_id BYTEA NOT NULL,
  day TEXT NOT NULL,
  refusals BIGINT NOT NULL,
  PRIMARY KEY (client_id, day)
);
