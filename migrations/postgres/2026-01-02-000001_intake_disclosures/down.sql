ALTER TABLE registry_plans DROP COLUMN disclosure_hours;
DROP TABLE intake_disclosures;
DROP TABLE intake_asked;
DROP TABLE intake_requests;
