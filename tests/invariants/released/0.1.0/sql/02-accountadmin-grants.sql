-- written by spcs-milvus render
-- released, 2 of 9: run as ACCOUNTADMIN
USE ROLE ACCOUNTADMIN;

-- the owner role makes the database, and so owns what holds the stack
GRANT CREATE DATABASE ON ACCOUNT TO ROLE RELEASED_OWNER;

-- the owner role makes the warehouse that the notebook queries with
GRANT CREATE WAREHOUSE ON ACCOUNT TO ROLE RELEASED_OWNER;

-- the owner role makes the nodes that the services run on
GRANT CREATE COMPUTE POOL ON ACCOUNT TO ROLE RELEASED_OWNER;

-- a service with a public endpoint is refused without it
GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE RELEASED_JUPYTER;

-- a service with a public endpoint is refused without it
GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE RELEASED_PAGE;
