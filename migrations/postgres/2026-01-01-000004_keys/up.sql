-- One row an audit key of a department and month. `wrapped` is the private half under the period
-- key, which is never in the database. Open for sealing in [seal_from, seal_until).
CREATE TABLE keys_audit (
  kid TEXT NOT NULL PRIMARY KEY,
  department_id BYTEA NOT NULL,
  month TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  wrapped BYTEA NOT NULL,
  seal_from BIGINT NOT NULL,
  seal_until BIGINT NOT NULL,
  destroy_after BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'retired')),
  made_at BIGINT NOT NULL,
  retired_at BIGINT,
  published_leaf BYTEA NOT NULL
);

CREATE INDEX keys_audit_by_month ON keys_audit (department_id, month);
CREATE INDEX keys_audit_by_window ON keys_audit (seal_until);

-- Every signed list of published keys, as it was published.
CREATE TABLE keys_lists (
  number BIGINT NOT NULL PRIMARY KEY,
  jws TEXT NOT NULL,
  leaf_id BYTEA NOT NULL,
  made_at BIGINT NOT NULL
);
