"""Holds values and pure rules; imports nothing else of the project. Dates are `datetime.date`, instants timezone-aware `datetime` in UTC,
pages those of the PDF file from 1 (not the printed numbers).
"""
