DROP TABLE audits_measures;
DROP TABLE audits_budgets;
DROP TABLE audits_evidence;
DROP TABLE audits_openings;
DROP TABLE audits_audits;
DROP TABLE audits_periods;
