"""Drafts of letters to the authority that took a decree, for people to complete, check and sign themselves. Values in, text out."""
