DROP TABLE credit_line;
DROP TABLE exclusion_event;
DROP FUNCTION never_changed();
