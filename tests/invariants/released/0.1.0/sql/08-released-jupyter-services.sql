-- written by spcs-milvus render
-- released, 8 of 9: run as RELEASED_JUPYTER
USE ROLE RELEASED_JUPYTER;

-- first push the image jupyter:proc-e5f0aa5f4d5a: spcs-milvus images push jupyter
CREATE SERVICE IF NOT EXISTS RELEASED.VECTORS.JUPYTER IN COMPUTE POOL RELEASED_JUPYTER_POOL FROM SPECIFICATION $${"spec":{"containers":[{"env":{"MILVUS_URI":"http://milvus:19530"},"image":"/released/vectors/milvus_repo/jupyter:proc-e5f0aa5f4d5a","name":"jupyter","readinessProbe":{"path":"/api","port":8888},"resources":{"requests":{"cpu":"0.5","memory":"2Gi"}},"volumeMounts":[{"mountPath":"/workspace/files","name":"files"}]}],"endpoints":[{"name":"jupyter","port":8888,"protocol":"HTTP","public":true}],"volumes":[{"gid":100,"name":"files","source":"stage","stageConfig":{"name":"@RELEASED.VECTORS.FILES"},"uid":1000}]}}$$ MIN_INSTANCES = 1 MAX_INSTANCES = 1 QUERY_WAREHOUSE = RELEASED_WAREHOUSE EXTERNAL_ACCESS_INTEGRATIONS = (RELEASED_JUPYTER_EGRESS) COMMENT = 'spcs-milvus:released/default#1.4aeeff4eaf6f';

-- without it nobody but the owner of the service connects to its endpoints
GRANT SERVICE ROLE RELEASED.VECTORS.JUPYTER!ALL_ENDPOINTS_USAGE TO ROLE RELEASED_ROLE;
