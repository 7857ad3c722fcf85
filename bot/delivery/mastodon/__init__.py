"""Delivers to Mastodon: one account is one channel."""
