"""Answers mentions on Mastodon."""
