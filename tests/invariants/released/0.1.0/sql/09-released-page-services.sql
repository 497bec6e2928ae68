-- written by spcs-milvus render
-- released, 9 of 9: run as RELEASED_PAGE
USE ROLE RELEASED_PAGE;

-- first push the image page:proc-e5f0aa5f4d5a: spcs-milvus images push page
CREATE SERVICE IF NOT EXISTS RELEASED.VECTORS.PAGE IN COMPUTE POOL RELEASED_JUPYTER_POOL FROM SPECIFICATION $${"spec":{"containers":[{"env":{"MILVUS_URI":"http://milvus:19530"},"image":"/released/vectors/milvus_repo/page:proc-e5f0aa5f4d5a","name":"page","readinessProbe":{"path":"/","port":8000},"resources":{"requests":{"cpu":"0.1","memory":"256Mi"}}}],"endpoints":[{"name":"page","port":8000,"public":true}]}}$$ MIN_INSTANCES = 1 MAX_INSTANCES = 2 COMMENT = 'spcs-milvus:released/default#1.5860821134e4';

-- without it nobody but the owner of the service connects to its endpoints
GRANT SERVICE ROLE RELEASED.VECTORS.PAGE!ALL_ENDPOINTS_USAGE TO ROLE RELEASED_ROLE;
