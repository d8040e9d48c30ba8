-- What was advised of a breach that goes on may be told once more.
ALTER TABLE remediation_state DROP COLUMN machine;
ALTER TABLE remediation_state DROP COLUMN phase_since;
ALTER TABLE remediation_state DROP COLUMN phase;
