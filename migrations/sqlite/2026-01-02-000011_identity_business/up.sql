-- People of businesses: they speak for one duty holder, and nobody else does.
-- SQLite changes a CHECK only with its table, and a table only with those that refer to it.
CREATE TABLE identity_people_new (
  id BLOB NOT NULL PRIMARY KEY,
  login TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('security_administrator', 'system_administrator',
    'audit_administrator', 'officer', 'department_lead', 'governance', 'business_administrator',
    'business_user')),
  state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
  lang TEXT NOT NULL CHECK (lang IN ('zh-CN', 'en')),
  pseudonym BLOB NOT NULL UNIQUE,
  password_phc TEXT,
  totp_secret BLOB,
  totp_last_step INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  holder_id BLOB,
  CHECK ((holder_id IS NOT NULL) = (role IN ('business_administrator', 'business_user')))
) STRICT;
INSERT INTO identity_people_new SELECT *, NULL FROM identity_people;
CREATE TABLE identity_sessions_new (
  hash BLOB NOT NULL PRIMARY KEY,
  person_id BLOB NOT NULL REFERENCES identity_people_new (id),
  made_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
INSERT INTO identity_sessions_new SELECT * FROM identity_sessions;
CREATE TABLE identity_codes_new (
  hash BLOB NOT NULL PRIMARY KEY,
  person_id BLOB NOT NULL REFERENCES identity_people_new (id),
  purpose TEXT NOT NULL CHECK (purpose IN ('enrol', 'entry')),
  made_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  password_phc TEXT,
  totp_secret BLOB
) STRICT;
INSERT INTO identity_codes_new SELECT * FROM identity_codes;
DROP TABLE identity_codes;
DROP TABLE identity_sessions;
DROP TABLE identity_people;
ALTER TABLE identity_people_new RENAME TO identity_people;
ALTER TABLE identity_sessions_new RENAME TO identity_sessions;
ALTER TABLE identity_codes_new RENAME TO identity_codes;
CREATE INDEX identity_sessions_by_person ON identity_sessions (person_id);
CREATE INDEX identity_codes_by_person ON identity_codes (person_id);
CREATE INDEX identity_people_by_holder ON identity_people (holder_id) WHERE holder_id IS NOT NULL;

-- The client of a business that stands for the portal: its keys live in browsers, and it gets no
-- token. A business has one at most.
ALTER TABLE identity_clients ADD COLUMN kind TEXT NOT NULL DEFAULT 'system'
  CHECK (kind IN ('system', 'portal'));
CREATE UNIQUE INDEX identity_clients_one_portal ON identity_clients (holder_id)
  WHERE kind = 'portal' AND state = 'active';
