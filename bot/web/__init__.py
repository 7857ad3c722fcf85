"""The public pages: one renderer, for the server inside `vigie run`, for `vigie serve` and for `vigie site`."""
