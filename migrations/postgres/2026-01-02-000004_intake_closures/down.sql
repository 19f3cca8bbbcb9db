DROP TABLE intake_closures;
