"""Turns the pages of a PDF into text: text layer, reading order, quality, drawing and OCR."""
