"""Values → what is printed: text for people, JSON for scripts. The only files that print."""
