DROP TABLE audits_publications;
