DROP TABLE breach_bundle;
DROP TABLE breach_change;
DROP TABLE breach;
DROP FUNCTION breach_rows_stay();
