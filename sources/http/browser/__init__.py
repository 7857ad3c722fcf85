"""The way to sites that serve only real browsers: a Chromium, driven by Playwright, where `sources.http.connection` stands for the others.

`fetcher` is its face. Playwright is an optional extra: it is imported when the first such site is requested, and only by `process`, `tab`
and `events`.
"""
