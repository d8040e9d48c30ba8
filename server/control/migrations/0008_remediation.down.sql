DROP TABLE remediation_state;
DROP TABLE remediation_entry;
DROP FUNCTION remediation_entry_stays();
