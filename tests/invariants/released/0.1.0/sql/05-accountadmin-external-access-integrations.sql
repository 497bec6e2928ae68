-- written by spcs-milvus render
-- released, 5 of 9: run as ACCOUNTADMIN
USE ROLE ACCOUNTADMIN;

-- Snowflake has no form of this statement that may run again: a second time it ends with error 002002,
-- already exists, and changes nothing. Go on with the next file.
CREATE EXTERNAL ACCESS INTEGRATION RELEASED_JUPYTER_EGRESS ALLOWED_NETWORK_RULES = (RELEASED.VECTORS.JUPYTER_EGRESS_RULE) ENABLED = TRUE COMMENT = 'spcs-milvus:released/default#1.3da8a80a2d12';
