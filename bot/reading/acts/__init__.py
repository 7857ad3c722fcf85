"""Cuts the text of a recueil into acts: national template, headings, tables of contents, bulk acts."""
