ALTER TABLE registry_departments DROP COLUMN contact;
DROP TABLE notices_documents;

ALTER TABLE notices_counters DROP CONSTRAINT notices_counters_kind_check;
ALTER TABLE notices_counters ADD CONSTRAINT notices_counters_kind_check
  CHECK (kind IN ('order', 'advice'));

ALTER TABLE notices_letters DROP CONSTRAINT notices_letters_department_check;
ALTER TABLE notices_letters ALTER COLUMN department_id SET NOT NULL;
ALTER TABLE notices_letters DROP CONSTRAINT notices_letters_kind_check;
ALTER TABLE notices_letters ADD CONSTRAINT notices_letters_kind_check
  CHECK (kind IN ('order', 'advice', 'digest', 'request'));
