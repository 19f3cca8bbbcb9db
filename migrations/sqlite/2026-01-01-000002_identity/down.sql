DROP TABLE identity_failures;
DROP TABLE identity_codes;
DROP TABLE identity_sessions;
DROP TABLE identity_people;
DROP TABLE identity_assertions;
DROP TABLE identity_client_keys;
DROP TABLE identity_clients;
