DROP TABLE IF EXISTS attribution;
