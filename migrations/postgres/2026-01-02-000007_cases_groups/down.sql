DROP TABLE cases_filters;
DROP TABLE cases_moves;
DROP TABLE cases_decisions;
DROP INDEX cases_findings_by_group;
ALTER TABLE cases_findings DROP COLUMN group_id;
ALTER TABLE cases_findings DROP COLUMN code;
DROP TABLE cases_groups;
