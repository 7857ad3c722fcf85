"""Deliver from the outbox to the destinations: routing, channels, and the exactly-once delivery."""
