-- What was sealed is lost: receivers whose document has a mark must be applied anew.
ALTER TABLE alerting DROP COLUMN sealed;
