ALTER TABLE audits_rates DROP COLUMN offered;
ALTER TABLE audits_rates DROP COLUMN refused;
DROP TABLE audits_decisions;
DROP TABLE audits_pools;
ALTER TABLE audits_audits DROP COLUMN pooled;
ALTER TABLE registry_plans DROP COLUMN pool_holders;
ALTER TABLE registry_plans DROP COLUMN pool_below;
