"""Reads the facts of a decree: number, dates, operator, places, purposes, software, cameras, court."""
