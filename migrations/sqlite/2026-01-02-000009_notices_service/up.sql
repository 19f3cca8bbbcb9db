-- The consent of a duty holder to be served electronically by a department: how, at which addresses
-- (sealed), on whose word, until when. At most one counts; those before it stay.
CREATE TABLE registry_consents (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  holder_id BLOB NOT NULL,
  department_id BLOB NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('mail', 'portal')),
  how TEXT NOT NULL CHECK (how IN ('portal', 'paper')),
  reference TEXT,
  addresses BLOB NOT NULL,
  given_on TEXT NOT NULL,
  given_at INTEGER NOT NULL,
  given_by BLOB,
  withdrawn_at INTEGER,
  withdrawn_by BLOB
) STRICT;
CREATE UNIQUE INDEX registry_consents_in_force ON registry_consents (holder_id, department_id)
  WHERE withdrawn_at IS NULL;
CREATE INDEX registry_consents_by_holder ON registry_consents (holder_id, given_at);

-- Every attempt to hand a letter to a mail server, with the status code of its answer, and whether
-- the recipient had consented to be served at that address.
CREATE TABLE notices_attempts (
  letter_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'transient', 'permanent', 'unknown')),
  code INTEGER,
  reason TEXT,
  consented INTEGER NOT NULL CHECK (consented IN (0, 1)),
  PRIMARY KEY (letter_id, seq)
) STRICT;

-- What was heard of a letter after a mail server took it: it came back, it arrived, somebody of the
-- duty holder read it in the portal or confirmed that it was received.
CREATE TABLE notices_proofs (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  letter_id BLOB NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('bounced', 'delivered', 'read', 'confirmed')),
  at INTEGER NOT NULL,
  status TEXT,
  person_id BLOB,
  consented INTEGER NOT NULL CHECK (consented IN (0, 1)),
  UNIQUE (letter_id, kind)
) STRICT;

-- Documents that need a printed letter, one row a document: why, how it was posted, and the return
-- receipt. The name of whoever received it is sealed.
CREATE TABLE notices_papers (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  code TEXT NOT NULL UNIQUE,
  letter_id BLOB NOT NULL,
  case_id BLOB,
  department_id BLOB NOT NULL,
  holder_id BLOB NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('no_consent', 'no_address', 'refused', 'bounced',
    'waited')),
  state TEXT NOT NULL CHECK (state IN ('waiting', 'posted', 'received', 'served')),
  queued_at INTEGER NOT NULL,
  posted_at INTEGER,
  posted_by BLOB,
  posted_how TEXT CHECK (posted_how IN ('handed', 'registered', 'courier')),
  posted_number TEXT,
  received_on TEXT,
  received_how TEXT CHECK (received_how IN ('signed', 'left', 'mailbox')),
  received_by BLOB,
  received_at INTEGER,
  entered_by BLOB
) STRICT;
CREATE INDEX notices_papers_by_department ON notices_papers (department_id, state, id);
CREATE INDEX notices_papers_by_case ON notices_papers (case_id) WHERE case_id IS NOT NULL;

-- Reminders of a deadline that were written: days from the deadline, before it negative.
CREATE TABLE cases_reminders (
  case_id BLOB NOT NULL,
  deadline TEXT NOT NULL,
  days INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (case_id, deadline, days)
) STRICT;
