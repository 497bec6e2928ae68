-- written by spcs-milvus render
-- released, 6 of 9: run as SECURITYADMIN
USE ROLE SECURITYADMIN;

-- nothing in the database can be reached without it
GRANT USAGE ON DATABASE RELEASED TO ROLE RELEASED_ROLE;

-- nothing in the schema can be reached without it
GRANT USAGE ON SCHEMA RELEASED.VECTORS TO ROLE RELEASED_ROLE;

-- queries need a warehouse to run on
GRANT USAGE ON WAREHOUSE RELEASED_WAREHOUSE TO ROLE RELEASED_ROLE;

-- nothing in the database can be reached without it
GRANT USAGE ON DATABASE RELEASED TO ROLE RELEASED_MILVUS;

-- nothing in the schema can be reached without it
GRANT USAGE ON SCHEMA RELEASED.VECTORS TO ROLE RELEASED_MILVUS;

-- whoever makes a service owns it, and its containers act as that role
GRANT CREATE SERVICE ON SCHEMA RELEASED.VECTORS TO ROLE RELEASED_MILVUS;

-- a service runs on the pool, and wakes it when it is suspended
GRANT USAGE ON COMPUTE POOL RELEASED_MILVUS_POOL TO ROLE RELEASED_MILVUS;

-- the service pulls its image
GRANT READ ON IMAGE REPOSITORY RELEASED.VECTORS.MILVUS_REPO TO ROLE RELEASED_MILVUS;

-- nothing in the database can be reached without it
GRANT USAGE ON DATABASE RELEASED TO ROLE RELEASED_JUPYTER;

-- nothing in the schema can be reached without it
GRANT USAGE ON SCHEMA RELEASED.VECTORS TO ROLE RELEASED_JUPYTER;

-- whoever makes a service owns it, and its containers act as that role
GRANT CREATE SERVICE ON SCHEMA RELEASED.VECTORS TO ROLE RELEASED_JUPYTER;

-- a service runs on the pool, and wakes it when it is suspended
GRANT USAGE ON COMPUTE POOL RELEASED_JUPYTER_POOL TO ROLE RELEASED_JUPYTER;

-- the service pulls its image
GRANT READ ON IMAGE REPOSITORY RELEASED.VECTORS.MILVUS_REPO TO ROLE RELEASED_JUPYTER;

-- queries need a warehouse to run on
GRANT USAGE ON WAREHOUSE RELEASED_WAREHOUSE TO ROLE RELEASED_JUPYTER;

-- the service is made from a file on it, or has its files mounted
GRANT READ ON STAGE RELEASED.VECTORS.FILES TO ROLE RELEASED_JUPYTER;

-- what people save in the notebook is kept on the stage
GRANT WRITE ON STAGE RELEASED.VECTORS.FILES TO ROLE RELEASED_JUPYTER;

-- the service reaches the hosts that the integration allows, and no others
GRANT USAGE ON INTEGRATION RELEASED_JUPYTER_EGRESS TO ROLE RELEASED_JUPYTER;

-- nothing in the database can be reached without it
GRANT USAGE ON DATABASE RELEASED TO ROLE RELEASED_PAGE;

-- nothing in the schema can be reached without it
GRANT USAGE ON SCHEMA RELEASED.VECTORS TO ROLE RELEASED_PAGE;

-- whoever makes a service owns it, and its containers act as that role
GRANT CREATE SERVICE ON SCHEMA RELEASED.VECTORS TO ROLE RELEASED_PAGE;

-- a service runs on the pool, and wakes it when it is suspended
GRANT USAGE ON COMPUTE POOL RELEASED_JUPYTER_POOL TO ROLE RELEASED_PAGE;

-- the service pulls its image
GRANT READ ON IMAGE REPOSITORY RELEASED.VECTORS.MILVUS_REPO TO ROLE RELEASED_PAGE;
