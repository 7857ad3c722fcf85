"""Detection, measured: a labelled corpus, the damage that recueils and OCR do to it, and what detection then finds, misses and invents."""
