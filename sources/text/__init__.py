"""Reads French dates, periods, names of lists and addresses. Pure, imports nothing of the project."""
