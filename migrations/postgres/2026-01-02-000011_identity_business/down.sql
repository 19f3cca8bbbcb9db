DROP INDEX identity_clients_one_portal;
ALTER TABLE identity_clients DROP COLUMN kind;

DELETE FROM identity_sessions
  WHERE person_id IN (SELECT id FROM identity_people WHERE holder_id IS NOT NULL);
DELETE FROM identity_codes
  WHERE person_id IN (SELECT id FROM identity_people WHERE holder_id IS NOT NULL);
DELETE FROM identity_people WHERE holder_id IS NOT NULL;
DROP INDEX identity_people_by_holder;
ALTER TABLE identity_people DROP CONSTRAINT identity_people_holder_check;
ALTER TABLE identity_people DROP CONSTRAINT identity_people_role_check;
ALTER TABLE identity_people ADD CONSTRAINT identity_people_role_check
  CHECK (role IN ('security_administrator', 'system_administrator',
    'audit_administrator', 'officer', 'department_lead', 'governance'));
ALTER TABLE identity_people DROP COLUMN holder_id;
