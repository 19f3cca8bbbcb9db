DROP INDEX identity_clients_one_portal;
ALTER TABLE identity_clients DROP COLUMN kind;

CREATE TABLE identity_people_new (
  id BLOB NOT NULL PRIMARY KEY,
  login TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('security_administrator', 'system_administrator',
    'audit_administrator', 'officer', 'department_lead', 'governance')),
  state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
  lang TEXT NOT NULL CHECK (lang IN ('zh-CN', 'en')),
  pseudonym BLOB NOT NULL UNIQUE,
  password_phc TEXT,
  totp_secret BLOB,
  totp_last_step INTEGER NOT NULL,
  made_at INTEGER NOT NULL
) STRICT;
INSERT INTO identity_people_new SELECT id, login, name, role, state, lang, pseudonym, password_phc,
  totp_secret, totp_last_step, made_at FROM identity_people WHERE holder_id IS NULL;
CREATE TABLE identity_sessions_new (
  hash BLOB NOT NULL PRIMARY KEY,
  person_id BLOB NOT NULL REFERENCES identity_people_new (id),
  made_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
INSERT INTO identity_sessions_new SELECT * FROM identity_sessions
  WHERE person_id IN (SELECT id FROM identity_people_new);
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
INSERT INTO identity_codes_new SELECT * FROM identity_codes
  WHERE person_id IN (SELECT id FROM identity_people_new);
DROP TABLE identity_codes;
DROP TABLE identity_sessions;
DROP TABLE identity_people;
ALTER TABLE identity_people_new RENAME TO identity_people;
ALTER TABLE identity_sessions_new RENAME TO identity_sessions;
ALTER TABLE identity_codes_new RENAME TO identity_codes;
CREATE INDEX identity_sessions_by_person ON identity_sessions (person_id);
CREATE INDEX identity_codes_by_person ON identity_codes (person_id);
