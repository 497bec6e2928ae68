"""What exists in the account and who may do what. No HTTP and no SQL text."""
