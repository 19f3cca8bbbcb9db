-- What follows a notice, the week of a department, invitations; an invitation of a business's own
-- people has no department. SQLite changes a CHECK only with its table.
CREATE TABLE notices_letters_new (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  kind TEXT NOT NULL CHECK (kind IN ('order', 'advice', 'digest', 'request', 'reminder',
    'extension', 'recheck', 'closing', 'transfer', 'handover', 'weekly', 'invitation')),
  number TEXT,
  case_id BLOB,
  department_id BLOB,
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
  last_reason TEXT,
  CHECK (department_id IS NOT NULL OR kind = 'invitation')
) STRICT;
INSERT INTO notices_letters_new (id, kind, number, case_id, department_id, holder_id,
    contact_place, officer_id, lang, code, subject, text, html, slot, state, attempts, next_at,
    lease_token, lease_until, queued_at, sent_at, last_reason)
  SELECT id, kind, number, case_id, department_id, holder_id,
    contact_place, officer_id, lang, code, subject, text, html, slot, state, attempts, next_at,
    lease_token, lease_until, queued_at, sent_at, last_reason
  FROM notices_letters;
DROP TABLE notices_letters;
ALTER TABLE notices_letters_new RENAME TO notices_letters;
CREATE INDEX notices_letters_by_case ON notices_letters (case_id, queued_at);
CREATE INDEX notices_letters_due ON notices_letters (next_at) WHERE state IN ('queued', 'leased');

CREATE TABLE notices_counters_new (
  organ TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'advice', 'extension', 'recheck', 'closing',
    'transfer', 'handover')),
  year INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (organ, kind, year)
) STRICT;
INSERT INTO notices_counters_new (organ, kind, year, last)
  SELECT organ, kind, year, last FROM notices_counters;
DROP TABLE notices_counters;
ALTER TABLE notices_counters_new RENAME TO notices_counters;

-- Documents as they were made, in the transaction of the decision; nothing here ever changes.
-- `templates` names the templates that a PDF was made from. The leaf tells the hash.
CREATE TABLE notices_documents (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  kind TEXT NOT NULL CHECK (kind IN ('order', 'advice', 'reminder', 'extension', 'recheck',
    'closing', 'transfer', 'handover')),
  number TEXT,
  case_id BLOB NOT NULL,
  department_id BLOB NOT NULL,
  holder_id BLOB NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('zh-CN', 'en')),
  code TEXT NOT NULL,
  media_type TEXT NOT NULL CHECK (media_type IN ('application/pdf', 'text/plain')),
  made_at INTEGER NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  bytes BLOB NOT NULL,
  templates BLOB CHECK (length(templates) = 32),
  leaf_id BLOB NOT NULL,
  UNIQUE (code, lang)
) STRICT;
CREATE INDEX notices_documents_by_case ON notices_documents (case_id, id);
CREATE INDEX notices_documents_by_holder ON notices_documents (holder_id, id);

-- How a department can be reached, as its documents print it.
ALTER TABLE registry_departments ADD COLUMN contact TEXT;
