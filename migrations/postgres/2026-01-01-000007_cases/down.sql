DROP TABLE cases_events;
DROP TABLE cases_case_findings;
DROP TABLE cases_cases;
DROP TABLE cases_findings;
