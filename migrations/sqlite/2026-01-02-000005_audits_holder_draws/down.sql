DROP INDEX audits_audits_by_holder;
DROP TABLE audits_roster;
ALTER TABLE audits_periods DROP COLUMN holders_leaf;
ALTER TABLE registry_plans DROP COLUMN for_cause_beyond_cap;
ALTER TABLE registry_plans DROP COLUMN audits_per_year;
ALTER TABLE registry_plans DROP COLUMN audit_chances;
