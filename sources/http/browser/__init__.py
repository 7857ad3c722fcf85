"""Fetches from sites that serve only real browsers, by Chromium driven by Playwright; `sources.http.connection` serves the others.
`fetcher` is the entry point. Playwright is an optional extra: it is imported when the first such site is requested, and only by `process`,
`tab` and `events`."""
