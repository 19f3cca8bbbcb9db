DROP TABLE cases_reminders;
DROP TABLE notices_papers;
DROP TABLE notices_proofs;
DROP TABLE notices_attempts;
DROP TABLE registry_consents;
