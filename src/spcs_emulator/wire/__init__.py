"""The wire: HTTP, logins, sessions' tokens and row sets, as Snowflake's clients speak them."""
