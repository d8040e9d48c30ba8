DROP TABLE act;
DROP TABLE breach_comment;
DROP FUNCTION act_rows_stay;
DROP TABLE silence_pending;
DROP TABLE silence;
