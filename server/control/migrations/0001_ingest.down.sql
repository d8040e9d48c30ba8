DROP TABLE rule;
DROP TABLE identity_mapping;
DROP FUNCTION identity_mapping_alone();
DROP TABLE letter_replay;
DROP TABLE ingest_host;
DROP TABLE ingest_stream;
DROP TABLE ingest_block;
DROP TABLE lease;
