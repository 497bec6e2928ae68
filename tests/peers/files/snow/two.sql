-- a file as a person writes it: comments; two statements
CREATE WAREHOUSE W2 INITIALLY_SUSPENDED = TRUE COMMENT = 'not; the end';
/* and the second */ SHOW WAREHOUSES LIKE 'w2';
