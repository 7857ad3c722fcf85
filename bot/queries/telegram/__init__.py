"""Answers questions on Telegram: commands, buttons, rate limit."""
