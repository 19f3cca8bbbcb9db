-- Letters, and the queue in which they wait: a letter is written in the transaction of the decision
-- that it tells of, and sent by another process. The text never changes after that. The address is
-- not here; it is looked up when the letter leaves.
CREATE TABLE notices_letters (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  kind TEXT NOT NULL CHECK (kind IN ('order', 'advice', 'digest')),
  number TEXT,
  case_id BYTEA,
  department_id BYTEA NOT NULL,
  holder_id BYTEA,
  contact_place INTEGER,
  officer_id BYTEA,
  lang TEXT NOT NULL CHECK (lang IN ('zh-CN', 'en')),
  code TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  slot TEXT UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'sent', 'failed')),
  attempts INTEGER NOT NULL,
  next_at BIGINT NOT NULL,
  lease_token BYTEA,
  lease_until BIGINT,
  queued_at BIGINT NOT NULL,
  sent_at BIGINT,
  last_reason TEXT
);

CREATE INDEX notices_letters_by_case ON notices_letters (case_id, queued_at);
CREATE INDEX notices_letters_due ON notices_letters (next_at) WHERE state IN ('queued', 'leased');

-- The last document number that an organ gave, by kind and year. A hot row on purpose: numbers have
-- no gaps, so each transaction that takes one waits for the one before.
CREATE TABLE notices_counters (
  organ TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'advice')),
  year INTEGER NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (organ, kind, year)
);
