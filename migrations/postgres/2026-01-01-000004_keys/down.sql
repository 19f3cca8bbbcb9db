DROP TABLE keys_lists;
DROP TABLE keys_audit;
