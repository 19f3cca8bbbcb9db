-- Results of drawn audits for the public: proposed by a job, published and withdrawn by a lead.
CREATE TABLE audits_publications (
  audit_id BYTEA NOT NULL PRIMARY KEY,
  department_id BYTEA NOT NULL,
  holder_id BYTEA NOT NULL,
  sector TEXT NOT NULL,
  district TEXT NOT NULL,
  period TEXT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('proposed', 'published', 'withdrawn')),
  done_on TEXT NOT NULL,
  due_on TEXT NOT NULL,
  proposed_at BIGINT NOT NULL,
  published_at BIGINT,
  published_by BYTEA,
  published_leaf BYTEA,
  withdrawn_at BIGINT,
  withdrawn_by BYTEA,
  withdrawn_leaf BYTEA,
  cause TEXT CHECK (cause IN ('revoked', 'corrected', 'mistaken', 'expired'))
);
CREATE INDEX audits_publications_by_state ON audits_publications (department_id, state, due_on, audit_id);
CREATE INDEX audits_publications_by_day ON audits_publications (department_id, published_at, audit_id) WHERE published_at IS NOT NULL;

