"""Deliveries of the real program that is killed again and again: is each decree there exactly once?"""
