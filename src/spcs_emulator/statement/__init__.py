"""SQL text to statement values. Knows the grammar and nothing of what exists."""
