-- One row an API client: one business system of a duty holder. `epoch` goes up with every change
-- that must end its tokens.
CREATE TABLE identity_clients (
  id BLOB NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL UNIQUE,
  holder_id BLOB NOT NULL,
  name TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'revoked')),
  made_at INTEGER NOT NULL
) STRICT;

CREATE INDEX identity_clients_by_holder ON identity_clients (holder_id);

-- Public keys of clients. Within one duty holder no key id and no key occurs twice, for whatever
-- purpose. A retired key stays: it still verifies what it signed.
CREATE TABLE identity_client_keys (
  holder_id BLOB NOT NULL,
  kid TEXT NOT NULL,
  client BLOB NOT NULL REFERENCES identity_clients (id),
  purpose TEXT NOT NULL CHECK (purpose IN ('authentication', 'manifest')),
  jwk TEXT NOT NULL,
  thumbprint TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'retired')),
  active_from INTEGER NOT NULL,
  retired_at INTEGER,
  PRIMARY KEY (holder_id, kid),
  UNIQUE (holder_id, thumbprint)
) STRICT;

-- Assertions that were exchanged for a token: SHA-256 of client, zero byte and `jti`.
CREATE TABLE identity_assertions (
  hash BLOB NOT NULL PRIMARY KEY,
  keep_until INTEGER NOT NULL
) STRICT;

CREATE INDEX identity_assertions_by_age ON identity_assertions (keep_until);

-- People who sign in. The log knows them by their pseudonym, sixteen random bytes.
CREATE TABLE identity_people (
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

-- Sessions, under the hash of the secret that the browser holds.
CREATE TABLE identity_sessions (
  hash BLOB NOT NULL PRIMARY KEY,
  person_id BLOB NOT NULL REFERENCES identity_people (id),
  made_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX identity_sessions_by_person ON identity_sessions (person_id);

-- One-time codes, under their hash. During enrolment the new password and the new authenticator
-- secret wait here until the first code of the authenticator confirms them.
CREATE TABLE identity_codes (
  hash BLOB NOT NULL PRIMARY KEY,
  person_id BLOB NOT NULL REFERENCES identity_people (id),
  purpose TEXT NOT NULL CHECK (purpose IN ('enrol', 'entry')),
  made_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  password_phc TEXT,
  totp_secret BLOB
) STRICT;

CREATE INDEX identity_codes_by_person ON identity_codes (person_id);

-- Failed attempts to sign in, per account (a hash of the login as typed) and network.
CREATE TABLE identity_failures (
  account BLOB NOT NULL,
  network TEXT NOT NULL,
  failures INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (account, network)
) STRICT;
