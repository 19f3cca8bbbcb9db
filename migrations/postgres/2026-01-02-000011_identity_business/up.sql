-- People of businesses: they speak for one duty holder, and nobody else does.
ALTER TABLE identity_people ADD COLUMN holder_id BYTEA;
ALTER TABLE identity_people DROP CONSTRAINT identity_people_role_check;
ALTER TABLE identity_people ADD CONSTRAINT identity_people_role_check
  CHECK (role IN ('security_administrator', 'system_administrator',
    'audit_administrator', 'officer', 'department_lead', 'governance', 'business_administrator',
    'business_user'));
ALTER TABLE identity_people ADD CONSTRAINT identity_people_holder_check
  CHECK ((holder_id IS NOT NULL) = (role IN ('business_administrator', 'business_user')));
CREATE INDEX identity_people_by_holder ON identity_people (holder_id) WHERE holder_id IS NOT NULL;

-- The client of a business that stands for the portal: its keys live in browsers, and it gets no
-- token. A business has one at most.
ALTER TABLE identity_clients ADD COLUMN kind TEXT NOT NULL DEFAULT 'system'
  CHECK (kind IN ('system', 'portal'));
CREATE UNIQUE INDEX identity_clients_one_portal ON identity_clients (holder_id)
  WHERE kind = 'portal' AND state = 'active';
