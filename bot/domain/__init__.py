"""Holds the values and pure rules of the field; imports nothing else of the project.

Dates are `datetime.date`; instants are timezone-aware `datetime` in UTC; page numbers start at 1 and count the
pages of the PDF file (not the printed numbers).
"""
