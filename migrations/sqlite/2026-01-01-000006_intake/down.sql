DROP TABLE intake_refusals;
DROP TABLE intake_equivocations;
DROP TABLE intake_streams;
DROP TABLE intake_closes;
DROP TABLE intake_parts;
DROP TABLE intake_batches;
