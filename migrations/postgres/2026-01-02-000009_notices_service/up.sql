-- The consent of a duty holder to be served electronically by a department: how, at which addresses
-- (sealed), on whose word, until when. At most one counts; those before it stay.
CREATE TABLE registry_consents (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  holder_id BYTEA NOT NULL,
  department_id BYTEA NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('mail', 'portal')),
  how TEXT NOT NULL CHECK (how IN ('portal', 'paper')),
  reference TEXT,
  addresses BYTEA NOT NULL,
  given_on TEXT NOT NULL,
  given_at BIGINT NOT NULL,
  given_by BYTEA,
  withdrawn_at BIGINT,
  withdrawn_by BYTEA
);
CREATE UNIQUE INDEX registry_consents_in_force ON registry_consents (holder_id, department_id)
  WHERE withdrawn_at IS NULL;
CREATE INDEX registry_consents_by_holder ON registry_consents (holder_id, given_at);

-- Every attempt to hand a letter to a mail server, with the status code of its answer, and whether
-- the recipient had consented to be served at that address.
CREATE TABLE notices_attempts (
  letter_id BYTEA NOT NULL,
  seq INTEGER NOT NULL,
  at BIGINT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'transient', 'permanent', 'unknown')),
  code INTEGER,
  reason TEXT,
  consented BOOLEAN NOT NULL,
  PRIMARY KEY (letter_id, seq)
);

-- What was heard of a letter after a mail server took it: it came back, it arrived, somebody of the
-- duty holder read it in the portal or confirmed that it was received.
CREATE TABLE notices_proofs (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  letter_id BYTEA NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('bounced', 'delivered', 'read', 'confirmed')),
  at BIGINT NOT NULL,
  status TEXT,
  person_id BYTEA,
  consented BOOLEAN NOT NULL,
  UNIQUE (letter_id, kind)
);

-- Documents that need a printed letter, one row a document: why, how it was posted, and the return
-- receipt. The name of whoever received it is sealed.
CREATE TABLE notices_papers (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  code TEXT NOT NULL UNIQUE,
  letter_id BYTEA NOT NULL,
  case_id BYTEA,
  department_id BYTEA NOT NULL,
  holder_id BYTEA NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('no_consent', 'no_address', 'refused', 'bounced',
    'waited')),
  state TEXT NOT NULL CHECK (state IN ('waiting', 'posted', 'received', 'served')),
  queued_at BIGINT NOT NULL,
  posted_at BIGINT,
  posted_by BYTEA,
  posted_how TEXT CHECK (posted_how IN ('handed', 'registered', 'courier')),
  posted_number TEXT,
  received_on TEXT,
  received_how TEXT CHECK (received_how IN ('signed', 'left', 'mailbox')),
  received_by BYTEA,
  received_at BIGINT,
  entered_by BYTEA
);
CREATE INDEX notices_papers_by_department ON notices_papers (department_id, state, id);
CREATE INDEX notices_papers_by_case ON notices_papers (case_id) WHERE case_id IS NOT NULL;

-- Reminders of a deadline that were written: days from the deadline, before it negative.
CREATE TABLE cases_reminders (
  case_id BYTEA NOT NULL,
  deadline TEXT NOT NULL,
  days INTEGER NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (case_id, deadline, days)
);
