"""crawl: say here in one sentence what this package does."""
