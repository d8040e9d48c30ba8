-- Which phase the machine of each datapath is in, since when (unix seconds), and its whole state: JSON. NULL: nobody ran it yet.
ALTER TABLE remediation_state ADD COLUMN phase text;
ALTER TABLE remediation_state ADD COLUMN phase_since bigint;
ALTER TABLE remediation_state ADD COLUMN machine text;
