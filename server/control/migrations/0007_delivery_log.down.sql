DROP INDEX delivery_dead;
DROP INDEX delivery_of_receiver;
