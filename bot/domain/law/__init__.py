"""Applies the law to a decree: legal windows, time limits, courts, what a reader is advised. Pure."""
