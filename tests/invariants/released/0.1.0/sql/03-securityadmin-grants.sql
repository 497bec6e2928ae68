-- written by spcs-milvus render
-- released, 3 of 9: run as SECURITYADMIN
USE ROLE SECURITYADMIN;

-- Snowflake advises it for every role, so that administrators can manage what it owns
GRANT ROLE RELEASED_OWNER TO ROLE SYSADMIN;

-- Snowflake advises it for every role, so that administrators can manage what it owns
GRANT ROLE RELEASED_ROLE TO ROLE SYSADMIN;

-- this person may open the notebook
GRANT ROLE RELEASED_ROLE TO USER ROBOT;

-- the second role acts as the first: to make its service, or to open the notebook
GRANT ROLE RELEASED_MILVUS TO ROLE RELEASED_OWNER;

-- the second role acts as the first: to make its service, or to open the notebook
GRANT ROLE RELEASED_JUPYTER TO ROLE RELEASED_OWNER;

-- the second role acts as the first: to make its service, or to open the notebook
GRANT ROLE RELEASED_PAGE TO ROLE RELEASED_OWNER;
