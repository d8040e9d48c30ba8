DROP TABLE receiver_key;
DROP TABLE alerting;
DROP TABLE receiver_queue;
DROP TABLE delivery_attempt;
DROP TABLE delivery;
DROP TABLE alert_state;
DROP TABLE alert_pending;
