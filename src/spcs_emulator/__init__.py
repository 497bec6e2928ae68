"""A local account: the Snowpark Container Services side of a Snowflake account, on loopback.

Reached by host and port like any account, so that unmodified clients use it. Knows nothing of what is
deployed to it.
"""
