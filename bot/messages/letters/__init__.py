"""Drafts letters to the authority of a decree, for people to complete, check and sign."""
