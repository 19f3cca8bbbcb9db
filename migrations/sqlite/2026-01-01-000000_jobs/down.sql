DROP TABLE jobs_runs;
