-- Letters, and the queue in which they wait: a letter is written in the transaction of the decision
-- that it tells of, and sent by another process. The text never changes after that. The address is
-- not here; it is looked up when the letter leaves.
CREATE TABLE notices_letters (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  kind TEXT NOT NULL CHECK (kind IN ('order', 'advice', 'digest')),
  number TEXT,
  case_id BLOB,
  department_id BLOB NOT NULL,
  holder_id BLOB,
  contact_place INTEGER,
  officer_id BLOB,
  lang TEXT NOT NULL CHECK (lang IN ('zh-CN', 'en')),
  code TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  slot TEXT UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'sent', 'failed')),
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  lease_token BLOB,
  lease_until INTEGER,
  queued_at INTEGER NOT NULL,
  sent_at INTEGER,
  last_reason TEXT
) STRICT;

CREATE INDEX notices_letters_by_case ON notices_letters (case_id, queued_at);
CREATE INDEX notices_letters_due ON notices_letters (next_at) WHERE state IN ('queued', 'leased');

-- The last document number that an organ gave, by kind and year. A hot row on purpose: numbers have
-- no gaps, so each transaction that takes one waits for the one before.
CREATE TABLE notices_counters (
  organ TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'advice')),
  year INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (organ, kind, year)
) STRICT;
