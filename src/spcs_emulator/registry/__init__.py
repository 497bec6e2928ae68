"""The image registry: the OCI distribution API with Snowflake's login, and the blobs on disk."""
