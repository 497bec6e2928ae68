-- written by spcs-milvus render
-- released, 7 of 9: run as RELEASED_MILVUS
USE ROLE RELEASED_MILVUS;

-- first push the image milvus:proc-e5f0aa5f4d5a: spcs-milvus images push milvus
CREATE SERVICE IF NOT EXISTS RELEASED.VECTORS.MILVUS IN COMPUTE POOL RELEASED_MILVUS_POOL FROM SPECIFICATION $${"spec":{"containers":[{"args":["milvus","run","standalone"],"env":{"COMMON_GRACEFULSTOPTIMEOUT":"5","COMMON_SESSION_TTL":"5","COMMON_STORAGETYPE":"local","DEPLOY_MODE":"STANDALONE","ETCD_CONFIG_PATH":"/milvus/configs/embedEtcd.yaml","ETCD_DATA_DIR":"/var/lib/milvus/etcd","ETCD_USE_EMBED":"true","LOG_LEVEL":"warn","MQ_TYPE":"woodpecker","WOODPECKER_STORAGE_ROOTPATH":"/var/lib/milvus/wp","WOODPECKER_STORAGE_TYPE":"local"},"image":"/released/vectors/milvus_repo/milvus:proc-e5f0aa5f4d5a","name":"milvus","readinessProbe":{"path":"/healthz","port":9091},"resources":{"requests":{"cpu":"1","memory":"4Gi"}},"volumeMounts":[{"mountPath":"/var/lib/milvus","name":"data"}]}],"endpoints":[{"name":"milvus","port":19530,"protocol":"TCP"}],"volumes":[{"blockConfig":{"iops":3000},"name":"data","size":"10Gi","source":"block"}]}}$$ MIN_INSTANCES = 1 MAX_INSTANCES = 1 COMMENT = 'spcs-milvus:released/default#1.9df9dd65b722';

-- without it nobody but the owner of the service connects to its endpoints
GRANT SERVICE ROLE RELEASED.VECTORS.MILVUS!ALL_ENDPOINTS_USAGE TO ROLE RELEASED_JUPYTER;

-- without it nobody but the owner of the service connects to its endpoints
GRANT SERVICE ROLE RELEASED.VECTORS.MILVUS!ALL_ENDPOINTS_USAGE TO ROLE RELEASED_PAGE;
