DROP TABLE notices_counters;
DROP TABLE notices_letters;
