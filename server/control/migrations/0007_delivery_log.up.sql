-- What was told to one receiver is listed newest first; dead letters are listed and counted.
CREATE INDEX delivery_of_receiver ON delivery (receiver, decided_ms DESC, id);
CREATE INDEX delivery_dead ON delivery (decided_ms DESC, id) WHERE state = 'dead';
