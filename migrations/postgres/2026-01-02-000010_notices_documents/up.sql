-- What follows a notice, the week of a department, invitations; an invitation of a business's own
-- people has no department.
ALTER TABLE notices_letters DROP CONSTRAINT notices_letters_kind_check;
ALTER TABLE notices_letters ADD CONSTRAINT notices_letters_kind_check
  CHECK (kind IN ('order', 'advice', 'digest', 'request', 'reminder', 'extension', 'recheck',
    'closing', 'transfer', 'handover', 'weekly', 'invitation'));
ALTER TABLE notices_letters ALTER COLUMN department_id DROP NOT NULL;
ALTER TABLE notices_letters ADD CONSTRAINT notices_letters_department_check
  CHECK (department_id IS NOT NULL OR kind = 'invitation');

ALTER TABLE notices_counters DROP CONSTRAINT notices_counters_kind_check;
ALTER TABLE notices_counters ADD CONSTRAINT notices_counters_kind_check
  CHECK (kind IN ('order', 'advice', 'extension', 'recheck', 'closing', 'transfer', 'handover'));

-- Documents as they were made, in the transaction of the decision; nothing here ever changes.
-- `templates` names the templates that a PDF was made from. The leaf tells the hash.
CREATE TABLE notices_documents (
  id BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
  kind TEXT NOT NULL CHECK (kind IN ('order', 'advice', 'reminder', 'extension', 'recheck',
    'closing', 'transfer', 'handover')),
  number TEXT,
  case_id BYTEA NOT NULL,
  department_id BYTEA NOT NULL,
  holder_id BYTEA NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('zh-CN', 'en')),
  code TEXT NOT NULL,
  media_type TEXT NOT NULL CHECK (media_type IN ('application/pdf', 'text/plain')),
  made_at BIGINT NOT NULL,
  sha256 BYTEA NOT NULL CHECK (octet_length(sha256) = 32),
  bytes BYTEA NOT NULL,
  templates BYTEA CHECK (octet_length(templates) = 32),
  leaf_id BYTEA NOT NULL,
  UNIQUE (code, lang)
);
CREATE INDEX notices_documents_by_case ON notices_documents (case_id, id);
CREATE INDEX notices_documents_by_holder ON notices_documents (holder_id, id);

-- How a department can be reached, as its documents print it.
ALTER TABLE registry_departments ADD COLUMN contact TEXT;
