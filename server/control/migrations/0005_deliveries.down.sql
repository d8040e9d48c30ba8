DROP TABLE receiver_queue;
DROP TABLE delivery_attempt;
DROP TABLE delivery;
