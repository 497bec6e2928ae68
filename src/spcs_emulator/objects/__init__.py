"""One file a kind of object: its columns, its rules, its life."""
