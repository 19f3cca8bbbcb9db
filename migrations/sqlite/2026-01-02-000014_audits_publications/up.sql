-- Results of drawn audits for the public: proposed by a job, published and withdrawn by a lead.
CREATE TABLE audits_publications (
  audit_id BLOB NOT NULL PRIMARY KEY,
  department_id BLOB NOT NULL,
  holder_id BLOB NOT NULL,
  sector TEXT NOT NULL,
  district TEXT NOT NULL,
  period TEXT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('proposed', 'published', 'withdrawn')),
  done_on TEXT NOT NULL,
  due_on TEXT NOT NULL,
  proposed_at INTEGER NOT NULL,
  published_at INTEGER,
  published_by BLOB,
  published_leaf BLOB,
  withdrawn_at INTEGER,
  withdrawn_by BLOB,
  withdrawn_leaf BLOB,
  cause TEXT CHECK (cause IN ('revoked', 'corrected', 'mistaken', 'expired'))
) STRICT;
CREATE INDEX audits_publications_by_state ON audits_publications (department_id, state, due_on, audit_id);
CREATE INDEX audits_publications_by_day ON audits_publications (department_id, published_at, audit_id) WHERE published_at IS NOT NULL;

