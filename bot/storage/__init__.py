"""What is remembered: sources, recueils, acts, decrees and the outbox, in SQLite or PostgreSQL."""
