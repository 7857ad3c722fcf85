"""PDF bytes -> pages of text -> acts."""
