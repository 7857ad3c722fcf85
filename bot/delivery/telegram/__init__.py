"""Delivers to Telegram: one chat is one channel; the operators' chat."""
